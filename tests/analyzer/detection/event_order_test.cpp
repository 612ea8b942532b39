#include "analyzer/detection/event_order.hpp"

#include <algorithm>
#include <cstdlib>
#include <random>

#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

LoginEvent at(Time time, const std::string& id = "id", Kind kind = Kind::accept) {
    return {Service::pppoe, kind, id, {}, time};
}

BOOST_AUTO_TEST_SUITE(event_order)

BOOST_AUTO_TEST_CASE(holds_back_until_nothing_earlier_can_come) {
    EventOrder order(120s);
    order.push(at(kStart));
    BOOST_TEST(!order.pop().has_value());
    order.push(at(kStart + 120s));  // one of kStart may come still
    BOOST_TEST(!order.pop().has_value());
    order.push(at(kStart + 120s + 1us));
    BOOST_TEST(order.pop()->time == kStart);
    BOOST_TEST(!order.pop().has_value());
    BOOST_TEST(order.pop(true)->time == kStart + 120s);
    BOOST_TEST(order.pop(true)->time == kStart + 120s + 1us);
    BOOST_TEST(!order.pop(true).has_value());
}

BOOST_AUTO_TEST_CASE(equal_times_come_out_the_same_whatever_order_they_came_in) {
    std::vector<LoginEvent> events{at(kStart, "b"), at(kStart, "a", Kind::assign), at(kStart, "a", Kind::accept),
                                   smtp(Kind::accept, "a", kStart, "192.0.2.1"),
                                   smtp(Kind::accept, "a", kStart, "192.0.2.2")};
    std::vector<LoginEvent> first;
    std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
    for (int permutation = 0; permutation < 20; ++permutation) {
        EventOrder order(0s);
        for (const LoginEvent& event : events) order.push(event);
        std::vector<LoginEvent> out;
        while (auto event = order.pop(true)) out.push_back(*event);
        if (first.empty()) first = out;
        BOOST_TEST((out == first));
        std::rotate(events.begin(), events.begin() + 1 + permutation % 3, events.end());
    }
}

// An hour of an ISP in which much happens: lines that flap, thieves in all regions, an outage, sources that guess.
std::vector<LoginEvent> eventful_hour(std::mt19937_64& random) {
    const auto pick = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
    const auto moment = [&] { return kStart + Microseconds{static_cast<std::int64_t>(random() % 3'600'000'000)}; };
    constexpr std::array<unsigned, 5> prefectures{1, 13, 27, 40, 46};
    Log log;
    for (unsigned n = 0; n < 60; ++n) {
        const std::string id = "id" + std::to_string(n), home = in_prefecture(prefectures[n % 5], n);
        log.resident(id, home).alive(id, moment(), home);
        for (unsigned i = pick(20); i-- > 0;) {
            const std::string where = in_prefecture(prefectures[pick(4) == 0 ? pick(5) : n % 5], n * 100 + i);
            const Time time = moment();
            log.accept(id, time, pick(2) == 0 ? where : "").assign(id, time + 1s, where);
            if (pick(2) == 0) log.assign(id, time + 1s + 800ms, where);  // the same packet at a second server
            if (pick(2) == 0) log.alive(id, time + 10min, where);
            if (pick(2) == 0) log.release(id, time + 11min, where);
        }
    }
    for (unsigned n = 0; n < 30; ++n)
        log.dial("id" + std::to_string(n), kStart + 30min + n * 3s, in_prefecture(46, 7000 + n));
    for (unsigned n = 0; n < 25; ++n) log.reject("id0", moment());
    std::vector<LoginEvent> events = log.events();
    for (unsigned n = 0; n < 600; ++n)
        events.push_back(smtp(pick(10) == 0 ? Kind::accept : Kind::reject, "user" + std::to_string(pick(40)), moment(),
                              "198.51.100." + std::to_string(1 + pick(8))));
    return events;
}

std::string told_of(std::vector<LoginEvent> arriving) {
    Isp isp;
    EventOrder order(120s);
    for (LoginEvent& event : arriving) {
        order.push(std::move(event));
        while (const auto next = order.pop()) isp.read(*next);
    }
    while (const auto next = order.pop(true)) isp.read(*next);
    isp.detector.finish(isp.decisions);
    return told(isp.decisions);
}

BOOST_AUTO_TEST_CASE(any_permutation_within_two_minutes_gives_the_same_findings_to_the_byte) {
    const char* wanted = std::getenv("GUARD_TEST_SEED");
    const std::uint64_t seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    for (int round = 0; round < 4; ++round) {
        std::vector<LoginEvent> events = eventful_hour(random);
        std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
        const std::string in_order = told_of(events);
        // The hour must hold something to find, or equal outcomes say nothing.
        BOOST_TEST_REQUIRE(std::count(in_order.begin(), in_order.end(), '\n') > 200, "seed " << seed);
        for (int permutation = 0; permutation < 5; ++permutation) {
            std::vector<std::pair<Time, LoginEvent>> arriving;
            for (const LoginEvent& event : events) {
                const std::int64_t most = 120'000'000;
                const std::uint64_t draw = random();
                const std::int64_t late = draw % 4 == 0 ? most : static_cast<std::int64_t>(draw / 4 % (most + 1));
                arriving.emplace_back(event.time + Microseconds{late}, event);
            }
            std::shuffle(arriving.begin(), arriving.end(), random);
            std::stable_sort(arriving.begin(), arriving.end(),
                             [](const auto& a, const auto& b) { return a.first < b.first; });
            std::vector<LoginEvent> shuffled;
            for (auto& [when, event] : arriving) shuffled.push_back(std::move(event));
            BOOST_TEST((told_of(shuffled) == in_order), "seed " << seed << ", round " << round);
        }
    }
}

// Live nobody waits: the histories themselves bear with what comes late. The same is found; the event that is named as
// the one that completed it may be another.
BOOST_AUTO_TEST_CASE(a_detector_alone_finds_the_same_by_the_same_rules) {
    Log log;
    for (unsigned n = 0; n < 20; ++n) {
        const std::string id = "id" + std::to_string(n), home = in_prefecture(13, n);
        log.resident(id, home).alive_every(1h, id, kStart + n * 1min, kStart + 5h, home);
        log.dial(id, kStart + 1h + 10min + n * 10min + 17s, in_prefecture(n % 2 == 0 ? 46 : 1, n));
    }
    const auto found = [](const std::vector<LoginEvent>& events) {
        Isp isp;
        for (const LoginEvent& event : events) isp.read(event);
        isp.detector.finish(isp.decisions);
        std::vector<std::string> keys;
        for (const Decision& decision : isp.decisions)
            keys.push_back(decision.finding.id + ' ' + std::string(to_string(decision.finding.rule)));
        std::sort(keys.begin(), keys.end());
        return keys;
    };
    std::vector<LoginEvent> events = log.events();
    const auto in_order = found(events);
    BOOST_REQUIRE(in_order.size() >= 40U);
    const char* wanted = std::getenv("GUARD_TEST_SEED");
    const std::uint64_t seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : std::random_device{}();
    std::mt19937_64 random(seed);
    std::vector<std::pair<Time, LoginEvent>> arriving;
    for (const LoginEvent& event : events)
        arriving.emplace_back(event.time + Microseconds{static_cast<std::int64_t>(random() % 120'000'001)}, event);
    std::stable_sort(arriving.begin(), arriving.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    events.clear();
    for (auto& [when, event] : arriving) events.push_back(std::move(event));
    BOOST_TEST(found(events) == in_order, boost::test_tools::per_element());
    BOOST_TEST_MESSAGE("seed " << seed);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
