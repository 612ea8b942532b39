// What reaches the detectors other than events: releases, verdicts of people, the breaker, contracts and the allow
// list, all from the database. Used by the pipeline's thread, on its connection.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/detection/detector.hpp"

namespace guard::daemon {

struct Release {
    std::int64_t number = 0;  // of the suspension
    Service service = Service::pppoe;
    std::string id;
    Time time{};
};

// Released since `since`, in the order of time.
[[nodiscard]] std::vector<Release> releases_since(pqxx::connection& connection, Time since);

// What a person found of an incident.
struct Verdict {
    enum class Kind { suspended, ordinary, dismissed };
    Kind kind = Kind::dismissed;
    std::int64_t number = 0;  // of the incident
    Service service = Service::pppoe;
    std::string id;
    Time time{};
    std::vector<geo::Code> places;  // of the incident's evidence
};

// Given since `since`, in the order of time. A verdict of misuse counts where it suspended.
[[nodiscard]] std::vector<Verdict> verdicts_since(pqxx::connection& connection, Time since);

[[nodiscard]] std::vector<detection::OpenSuspension> open_suspensions(pqxx::connection& connection);

[[nodiscard]] bool breaker_is_open(pqxx::connection& connection);

// How much is kept longer than it may be (R8). The deletion runs every hour, so two hours count as in time.
[[nodiscard]] std::uint64_t rows_past_term(pqxx::connection& connection);

// Contracts and allow list as they were read last. Apart, because there is a contract for every subscriber.
class KnownSubscribers {
  public:
    void read_contracts(pqxx::connection& connection);
    void read_allowed(pqxx::connection& connection);
    // Goes on saying the same when this object reads again; the gateways are the caller's.
    [[nodiscard]] detection::Knowledge knowledge(std::vector<IpAddress> gateways) const;

  private:
    using Key = std::pair<Service, std::string>;
    std::shared_ptr<const std::map<Key, detection::Contract>> contracts_ =
        std::make_shared<const std::map<Key, detection::Contract>>();
    std::shared_ptr<const std::map<Key, Time>> allowed_ = std::make_shared<const std::map<Key, Time>>();
};

}  // namespace guard::daemon
