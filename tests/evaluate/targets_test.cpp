// Each kind of target: kept, missed, and on the edge of what so little data can say.
#include "evaluate/targets.hpp"

#include <boost/test/unit_test.hpp>

#include "evaluate/report.hpp"
#include "tests/evaluate/files.hpp"

namespace guard::evaluate {
namespace {

using config::Profile;
using std::chrono::seconds;

const std::string kStart = "2026-03-20T12:00:00Z\n";

struct Case {
    Files files;
    Truth truth;
    Score score{"PPPoE Guard", truth};
    Manifest manifest{1000, 100, 30, {}};
    std::optional<std::uint64_t> differing;

    explicit Case(const std::string& rows = {}) : truth(files.truth(rows)) {}
    // The first target that begins so.
    [[nodiscard]] Checked of(std::string_view name, Profile profile = Profile::guideline) const {
        const auto all = check({score, truth, manifest, profile, differing});
        const auto found =
            std::ranges::find_if(all, [&](const Checked& checked) { return checked.target->name.starts_with(name); });
        BOOST_REQUIRE_MESSAGE(found != all.end(), name);
        return *found;
    }
    [[nodiscard]] std::string_view outcome(std::string_view name, Profile profile = Profile::guideline) const {
        return to_string(of(name, profile).outcome);
    }
};

std::string rows(const std::string& label, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) text += label + std::to_string(i) + ',' + label + ',' + kStart;
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(targets_suite)

// 0 in a million days: the bound is 3.0, and 1.0 cannot be shown. 0 in three million days: it is 0.9986.
BOOST_AUTO_TEST_CASE(no_innocent_in_a_million_days_is_too_little_and_in_three_million_enough) {
    Case c;
    c.manifest = {100'000, 0, 10, {}};
    const Checked million = c.of("innocent IDs");
    BOOST_TEST(million.measured.value() == 0);
    BOOST_TEST(million.bound.value() == 2.99573, boost::test_tools::tolerance(1e-5));
    BOOST_TEST(million.base == 1.0);
    BOOST_TEST(to_string(million.outcome) == "too little data");
    c.manifest = {100'000, 0, 29, {}};
    BOOST_TEST(c.outcome("innocent IDs") == "too little data");
    c.manifest = {100'000, 0, 30, {}};
    BOOST_TEST(c.outcome("innocent IDs") == "kept");
    BOOST_TEST(c.outcome("innocent IDs", Profile::cautious) == "too little data");
    c.manifest = {1'000'000, 0, 30, {}};
    BOOST_TEST(c.outcome("innocent IDs", Profile::cautious) == "kept");
}

// Two in 2 M days are 1.0, which is not more than the target; three are.
BOOST_AUTO_TEST_CASE(innocents_above_the_rate_miss_it) {
    Case c;
    c.manifest = {100'000, 0, 20, {}};
    c.score.add(suspended("a", at(0)));
    c.score.add(suspended("b", at(0)));
    BOOST_TEST(c.of("innocent IDs").measured.value() == 1.0);
    BOOST_TEST(c.outcome("innocent IDs") == "too little data");
    BOOST_TEST(c.outcome("innocent IDs", Profile::cautious) == "missed");
    c.score.add(suspended("c", at(0)));
    BOOST_TEST(c.outcome("innocent IDs") == "missed");
}

BOOST_AUTO_TEST_CASE(days_are_those_of_innocent_subscribers) {
    Case c(rows("resale", 30) + "s,second_place,\nf,flapping,\nm,smtp_botnet," + kStart + "198.51.100.1,guess_fast," +
           kStart);
    c.manifest = {1000, 500, 10, {}};
    BOOST_TEST(subscriber_days(c.truth, c.manifest) == 969 * 10 / 1e6);
    c.manifest = {0, 500, 10, {}};  // who has SMTP-AUTH alone is a subscriber too
    BOOST_TEST(subscriber_days(c.truth, c.manifest) == 499 * 10 / 1e6);
}

BOOST_AUTO_TEST_CASE(the_ambiguous_are_counted_without_a_target) {
    Case c("s,second_place,\n");
    c.manifest = {1001, 0, 10, {}};
    c.score.add(suspended("s", at(0)));
    const Checked ambiguous = c.of("ambiguous");
    BOOST_TEST(ambiguous.measured.value() == 100);
    BOOST_TEST(to_string(ambiguous.outcome) == "no target");
    BOOST_TEST(c.of("innocent IDs").hits == 0U);
}

BOOST_AUTO_TEST_CASE(not_one_of_a_mass_may_be_suspended) {
    BOOST_TEST(Case().outcome("suspended in a mass event") == "not in the data");
    Case c("a,power_cut,\nb,failover_slow,\n");
    c.score.add(reviewed("b", at(0)));
    BOOST_TEST(c.outcome("suspended in a mass event") == "kept");
    c.score.add(suspended("b", at(0)));
    BOOST_TEST(c.of("suspended in a mass event").hits == 1U);
    BOOST_TEST(c.outcome("suspended in a mass event") == "missed");
}

// All of 298 show no more than 98.9999 %, all of 299 show 99 %; 295 of 298 are 98.99 %.
BOOST_AUTO_TEST_CASE(a_share_is_kept_with_299_of_299) {
    BOOST_TEST(Case().outcome("found: resale") == "not in the data");
    for (const auto& [count, missing, outcome] :
         {std::tuple{299, 0, "kept"}, {298, 0, "too little data"}, {298, 3, "missed"}}) {
        Case c(rows("resale", count));
        for (int i = missing; i < count; ++i) c.score.add(reviewed("resale" + std::to_string(i), at(0)));
        BOOST_TEST(c.outcome("found: resale") == outcome, count << ' ' << missing);
    }
}

// The accept may come with the Start, within 10 s; and a suspension within 3 min.
BOOST_AUTO_TEST_CASE(median_delays) {
    for (const auto& [delay, finding, suspension] : {std::tuple{seconds{10}, "kept", "kept"},
                                                     {seconds{11}, "missed", "kept"},
                                                     {seconds{60}, "missed", "kept"},
                                                     {seconds{61}, "missed", "missed"}}) {
        Case c(rows("single_far", 5));
        for (int i = 0; i < 5; ++i)
            c.score.add(suspended("single_far" + std::to_string(i), at(0) + delay, seconds{120}));
        BOOST_TEST(c.outcome("to the finding, median: single") == finding, delay.count());
        BOOST_TEST(c.outcome("to the suspension, median: single") == suspension, delay.count());
    }
    Case few(rows("single_far", 4));
    for (int i = 0; i < 4; ++i) few.score.add(suspended("single_far" + std::to_string(i), at(0)));
    BOOST_TEST(few.outcome("to the finding, median: single") == "too little data");
    BOOST_TEST(few.outcome("to the finding, median: rotation") == "not in the data");
    Case review(rows("single_far", 5));
    for (int i = 0; i < 5; ++i) review.score.add(reviewed("single_far" + std::to_string(i), at(0)));
    BOOST_TEST(review.outcome("to the finding, median: single") == "kept");
    BOOST_TEST(review.outcome("to the suspension, median: single") == "missed");  // a person has not decided yet
}

BOOST_AUTO_TEST_CASE(cautious_promises_no_time_to_the_suspension) {
    const Case c;
    for (const Checked& checked : check({c.score, c.truth, c.manifest, Profile::cautious, {}}))
        BOOST_TEST(!checked.target->name.starts_with("to the suspension"));
}

BOOST_AUTO_TEST_CASE(sources_blocked_wrongly_need_the_number_of_sources) {
    Case c;
    BOOST_TEST(c.outcome("sources blocked wrongly") == "not in the data");
    c.manifest.sources = 100'000;
    BOOST_TEST(c.outcome("sources blocked wrongly") == "kept");  // 3 M source-days
    c.score.add(blocked("198.51.100.1", at(0)));
    BOOST_TEST(c.outcome("sources blocked wrongly") == "too little data");
}

BOOST_AUTO_TEST_CASE(a_second_run_must_be_the_same) {
    Case c;
    BOOST_TEST(c.outcome("findings that differ") == "not in the data");
    c.differing = 0;
    BOOST_TEST(c.outcome("findings that differ") == "kept");
    c.differing = 1;
    BOOST_TEST(c.outcome("findings that differ") == "missed");
}

BOOST_AUTO_TEST_CASE(durations_are_written_for_people) {
    BOOST_TEST(duration_text(0) == "0.0 s");
    BOOST_TEST(duration_text(59.94) == "59.9 s");
    BOOST_TEST(duration_text(59.96) == "1 min 0 s");
    BOOST_TEST(duration_text(125) == "2 min 5 s");
    BOOST_TEST(duration_text(3 * 3600 + 600) == "3 h 10 min");
    BOOST_TEST(duration_text(4.1 * 86400) == "4 d 2 h");
    BOOST_TEST(duration_text(std::numeric_limits<double>::infinity()) == "never");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::evaluate
