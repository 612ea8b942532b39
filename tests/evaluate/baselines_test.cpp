// The naive rules, each on its boundary.
#include "evaluate/baselines.hpp"

#include <boost/test/unit_test.hpp>
#include <sstream>

#include "geo/pool_table.hpp"

namespace guard::evaluate {
namespace {

using std::chrono::seconds;

constexpr std::size_t kRate = 0, kSpeed = 1, kSpread = 2;
const Time kBegin = *parse_rfc3339("2026-03-20T12:00:00Z");

// Sapporo and Kagoshima are 1,592 km apart: 1 h 46 min at 900 km/h.
const geo::Locator& locator() {
    static const geo::Locator made = [] {
        std::istringstream text("10.1.0.0/16,JP,JP-01\n10.46.0.0/16,JP,JP-46\n");
        return geo::Locator(*geo::PoolTable::parse(text, "pools"), {}, 1);
    }();
    return made;
}

struct Rules {
    Baselines baselines{locator()};
    std::array<int, Baselines::kNames.size()> fired{};

    void event(seconds when, Kind kind, const char* address, const std::string& id = "a",
               Service service = Service::pppoe) {
        LoginEvent event{service, kind, id, {}, kBegin + when};
        if (address != nullptr) event.addresses.push_back(*IpAddress::parse(address));
        baselines.on_event(event, [&](std::size_t rule, const Verdict& verdict) {
            BOOST_TEST((verdict.action == Action::suspend));
            BOOST_TEST((verdict.decided == kBegin + when));
            BOOST_TEST(verdict.subject.name == id);
            ++fired.at(rule);
        });
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(baselines)

BOOST_AUTO_TEST_CASE(ten_logins_in_ten_minutes_rejects_included) {
    Rules near, late;
    for (int i = 0; i < 9; ++i) {
        near.event(seconds{i}, i % 2 == 0 ? Kind::reject : Kind::accept, nullptr);
        late.event(seconds{i}, Kind::accept, nullptr);
    }
    near.event(seconds{100}, Kind::alive, nullptr);  // no login
    near.event(seconds{100}, Kind::accept, nullptr, "b");
    near.event(seconds{100}, Kind::accept, nullptr, "a", Service::smtp_auth);
    BOOST_TEST(near.fired[kRate] == 0);
    near.event(seconds{600}, Kind::accept, nullptr);
    BOOST_TEST(near.fired[kRate] == 1);
    late.event(seconds{601}, Kind::accept, nullptr);
    BOOST_TEST(late.fired[kRate] == 0);
    late.event(seconds{601}, Kind::accept, nullptr);  // the first has left the window, and is not among the ten
    BOOST_TEST(late.fired[kRate] == 1);
}

BOOST_AUTO_TEST_CASE(faster_than_an_airliner) {
    Rules fast, slow, same;
    fast.event(seconds{0}, Kind::accept, "10.1.0.1");
    fast.event(seconds{6300}, Kind::accept, "10.46.0.1");  // 1 h 45 min
    BOOST_TEST(fast.fired[kSpeed] == 1);
    slow.event(seconds{0}, Kind::accept, "10.1.0.1");
    slow.event(seconds{6480}, Kind::accept, "10.46.0.1");  // 1 h 48 min
    BOOST_TEST(slow.fired[kSpeed] == 0);
    same.event(seconds{0}, Kind::accept, "10.1.0.1");
    same.event(seconds{0}, Kind::accept, "10.1.0.2");
    same.event(seconds{0}, Kind::accept, "192.0.2.1");  // in no pool
    same.event(seconds{1}, Kind::alive, "10.46.0.1");   // no accept
    BOOST_TEST(same.fired[kSpeed] == 0);
}

BOOST_AUTO_TEST_CASE(five_addresses_in_ten_minutes) {
    Rules rules;
    for (const char* address : {"10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.1", "10.1.0.4", "10.1.0.4"})
        rules.event(seconds{1}, Kind::accept, address);
    BOOST_TEST(rules.fired[kSpread] == 0);  // they are four
    rules.event(seconds{602}, Kind::accept, "10.1.0.5");
    BOOST_TEST(rules.fired[kSpread] == 0);
    Rules near;
    for (const char* address : {"10.1.0.1", "10.1.0.2", "10.1.0.3", "10.1.0.4"})
        near.event(seconds{1}, Kind::assign, address);
    near.event(seconds{601}, Kind::assign, "10.1.0.5");
    BOOST_TEST(near.fired[kSpread] == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::evaluate
