// A late, early or repeated event changes no outcome about SMTP-AUTH IDs: by EventOrder to the byte, and by the
// detector alone the same IDs by the same rules.
#include <algorithm>
#include <cstdlib>
#include <random>

#include "analyzer/detection/event_order.hpp"
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

std::uint64_t a_seed() {
    const char* wanted = std::getenv("GUARD_TEST_SEED");
    const std::uint64_t seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    return seed;
}

// Two days before, and three hours in which IDs are used in all ways, much of it on the edge of a rule.
std::vector<LoginEvent> three_hours(std::mt19937_64& random) {
    const auto pick = [&](std::uint64_t below) { return static_cast<unsigned>(random() % below); };
    const auto moment = [&] { return kStart + Microseconds{static_cast<std::int64_t>(random() % 10'800'000'000)}; };
    constexpr std::array countries{"JP", "US", "RU", "BR", "KR", "DE", "FR", "VN", "TH"};
    std::vector<LoginEvent> events;
    const auto add = [&](Kind kind, const std::string& id, Time time, const std::string& source) {
        events.push_back(smtp(kind, id, time, source));
    };
    for (unsigned n = 0; n < 40; ++n) {
        const std::string id = "user" + std::to_string(n);
        for (const auto ago : {16 * 24h, 48h, 24h}) add(Kind::accept, id, kStart - ago, in_country("JP", 0, n + 1));
        const unsigned mails = pick(12), places = 1 + pick(9);
        for (unsigned i = 0; i < mails; ++i)
            add(Kind::accept, id, moment(), in_country(countries[pick(places)], pick(3), 1 + pick(2)));
        if (n % 5 == 0) {  // about as many from one network as corroborate a jump, and more
            const Time from = moment();
            const unsigned count = 48 + pick(5);
            for (unsigned i = 0; i < count; ++i) add(Kind::accept, id, from + i * 73s, in_country("RU", 4, 1 + i % 3));
        }
        if (n % 7 == 0) {  // about as wide as a spread
            const Time from = moment();
            const unsigned networks = 4 + pick(3);
            for (unsigned i = 0; i < networks; ++i)
                add(Kind::accept, id, from + i * Microseconds{120'000'000}, in_country(i % 2 == 0 ? "DE" : "BR", i));
        }
    }
    for (unsigned source = 1; source <= 6; ++source) {
        const std::string where = "198.51.100." + std::to_string(source);
        const Time from = moment();
        for (unsigned i = 0; i < 40; ++i) add(Kind::reject, "victim" + std::to_string(i % 12), from + i * 2s, where);
        // More than two minutes from the block, so that it is known what comes first.
        for (unsigned i = pick(3); i-- > 0;) add(Kind::accept, "user" + std::to_string(pick(40)), from - 1h, where);
        if (pick(2) == 0) add(Kind::accept, "user" + std::to_string(pick(40)), from + 5min, where);
    }
    std::sort(events.begin(), events.end(), [](const LoginEvent& a, const LoginEvent& b) {
        return std::tie(a.time, a.id, a.kind, a.addresses) < std::tie(b.time, b.id, b.kind, b.addresses);
    });
    return events;
}

// Each event up to two minutes late, and one in four told twice.
std::vector<LoginEvent> disturbed(const std::vector<LoginEvent>& events, std::mt19937_64& random) {
    std::vector<std::pair<Time, LoginEvent>> arriving;
    const auto late = [&] { return Microseconds{static_cast<std::int64_t>(random() % 120'000'001)}; };
    for (const LoginEvent& event : events) {
        arriving.emplace_back(event.time + late(), event);
        if (random() % 4 == 0) arriving.emplace_back(event.time + late(), event);
    }
    std::shuffle(arriving.begin(), arriving.end(), random);
    std::stable_sort(arriving.begin(), arriving.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<LoginEvent> result;
    for (auto& [when, event] : arriving) result.push_back(std::move(event));
    return result;
}

std::vector<std::string> who_by_which_rule(const std::vector<LoginEvent>& events) {
    MailIsp isp;
    for (const LoginEvent& event : events) isp.read(event);
    isp.detector.finish(isp.decisions);
    std::vector<std::string> found;
    for (const Decision& decision : isp.decisions)
        if (!decision.finding.renewal)
            found.push_back((decision.finding.source ? decision.finding.source->to_string() : decision.finding.id) +
                            ' ' + std::string(to_string(decision.finding.rule)));
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

std::string told_in_order(const std::vector<LoginEvent>& arriving) {
    MailIsp isp;
    EventOrder order(120s);
    for (const LoginEvent& event : arriving) {
        order.push(event);
        while (const auto next = order.pop()) isp.read(*next);
    }
    while (const auto next = order.pop(true)) isp.read(*next);
    isp.detector.finish(isp.decisions);
    return told(isp.decisions);
}

BOOST_AUTO_TEST_SUITE(smtp_order)

BOOST_AUTO_TEST_CASE(in_any_order_and_told_twice_the_same_ids_are_found_by_the_same_rules) {
    const std::uint64_t seed = a_seed();
    std::mt19937_64 random(seed);
    std::size_t rules = 0;
    for (int round = 0; round < 20; ++round) {
        const auto events = three_hours(random);
        const auto in_order = who_by_which_rule(events);
        BOOST_TEST_REQUIRE(in_order.size() > 20U, "seed " << seed);
        rules += in_order.size();
        for (int permutation = 0; permutation < 5; ++permutation) {
            const auto found = who_by_which_rule(disturbed(events, random));
            BOOST_TEST(found == in_order, boost::test_tools::per_element());
            BOOST_REQUIRE_MESSAGE(found == in_order, "seed " << seed << ", round " << round);
        }
    }
    BOOST_TEST(rules > 800U);
}

BOOST_AUTO_TEST_CASE(replay_gives_the_same_to_the_byte) {
    const std::uint64_t seed = a_seed();
    std::mt19937_64 random(seed);
    for (int round = 0; round < 5; ++round) {
        const auto events = three_hours(random);
        const std::string in_order = told_in_order(events);
        for (int permutation = 0; permutation < 3; ++permutation)
            BOOST_TEST((told_in_order(disturbed(events, random)) == in_order), "seed " << seed << ", round " << round);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
