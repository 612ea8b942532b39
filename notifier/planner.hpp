// Decides by which channels a notice goes and when the next step of its plan begins, and writes the deliveries. Called
// by the notifier before it claims; of several notifiers one at a time plans.
//
// A released suspension: what was not sent about the suspension is cancelled. Who had been told is told by the same
// channels; who had not gets one notice, about both, by the channels of the plan.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <pqxx/transaction>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "event/time.hpp"
#include "notifier/channel.hpp"
#include "notifier/local_time.hpp"

namespace guard::notifier {

class Planner {
  public:
    // What is passed must outlive the planner.
    Planner(pqxx::connection_base& connection, const config::Settings& settings,
            const std::vector<std::unique_ptr<Channel>>& channels, const LocalTime& local_time);

    // Thinks about the notices that are due, at most a few hundred, and returns how many that were; none when another
    // is at it. `now` is for the quiet hours alone; all else goes by the database's clock. Throws pqxx exceptions.
    std::optional<std::size_t> plan(Time now);

  private:
    struct Notice;
    struct Decision;

    [[nodiscard]] std::vector<Notice> due(pqxx::work& transaction) const;
    [[nodiscard]] Decision decide(pqxx::work& transaction, const Notice& notice, Time now) const;
    [[nodiscard]] Decision begin_release(pqxx::work& transaction, const Notice& notice, Time now) const;
    void begin_step(Decision& decision, const Notice& notice, std::size_t step, Time now) const;
    void write(pqxx::work& transaction, const std::vector<Decision>& decisions) const;
    [[nodiscard]] const Channel* find(std::string_view name) const;

    pqxx::connection_base& connection_;
    const config::Settings& settings_;
    const std::vector<std::unique_ptr<Channel>>& channels_;
    const LocalTime& local_time_;
};

// When the channel may be used again, from `now` on: `now` itself outside of its quiet hours.
[[nodiscard]] Time after_quiet_hours(const config::Settings& settings, const LocalTime& local_time,
                                     std::string_view channel, Time now);

}  // namespace guard::notifier
