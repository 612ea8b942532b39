// smtp.source (R3): what the watch keeps, repeats and forgets, whatever it keeps it in.
#include "analyzer/detection/rules/smtp_source.hpp"
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const config::SmtpSourceSettings kSource;
const IpAddress kAttacker = address("198.51.100.7");

struct Watched {
    SourceWatch watch{kSource};
    Outages outages;

    std::optional<Finding> attempt(std::uint64_t id, bool accepted, Time time, std::uint32_t times = 1) {
        return watch.attempt(kAttacker, id, accepted, time, outages, times);
    }
    // `count` rejects on ten IDs in turn, one a second; the last finding.
    std::optional<Finding> guess(unsigned count, Time from) {
        std::optional<Finding> last;
        for (unsigned i = 0; i < count; ++i)
            if (auto found = attempt(i % 10, false, from + i * 1s)) last = std::move(found);
        return last;
    }
};

BOOST_FIXTURE_TEST_SUITE(source_watch, Watched)

BOOST_AUTO_TEST_CASE(what_was_told_before_counts_once) {
    guess(19, kStart);
    for (unsigned i = 0; i < 19; ++i) BOOST_TEST(!attempt(i % 10, false, kStart + i * 1s).has_value());
    // Another ID at the same time is another attempt, and so is the same one that got in.
    BOOST_TEST(!attempt(0, true, kStart + 18s).has_value());
    const auto finding = attempt(0, false, kStart + 18s);
    BOOST_REQUIRE(finding.has_value());
    BOOST_TEST(finding->attempts == 21U);
    BOOST_TEST(finding->accepts == 1U);
}

BOOST_AUTO_TEST_CASE(evidence_is_what_was_counted) {
    attempt(50, false, kStart - 11min);  // out of the window
    attempt(51, true, kStart);
    const auto finding = guess(20, kStart + 1s);
    BOOST_REQUIRE(finding.has_value());
    BOOST_TEST(finding->attempts == 21U);
    BOOST_REQUIRE(finding->evidence.size() == 21U);
    BOOST_TEST(finding->evidence.front().time == kStart);
    BOOST_TEST((finding->evidence.front().kind == Kind::accept));
    BOOST_TEST(finding->evidence.back().time == kStart + 20s);
    BOOST_TEST((finding->evidence.back().kind == Kind::reject));
    Watched many;
    for (unsigned i = 0; i < 2 * kMaxEvidence; ++i)
        BOOST_TEST(!many.attempt(i % 9, false, kStart + i * 1s).has_value());
    BOOST_TEST(many.attempt(9, false, kStart + 90s)->evidence.size() == kMaxEvidence);
}

BOOST_AUTO_TEST_CASE(a_renewal_counts_all_that_one_line_tells_of) {
    const Time blocked = guess(20, kStart)->time;
    const auto rejects = attempt(SourceWatch::kNoId, false, blocked + 5min, 7);
    BOOST_REQUIRE(rejects.has_value());
    BOOST_TEST(rejects->renewal);
    BOOST_TEST(rejects->attempts == 27U);
    BOOST_TEST(rejects->accepts == 0U);
    BOOST_TEST(attempt(3, true, blocked + 10min, 2)->accepts == 2U);
}

BOOST_AUTO_TEST_CASE(an_attempt_told_of_late_ends_a_block_no_earlier) {
    guess(20, kStart);
    const Time ends = attempt(1, false, kStart + 10min)->expires;
    BOOST_TEST(!attempt(1, false, kStart + 9min).has_value());
    BOOST_REQUIRE(watch.block_at(kAttacker, ends - 1us) != nullptr);
    BOOST_TEST(watch.block_at(kAttacker, ends - 1us)->expires == ends);
    BOOST_TEST(watch.block_at(kAttacker, ends) == nullptr);
    BOOST_TEST(watch.block_at(address("198.51.100.8"), kStart) == nullptr);
}

