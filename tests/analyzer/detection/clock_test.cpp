// Wrong clocks of NASes: what accepts and Starts tell of them, and what they hold back.
#include "analyzer/detection/guards/clock.hpp"

#include <sstream>

#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const IpAddress kPool = address("10.46.0.0/16"), kOther = address("10.13.0.0/16");

// One session a minute from kStart on, each of another ID.
struct Clocks : ClockGuard {
    Clocks() : ClockGuard(config::GuardSettings{}) {}
    Clocks(std::size_t ids, std::chrono::seconds later) : Clocks() { add(ids, 0, later); }
    Clocks& add(std::size_t ids, std::uint64_t first, std::chrono::seconds later, const IpAddress& pool = kPool) {
        for (std::size_t i = 0; i < ids; ++i, now += 1min) began(pool, first + i, later, now);
        return *this;
    }
    [[nodiscard]] auto skew(const IpAddress& pool = kPool) const { return ClockGuard::skew(pool, now); }
    Time now = kStart;
};

// Kagoshima's lines dial in at kStart + 19 h, their Starts told of by `skew` later; live each Start comes after its
// accept.
void dial_all(Isp& isp, unsigned lines, std::chrono::seconds skew, bool nas_gives_addresses = false) {
    for (unsigned line = 0; line < lines; ++line) {
        const std::string id = "line" + std::to_string(line);
        const Time time = kStart + 19h + line * 1min;
        Addresses where{address(in_prefecture(46, 100 + line))};
        isp.read({Service::pppoe, Kind::accept, id, nas_gives_addresses ? Addresses{} : where, time});
        isp.read({Service::pppoe, Kind::assign, id, where, time + 1s + skew});
    }
}

// Somebody is in Tokyo, and twenty minutes later in Kagoshima.
Decision jump(Isp& isp) {
    Log log;
    isp.read(log.alive("id", kStart + 20h, in_prefecture(13)).dial("id", kStart + 20h + 20min, in_prefecture(46)))
        .until(kStart + 21h);
    return isp.only(Rule::pppoe_jump);
}

