// What the database has for the detectors: releases, verdicts of people, the breaker, contracts and the allow list.
// Used by the pipeline's thread, on its connection.
#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "analyzer/daemon/control_input.hpp"

namespace guard::daemon {

// Released since `since`, in the order of time.
[[nodiscard]] std::vector<Release> releases_since(pqxx::connection& connection, Time since);

// Given since `since`, in the order of time. A verdict of misuse counts where it suspended.
[[nodiscard]] std::vector<Verdict> verdicts_since(pqxx::connection& connection, Time since);

[[nodiscard]] std::vector<detection::OpenSuspension> open_suspensions(pqxx::connection& connection);

// By the analyzer within a day, whether they last or not.
[[nodiscard]] std::vector<detection::CarriedOut> carried_out(pqxx::connection& connection);

[[nodiscard]] bool breaker_is_open(pqxx::connection& connection);

// How much is kept longer than it may be (R8). The deletion runs every hour, so two hours count as in time.
[[nodiscard]] std::uint64_t rows_past_term(pqxx::connection& connection);

[[nodiscard]] Contracts read_contracts(pqxx::connection& connection);
[[nodiscard]] AllowList read_allowed(pqxx::connection& connection);

}  // namespace guard::daemon