BOOST_AUTO_TEST_CASE(a_block_that_was_found_in_an_outage_is_none_when_it_is_over) {
    const Time found = guess(20, kStart)->time;
    outages.add(found - 1min, found + 2min);
    BOOST_REQUIRE(attempt(1, false, found + 1min + 59s).has_value());  // still on
    BOOST_TEST(!attempt(1, false, found + 5min).has_value());
    BOOST_TEST(watch.block_at(kAttacker, found + 5min) == nullptr);
}

BOOST_AUTO_TEST_CASE(what_an_outage_let_in_counts) {
    outages.add(kStart, kStart + 5min);
    attempt(50, true, kStart + 1min);
    attempt(51, true, kStart + 2min);
    BOOST_TEST(!guess(20, kStart + 6min).has_value());  // 2 of 22
}

BOOST_AUTO_TEST_CASE(mostly_guesses_is_of_ids_within_the_longest_window) {
    BOOST_TEST(!watch.mostly_guesses(kAttacker));  // never seen
    for (std::uint64_t id = 100; id < 103; ++id) attempt(id, true, kStart);
    for (unsigned i = 0; i < 50; ++i) attempt(SourceWatch::kNoId, false, kStart + 1s + i * 1s);  // nobody's
    BOOST_TEST(!watch.mostly_guesses(kAttacker));
    for (std::uint64_t id = 0; id < 11; ++id) attempt(id, false, kStart + 12h + id * 10min);
    BOOST_TEST(!watch.mostly_guesses(kAttacker));  // 3 of 14
    attempt(11, false, kStart + 23h);
    BOOST_TEST(watch.mostly_guesses(kAttacker));  // 3 of 15
    attempt(12, true, kStart + 24h);
    BOOST_TEST(!watch.mostly_guesses(kAttacker));  // 4 of 16, the first three a day ago
    attempt(13, false, kStart + 24h + 1us);
    BOOST_TEST(watch.mostly_guesses(kAttacker));  // 1 of 14
}

BOOST_AUTO_TEST_CASE(of_one_source_two_thousand_attempts_are_kept) {
    for (unsigned i = 0; i < 2500; ++i) attempt(i % 9, false, kStart + i * 100ms);
    BOOST_TEST(attempt(9, false, kStart + 5min)->attempts == 2000U);
}

// Slow guessing is told from what a day has seen, whatever else the watch has let go meanwhile.
BOOST_AUTO_TEST_CASE(a_source_is_kept_for_the_longest_window) {
    const auto other = [](std::uint32_t n) { return IpAddress::ipv4(0x0a000000 + n); };
    std::optional<Finding> found;
    for (unsigned i = 0; i < 30; ++i) {
        if (auto finding = attempt(i, false, kStart + i * 47min)) found = std::move(finding);
        for (unsigned n = 0; n < 20; ++n)
            (void)watch.attempt(other(i * 20 + n), 1, true, kStart + i * 47min + n * 2min, outages);
    }
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST(found->ids == 30U);
    BOOST_TEST(watch.forgotten() == 0U);
}

BOOST_AUTO_TEST_CASE(who_is_watched_stays_so_when_there_is_no_room) {
    guess(19, kStart);
    for (std::uint32_t n = 0; n < 199'999; ++n)
        (void)watch.attempt(IpAddress::ipv4(0x0a000000 + n), 1, false, kStart + 20s, outages);
    BOOST_TEST(attempt(9, false, kStart + 30s).has_value());
    BOOST_TEST(watch.forgotten() == 0U);
}

// Whoever has many addresses does not blind the watch to who is on it: those that were seen within the hour stay.
BOOST_AUTO_TEST_CASE(who_makes_room_was_not_seen_for_an_hour) {
    const auto other = [](std::uint32_t n) { return IpAddress::ipv4(0x0a000000 + n); };
    guess(10, kStart);
    guess(9, kStart + 10s);
    for (std::uint32_t n = 0; n < 199'999; ++n) (void)watch.attempt(other(n), 1, false, kStart - 1h, outages);
    (void)watch.attempt(other(500'000), 1, false, kStart + 1min, outages);
    BOOST_TEST(watch.forgotten() == 199'999U);
    BOOST_TEST(attempt(9, false, kStart + 2min).has_value());  // the twentieth
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