Isp with_resident() {
    Isp isp;
    Log log;
    isp.read(log.resident("id", in_prefecture(13)));
    return isp;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(clock_guard)

BOOST_AUTO_TEST_CASE(sixteen_ids_say_something_and_five_seconds_are_right) {
    BOOST_TEST(!Clocks(15, 6s).skew().has_value());
    BOOST_TEST((Clocks(16, 6s).skew() == 6s));
    BOOST_TEST((Clocks(16, -6s).skew() == -6s));
    BOOST_TEST(!Clocks(31, 5s).skew().has_value());
    BOOST_TEST(!Clocks(31, -5s).skew().has_value());
    BOOST_TEST(!Clocks(31, 6s).skew(kOther).has_value());
}

BOOST_AUTO_TEST_CASE(the_median_decides) {
    for (const std::size_t wrong : {15U, 16U}) {
        Clocks clocks(wrong, -45s);
        BOOST_TEST(clocks.add(31 - wrong, 100, 1s).skew().has_value() == (wrong == 16U));
    }
}

BOOST_AUTO_TEST_CASE(an_id_counts_once_by_its_last_session) {
    Clocks clocks(31, 0s);
    for (unsigned i = 0; i < 100; ++i) clocks.add(15, 0, 60s);
    BOOST_TEST(!clocks.skew().has_value());
    BOOST_TEST(clocks.add(1, 15, 60s).skew().has_value());
    BOOST_TEST(!clocks.add(1, 15, 0s).skew().has_value());
}

// A thousand Starts that no server took for a while, and then all in one minute.
BOOST_AUTO_TEST_CASE(one_a_minute_counts) {
    Clocks clocks(31, 1s);
    for (unsigned minute = 0; minute < 15; ++minute, clocks.now += 1min)
        for (unsigned i = 0; i < 1000; ++i) clocks.began(kPool, 1000 * minute + 100 + i, 30s, clocks.now + i * 59ms);
    BOOST_TEST(!clocks.skew().has_value());
    BOOST_TEST(clocks.add(1, 99, 30s).skew().has_value());
}

BOOST_AUTO_TEST_CASE(the_last_31_count) {
    Clocks clocks(31, 60s);
    BOOST_TEST(clocks.add(15, 100, 1s).skew().has_value());
    BOOST_TEST(!clocks.add(1, 115, 1s).skew().has_value());
    BOOST_TEST(!clocks.add(15, 200, 60s).skew().has_value());  // the oldest went, in their order
    BOOST_TEST(clocks.add(1, 215, 60s).skew().has_value());
}

BOOST_AUTO_TEST_CASE(what_is_a_day_old_says_nothing) {
    const Clocks clocks(31, 60s);
    const Time last = clocks.now - 1min;
    BOOST_TEST(clocks.ClockGuard::skew(kPool, last + 24h - 1us).has_value());
    BOOST_TEST(!clocks.ClockGuard::skew(kPool, last + 24h).has_value());
    BOOST_TEST(clocks.skewed(last + 24h).empty());
}

BOOST_AUTO_TEST_CASE(and_is_dropped) {
    Clocks clocks(31, 60s);
    const Time last = clocks.now - 1min;
    clocks.forget(last + 24h - 1us);
    BOOST_TEST(clocks.ClockGuard::skew(kPool, last).has_value());
    clocks.forget(last + 24h);
    BOOST_TEST(!clocks.ClockGuard::skew(kPool, last).has_value());
}

BOOST_AUTO_TEST_CASE(all_that_are_wrong_and_are_still_pools) {
    Clocks clocks(16, 60s);
    clocks.add(16, 0, 1s, kOther);
    const auto skewed = clocks.skewed(clocks.now);
    BOOST_REQUIRE(skewed.size() == 1U);
    BOOST_TEST((skewed.front().first == kPool && skewed.front().second == 60s));
    std::istringstream same("10.46.0.0/16,JP,JP-40\n"), around("10.0.0.0/8,JP,JP-46\n");
    clocks.keep(geo::PoolTable::parse(same, "pools").value());
    BOOST_TEST(clocks.skewed(clocks.now).size() == 1U);
    clocks.keep(geo::PoolTable::parse(around, "pools").value());
    BOOST_TEST(clocks.skewed(clocks.now).empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(wrong_clocks)

// -200 s and 200 s are further off than an accept and a Start may lie apart to be one session.
BOOST_AUTO_TEST_CASE(a_jump_to_where_the_clock_is_wrong_goes_to_a_person) {
    for (const auto skew : {-280s, -200s, -45s, -8s, 7s, 110s, 200s})
        for (const bool nas_gives_addresses : {false, true}) {
            BOOST_TEST_CONTEXT("skew " << skew.count() << (nas_gives_addresses ? ", by the NAS" : "")) {
                Isp isp = with_resident();
                dial_all(isp, 16, skew, nas_gives_addresses);
                const auto skewed = isp.detector.skewed_clocks();
                BOOST_REQUIRE(skewed.size() == 1U);
                BOOST_TEST(skewed.front().first.to_string() == "10.46.0.0/16");
                BOOST_TEST((skewed.front().second == skew + 1s));
                const Decision decision = jump(isp);
                BOOST_TEST(decision.action == Action::review);
                BOOST_TEST(decision.reason == Reason::clock);
            }
        }
}

BOOST_AUTO_TEST_CASE(so_does_one_from_there) {
    Isp isp;
    Log log;
    isp.read(log.resident("id", in_prefecture(46)));
    dial_all(isp, 16, 60s);
    Log step;
    isp.read(step.alive("id", kStart + 20h, in_prefecture(46)).dial("id", kStart + 20h + 20min, in_prefecture(13)))
        .until(kStart + 21h);
    BOOST_TEST(isp.only(Rule::pppoe_jump).reason == Reason::clock);
}

BOOST_AUTO_TEST_CASE(a_slow_start_or_too_few_say_nothing) {
    for (const auto& [lines, skew] :
         {std::pair{16U, 4s}, std::pair{16U, -6s}, std::pair{14U, 60s}}) {  // and the one of the jump
        Isp isp = with_resident();
        dial_all(isp, lines, skew);
        BOOST_TEST(isp.detector.skewed_clocks().empty());
        BOOST_TEST(jump(isp).enforced);
    }
}

// What the NAS's clock says matters to nobody who only counts accepts.
BOOST_AUTO_TEST_CASE(bursts_are_not_held_back) {
    Isp isp;
    Log before;
    isp.read(before.resident("id", in_prefecture(46)).alive("id", kStart, in_prefecture(46)));
    dial_all(isp, 16, 60s);
    Log burst;
    for (unsigned i = 0; i < 10; ++i) burst.dial("id", kStart + 20h + i * 50s, in_prefecture(46, i + 5));
    isp.read(burst.alive("id", kStart + 21h, in_prefecture(46))).until(kStart + 22h);
    BOOST_TEST(isp.only(Rule::pppoe_burst_live).enforced);
}

// In the order of the times told, a Start that is told to be too early is before its accept.
BOOST_AUTO_TEST_CASE(the_same_is_known_in_any_order) {
    for (const auto skew : {-200s, -45s, 45s, 200s})
        for (const bool nas_gives_addresses : {false, true}) {
            BOOST_TEST_CONTEXT("skew " << skew.count() << (nas_gives_addresses ? ", by the NAS" : "")) {
                Isp isp = with_resident();
                Log log;
                for (unsigned line = 0; line < 16; ++line) {
                    const Time time = kStart + 19h + line * 1min;
                    const std::string id = "line" + std::to_string(line), where = in_prefecture(46, 100 + line);
                    log.accept(id, time, nas_gives_addresses ? "" : where).assign(id, time + skew, where);
                }
                isp.read(log);
                BOOST_REQUIRE(isp.detector.skewed_clocks().size() == 1U);
                BOOST_TEST((isp.detector.skewed_clocks().front().second == skew));
                BOOST_TEST(jump(isp).reason == Reason::clock);
            }
        }
}

BOOST_AUTO_TEST_CASE(flapping_lines_make_no_clock_look_wrong) {
    for (const bool nas_gives_addresses : {false, true}) {
        Isp isp = with_resident();
        for (unsigned line = 0; line < 16; ++line) {
            Log log;
            const std::string id = "line" + std::to_string(line), where = in_prefecture(46, 100 + line);
            for (unsigned i = 0; i < 20; ++i) {
                const Time time = kStart + 19h + i * 30s;
                log.accept(id, time, nas_gives_addresses ? "" : where).assign(id, time + 1s, where);
            }
            isp.read(log);
        }
        BOOST_TEST(isp.detector.skewed_clocks().empty());
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::detection::test
