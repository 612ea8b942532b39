#include "analyzer/detection/familiarity.hpp"

#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const config::DetectionSettings kSettings = enforced();
const geo::Code kHokkaido = region("JP-01"), kTokyo = region("JP-13"), kKagoshima = region("JP-46");

BOOST_AUTO_TEST_SUITE(familiarity)

BOOST_AUTO_TEST_CASE(two_sightings_twenty_hours_apart) {
    Familiarity known;
    known.sight(kTokyo, kStart, kSettings);
    BOOST_TEST(!known.is_familiar(kTokyo, kStart, kSettings));
    known.sight(kTokyo, kStart + 20h - 1s, kSettings);
    BOOST_TEST(!known.is_familiar(kTokyo, kStart + 20h - 1s, kSettings));
    known.sight(kTokyo, kStart + 20h, kSettings);
    BOOST_TEST(known.is_familiar(kTokyo, kStart + 20h, kSettings));
    BOOST_TEST(!known.is_familiar(kKagoshima, kStart + 20h, kSettings));
}

BOOST_AUTO_TEST_CASE(both_within_thirty_days) {
    Familiarity known;
    known.sight(kTokyo, kStart, kSettings);
    known.sight(kTokyo, kStart + 29 * 24h, kSettings);
    BOOST_TEST(known.is_familiar(kTokyo, kStart + 30 * 24h, kSettings));
    BOOST_TEST(!known.is_familiar(kTokyo, kStart + 30 * 24h + 1s, kSettings));
    known.sight(kTokyo, kStart + 31 * 24h, kSettings);
    BOOST_TEST(known.is_familiar(kTokyo, kStart + 31 * 24h, kSettings));
}

BOOST_AUTO_TEST_CASE(a_sighting_read_again_or_late_changes_nothing) {
    Familiarity known;
    known.sight(kTokyo, kStart, kSettings);
    known.sight(kTokyo, kStart + 21h, kSettings);
    const std::vector before(known.regions().begin(), known.regions().end());
    known.sight(kTokyo, kStart, kSettings);
    known.sight(kTokyo, kStart + 21h, kSettings);
    BOOST_TEST((std::vector(known.regions().begin(), known.regions().end()) == before));
}

BOOST_AUTO_TEST_CASE(a_fifth_region_replaces_the_one_not_seen_for_longest) {
    Familiarity known;
    for (int i = 0; i < 4; ++i) known.sight(region("JP-0" + std::to_string(i + 1)), kStart + i * 1h, kSettings);
    known.sight(kHokkaido, kStart + 24h, kSettings);  // JP-01 is the first known, but JP-02 was not seen for longer
    known.sight(kTokyo, kStart + 25h, kSettings);
    BOOST_TEST(known.regions().size() == 4U);
    for (const auto& entry : known.regions()) BOOST_TEST((entry.region != region("JP-02")));
    BOOST_TEST(known.is_familiar(kHokkaido, kStart + 25h, kSettings));
    BOOST_TEST((known.first_known() == kHokkaido));
}

BOOST_AUTO_TEST_CASE(who_stays_in_quarantine_does_not_become_familiar) {
    Familiarity known;
    known.sight(kKagoshima, kStart, kSettings);
    known.quarantine(kKagoshima, kStart + 1h, kSettings);
    Time time = kStart + 1h;
    for (; time < kStart + 100 * 24h; time += 6h) {
        known.sight(kKagoshima, time, kSettings);
        BOOST_TEST_REQUIRE(!known.is_familiar(kKagoshima, time, kSettings));
    }
    // Out of sight for thirty days: then it begins anew.
    time += 30 * 24h;
    known.sight(kKagoshima, time, kSettings);
    known.sight(kKagoshima, time + 20h, kSettings);
    BOOST_TEST(known.is_familiar(kKagoshima, time + 20h, kSettings));
}

BOOST_AUTO_TEST_CASE(quarantine_never_pushes_out_what_is_learned) {
    Familiarity known;
    known.sight(kTokyo, kStart, kSettings);
    known.sight(kTokyo, kStart + 20h, kSettings);
    for (int i = 2; i < 9; ++i) known.quarantine(region("JP-0" + std::to_string(i)), kStart + 20h + i * 1h, kSettings);
    BOOST_TEST(known.is_familiar(kTokyo, kStart + 30h, kSettings));
    BOOST_TEST(known.regions().size() == 1 + Familiarity::kMaxQuarantined);
    // The newest quarantines are those that are kept.
    known.sight(region("JP-08"), kStart + 31h, kSettings);
    known.sight(region("JP-08"), kStart + 60h, kSettings);
    BOOST_TEST(!known.is_familiar(region("JP-08"), kStart + 60h, kSettings));
}

