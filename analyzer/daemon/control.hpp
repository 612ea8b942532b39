// What reaches the detectors other than events: releases, the breaker, contracts and the allow list, all from the
// database. Used by the pipeline's thread, on its connection.
#pragma once

#include <pqxx/pqxx>
#include <string>
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

// Contracts and allow list as they are now; the gateways are the caller's.
[[nodiscard]] detection::Knowledge read_knowledge(pqxx::connection& connection, std::vector<IpAddress> gateways);

}  // namespace guard::daemon
