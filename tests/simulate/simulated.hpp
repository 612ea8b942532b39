// A simulation run into a directory of its own and read back, as replay and evaluate read it.
#pragma once

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "event/login_event.hpp"
#include "geo/locator.hpp"
#include "simulate/simulation.hpp"
#include "tests/support/process.hpp"

namespace guard::simulate::test {

using guard::test::read_file;

struct Truth {
    Label label = Label::ordinary;
    std::optional<Time> attack_start;
};

struct Simulated {
    explicit Simulated(const Arguments& arguments);

    guard::test::TemporaryDirectory directory{"simulate"};
    std::vector<LoginEvent> events;      // in the order of the file
    std::map<std::string, Truth> truth;  // by ID or source
    nlohmann::json manifest;
    std::shared_ptr<const geo::Locator> locator;
    std::string all_bytes;  // of all files

    [[nodiscard]] std::vector<std::string> of(Label label) const;
    // In the order of their times.
    [[nodiscard]] std::vector<LoginEvent> events_of(const std::string& id) const;
    [[nodiscard]] geo::Place place(const IpAddress& address) const;
    [[nodiscard]] std::string region(const LoginEvent& event) const;
};

// All scenarios, 300 subscribers, 20 days; made once.
const Simulated& all_scenarios();

[[nodiscard]] std::vector<LoginEvent> only(Kind kind, const std::vector<LoginEvent>& events);

}  // namespace guard::simulate::test
