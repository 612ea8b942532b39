// The notifier's loop: takes due notices, writes and sends the mails, records the answers. One object, one thread, one
// database connection. PostgreSQL away: it says so once, waits and goes on by itself. Mail server away: the notices
// wait.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "event/expected.hpp"
#include "event/time.hpp"
#include "notifier/local_time.hpp"
#include "notifier/template_set.hpp"

namespace guard::notifier {

struct Notice;

// The pause before try number `tries` + 1: doubles from `first` to at most an hour, and up to a fifth of it more or
// less, by `random` from 0 to 1, so that after an outage not all come back at once.
[[nodiscard]] std::chrono::milliseconds pause_after(int tries, std::chrono::seconds first, double random);

class Notifier {
  public:
    // Everything the settings get wrong about notices, all at once: sender, server, templates, time zone, what the
    // operator must say of himself.
    [[nodiscard]] static Expected<std::unique_ptr<Notifier>, std::vector<std::string>> make(
        const config::Settings& settings, const Clock& clock);
    ~Notifier();

    // Sends until nothing is due. Returns how many notices were dealt with. Throws pqxx exceptions, sql::MigrationError
    // when the database has not the schema of this program.
    std::size_t run_once();

    // Until `stop`, which is looked at twice a second. Throws only sql::MigrationError.
    void run(const std::atomic<bool>& stop);

  private:
    struct Session;
    struct Result;

    Notifier(const config::Settings& settings, const Clock& clock, TemplateSet templates, LocalTime local_time);
    void open();
    bool step();
    [[nodiscard]] Result deal_with(const Notice& notice);
    [[nodiscard]] std::string compose_mail(const Notice& notice) const;
    void record(const Notice& notice, const Result& result);
    void wait_for_work(const std::atomic<bool>& stop);

    config::Settings settings_;
    const Clock& clock_;
    TemplateSet templates_;
    LocalTime local_time_;
    std::string worker_;
    std::unique_ptr<Session> session_;
    const std::atomic<bool>* stop_ = nullptr;
};

}  // namespace guard::notifier