BOOST_AUTO_TEST_CASE(absolved_it_is_learned_again) {
    Familiarity known;
    known.quarantine(kKagoshima, kStart, kSettings);
    known.quarantine(kHokkaido, kStart, kSettings);
    BOOST_TEST(!known.first_known().has_value());
    known.absolve(kKagoshima);
    for (const geo::Code code : {kKagoshima, kHokkaido}) {
        known.sight(code, kStart + 1h, kSettings);
        known.sight(code, kStart + 21h, kSettings);
    }
    BOOST_TEST(known.is_familiar(kKagoshima, kStart + 21h, kSettings));
    BOOST_TEST(!known.is_familiar(kHokkaido, kStart + 21h, kSettings));
    known.absolve_all();
    BOOST_TEST(known.regions().size() == 1U);
}

BOOST_AUTO_TEST_CASE(acquitted_the_last_sighting_counts) {
    Familiarity known;
    known.sight(kTokyo, kStart, kSettings);
    known.quarantine(kKagoshima, kStart, kSettings);
    known.sight(kKagoshima, kStart + 5h, kSettings);
    known.acquit(kSettings);
    known.acquit(kSettings);
    BOOST_TEST((known.first_known() == kTokyo));
    BOOST_TEST(!known.is_familiar(kKagoshima, kStart + 5h, kSettings));
    known.sight(kKagoshima, kStart + 25h - 1s, kSettings);
    BOOST_TEST(!known.is_familiar(kKagoshima, kStart + 25h - 1s, kSettings));
    known.sight(kKagoshima, kStart + 25h, kSettings);
    BOOST_TEST(known.is_familiar(kKagoshima, kStart + 25h, kSettings));
}

BOOST_AUTO_TEST_CASE(made_familiar_it_is_so_at_once_and_for_a_month) {
    Familiarity known;
    for (int i = 0; i < 4; ++i) known.sight(region("JP-0" + std::to_string(i + 1)), kStart + i * 1h, kSettings);
    known.quarantine(kKagoshima, kStart, kSettings);
    known.make_familiar(kKagoshima, kStart + 24h, kSettings);
    known.make_familiar(kHokkaido, kStart + 24h, kSettings);
    BOOST_TEST(known.regions().size() == 4U);
    for (const geo::Code code : {kKagoshima, kHokkaido}) {
        BOOST_TEST(known.is_familiar(code, kStart + 24h, kSettings));
        BOOST_TEST(known.is_familiar(code, kStart + 30 * 24h, kSettings));
        BOOST_TEST(!known.is_familiar(code, kStart + 31 * 24h, kSettings));
    }
    const std::vector before(known.regions().begin(), known.regions().end());
    known.make_familiar(kKagoshima, kStart + 25h, kSettings);  // told a second time
    BOOST_TEST((std::vector(known.regions().begin(), known.regions().end()) == before));
}

BOOST_AUTO_TEST_CASE(a_row_of_the_snapshot_brings_quarantine_back) {
    Familiarity known;
    known.sight(kTokyo, kStart, kSettings);
    known.sight(kTokyo, kStart + 20h, kSettings);
    known.quarantine(kKagoshima, kStart + 20h, kSettings);
    Familiarity restored;
    restored.restore(known.regions());
    BOOST_TEST(restored.is_familiar(kTokyo, kStart + 21h, kSettings));
    restored.sight(kKagoshima, kStart + 21h, kSettings);
    restored.sight(kKagoshima, kStart + 42h, kSettings);
    BOOST_TEST(!restored.is_familiar(kKagoshima, kStart + 42h, kSettings));
    const std::vector<Familiarity::Region> too_many(2 * Familiarity::kMaxRegions);
    restored.restore(too_many);
    BOOST_TEST(restored.regions().size() == Familiarity::kMaxRegions);
}

BOOST_AUTO_TEST_SUITE_END()

// What the detector makes of it.
BOOST_AUTO_TEST_SUITE(quarantine)

config::DetectionSettings observing() {
    config::DetectionSettings settings = enforced();
    settings.mode = config::Mode::observe;
    return settings;
}

// Every day for `days` the thief dials in from Kagoshima while the subscriber's session in Tokyo shows life every hour.
Log occupied(int days) {
    Log log;
    log.resident("victim", in_prefecture(13)).alive_every(1h, "victim", kStart, kStart + days * 24h, in_prefecture(13));
    for (int day = 0; day < days; ++day) {
        const Time comes = kStart + day * 24h + 30min;
        log.dial("victim", comes, in_prefecture(46))
            .alive_every(1h, "victim", comes + 1h, comes + 20h, in_prefecture(46));
        log.release("victim", comes + 20h + 10min, in_prefecture(46));
    }
    return log;
}

