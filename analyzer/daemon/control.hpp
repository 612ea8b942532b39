// What reaches the detectors other than events: releases, the breaker, contracts and the allow list, all from the
// database. Used by the pipeline's thread, on its connection.
#pragma once

#include <map>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/detection/detector.hpp"

namespace guard::daemon {

struct Release {
    Service service = Service::pppoe;
    std::string id;
    Time time{};
};

// Released after `since`, in the order of time.
[[nodiscard]] std::vector<Release> releases_since(pqxx::connection& connection, Time since);

[[nodiscard]] std::vector<detection::OpenSuspension> open_suspensions(pqxx::connection& connection);

[[nodiscard]] bool breaker_is_open(pqxx::connection& connection);

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