BOOST_AUTO_TEST_CASE(a_thief_in_observe_mode_never_becomes_familiar) {
    Isp isp(observing());
    isp.read(occupied(50)).until(kStart + 60 * 24h);
    BOOST_TEST(isp.suspended() == 0U);
    // Found anew every day, to the end.
    const auto found = isp.of(Rule::pppoe_jump_live);
    BOOST_REQUIRE(found.size() >= 24U);
    BOOST_TEST(found.back().finding.time > kStart + 48 * 24h);
    BOOST_TEST(found.back().action == Action::suspend);
    BOOST_TEST(!found.back().enforced);
}

BOOST_AUTO_TEST_CASE(a_second_region_in_the_same_incident_is_not_learned_either) {
    Isp isp(observing());
    Log log;
    const std::string home = in_prefecture(46), first = in_prefecture(13), second = in_prefecture(14);
    log.resident("victim", home).alive_every(1h, "victim", kStart, kStart + 24h, home);
    log.dial("victim", kStart + 30min, first).release("victim", kStart + 40min, first);
    // Every rule about two regions has spoken by now, and a third one next to the second is no spread: nothing new is
    // said.
    log.dial("victim", kStart + 90min, second).alive_every(1h, "victim", kStart + 150min, kStart + 24h, second);
    isp.read(log);
    for (const Decision& decision : isp.decisions) BOOST_TEST(decision.finding.time <= kStart + 1h);
    for (const Learned& learned : all_learned(isp.detector)) {
        BOOST_TEST(learned.familiarity.is_familiar(region("JP-46"), kStart + 24h, enforced()));
        BOOST_TEST(!learned.familiarity.is_familiar(region("JP-13"), kStart + 24h, enforced()));
        BOOST_TEST(!learned.familiarity.is_familiar(region("JP-14"), kStart + 24h, enforced()));
    }
}

BOOST_AUTO_TEST_CASE(the_home_of_a_young_id_is_learned_all_the_same) {
    Isp isp(observing());
    Log log;
    log.dial("young", kStart, in_prefecture(13)).alive_every(1h, "young", kStart + 1h, kStart + 24h, in_prefecture(13));
    log.dial("young", kStart + 90min, in_prefecture(46));
    isp.read(log);
    BOOST_TEST(isp.found(Rule::pppoe_jump));
    for (const Learned& learned : all_learned(isp.detector))
        BOOST_TEST(learned.familiarity.is_familiar(region("JP-13"), kStart + 24h, enforced()));
}

BOOST_AUTO_TEST_CASE(a_release_ends_it) {
    Isp isp;
    Log log, later;
    log.resident("mover", in_prefecture(13))
        .alive("mover", kStart, in_prefecture(13))
        .dial("mover", kStart + 10min, in_prefecture(46));
    isp.read(log).until(kStart + 20min);
    BOOST_TEST(isp.suspended("mover"));
    isp.detector.release(Service::pppoe, "mover", kStart + 1h);
    later.dial("mover", kStart + 2h, in_prefecture(46, 1)).alive("mover", kStart + 23h, in_prefecture(46, 1));
    isp.read(later);
    for (const Learned& learned : all_learned(isp.detector))
        BOOST_TEST(learned.familiarity.is_familiar(region("JP-46"), kStart + 23h, enforced()));
}

BOOST_AUTO_TEST_CASE(learning_lowers_the_grade_for_fourteen_days) {
    for (const auto& [age, grade] :
         {std::pair{14 * 24h - 1s, Grade::notable}, std::pair{14 * 24h + 0s, Grade::probable}}) {
        Isp isp;
        Log log;
        log.dial("id", kStart, in_prefecture(13)).alive("id", kStart + age - 5min, in_prefecture(13));
        log.dial("id", kStart + age, in_prefecture(46));
        isp.read(log).until(kStart + 20 * 24h);
        const Decision decision = isp.only(Rule::pppoe_jump);
        BOOST_TEST(decision.finding.grade == grade);
        BOOST_TEST(decision.finding.learning == (grade == Grade::notable));
        BOOST_TEST(decision.action == (grade == Grade::notable ? Action::record : Action::suspend));
    }
}

BOOST_AUTO_TEST_CASE(learning_makes_certain_probable_and_it_settles) {
    Isp isp;
    Log log;
    log.dial("young", kStart, in_prefecture(13))
        .dial("young", kStart + 10min, in_prefecture(46))
        .dial("young", kStart + 20min, in_prefecture(13));
    isp.read(log).until(kStart + 1h);
    const auto decisions = isp.of(Rule::pppoe_jump_bounce);
    BOOST_REQUIRE(decisions.size() == 2U);
    BOOST_TEST(decisions[0].finding.grade == Grade::probable);
    BOOST_TEST(decisions[0].reason == Reason::settling);
    BOOST_TEST(decisions[1].enforced);
    BOOST_TEST(decisions[1].finding.summary_en.find("new to us") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
