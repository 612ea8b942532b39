// What is read back of a detector's state is the detector: it decides the same, to the byte, whatever comes next, and
// written again it is the same bytes.
#include "analyzer/detection/state/state.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <tuple>

#include "analyzer/detection/state/fields.hpp"
#include "geo/gateways.hpp"
#include "tests/analyzer/detection/scenario.hpp"
#include "tests/simulate/simulated.hpp"
#include "tests/support/state_bytes.hpp"

namespace guard::detection::test {
namespace {

using guard::test::reader_of;
using guard::test::written;
using Bytes = std::vector<std::uint8_t>;

struct Saved {
    Bytes learned, rest;
    friend bool operator==(const Saved&, const Saved&) = default;
};

Saved save(const Detector& detector) {
    return {written([&](StateWriter& writer) { DetectorState::write_learned(writer, detector); }),
            written([&](StateWriter& writer) { DetectorState::write_rest(writer, detector); })};
}

bool load(Detector& detector, const Saved& saved) {
    auto learned = reader_of(saved.learned), rest = reader_of(saved.rest);
    return DetectorState::read_learned(learned, detector) && DetectorState::read_rest(rest, detector);
}

// A simulated ISP with its thieves, its mail and all scenarios: storms, failovers, outages of the backend.
struct Simulation {
    std::vector<LoginEvent> events;
    std::shared_ptr<const geo::Locator> locator;
    Knowledge knowledge;
    config::DetectionSettings settings = enforced();

    Simulation() {
        simulate::Arguments arguments;
        arguments.seed = 11;
        arguments.subscribers = 200;
        arguments.smtp = 60;
        arguments.days = 4;
        arguments.thieves = 2;
        const simulate::test::Simulated simulated(arguments);
        settings.learning = 12h;
        events = simulated.events;
        std::stable_sort(events.begin(), events.end(),
                         [](const LoginEvent& a, const LoginEvent& b) { return a.time < b.time; });
        locator = simulated.locator;
        knowledge.gateways = geo::load_prefixes(simulated.directory.path() / "gateways.txt").value();
        knowledge.contract = [](Service, const std::string&) { return Contract{}; };
    }
    [[nodiscard]] Detector detector(StreamLimits limits = {}) const {
        return Detector(settings, locator, knowledge, kKey, limits);
    }
};

const Simulation& simulation() {
    static const Simulation made;
    return made;
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* const wanted = std::getenv(variable);
    return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : otherwise;
}

// Half a minute of an ISP in which there is something of every kind.
Detector some_of_everything() {
    config::DetectionSettings settings = enforced();
    settings.settle = 1h;
    Detector detector(settings, world(), {}, kKey);
    std::vector<Decision> decisions;
    Log log;
    log.resident("thief", in_prefecture(13)).dial("thief", kStart + 5min, in_prefecture(46));
    log.add_all(Kind::assign, "both", kStart, {in_prefecture(1), "2001:db8:100:5600::/56"});
    for (const LoginEvent& event : log.events()) detector.on_event(event, decisions);
    for (int i = 0; i < 25; ++i)
        detector.on_event(smtp(Kind::reject, "victim" + std::to_string(i % 12), kStart + 6min + i * 1s, "198.51.100.7"),
                          decisions);
    detector.on_event(smtp(Kind::accept, "mail", kStart + 7min, in_country("US")), decisions);
    detector.on_event(smtp(Kind::accept, "mail", kStart + 8min, in_country("RU")), decisions);
    detector.on_event(LoginEvent{Service::pppoe, Kind::reject, "old password", {}, kStart + 9min}, decisions);
    BOOST_REQUIRE(!decisions.empty());
    return detector;
}

Detector empty() {
    return Detector(enforced(), world(), {}, kKey);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(state)

// GUARD_TEST_SEED and _ROUNDS look for more.
BOOST_AUTO_TEST_CASE(cut_anywhere_it_goes_on_as_if_it_had_not_been) {
    const std::uint64_t seed = number_from("GUARD_TEST_SEED", 7);
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    const auto& events = simulation().events;
    for (std::uint64_t round = 0; round < number_from("GUARD_TEST_ROUNDS", 2); ++round) {
        // In the second round with few that may be open, so that some are packed lossily.
        const StreamLimits limits = round == 1 ? StreamLimits{40, true} : StreamLimits{};
        Detector whole = simulation().detector(limits);
        auto cut = std::make_unique<Detector>(simulation().detector(limits));
        std::vector<Decision> decisions, of_cut;
        std::size_t next_cut = 0, cuts = 0;
        for (std::size_t at = 0; at < events.size(); ++at) {
            if (at == next_cut) {
                next_cut += 1 + random() % (events.size() / 12);
                ++cuts;
                const Saved saved = save(*cut);
                auto loaded = std::make_unique<Detector>(simulation().detector(limits));
                BOOST_TEST_REQUIRE(load(*loaded, saved), "round " << round << ", event " << at);
                BOOST_TEST_REQUIRE((save(*loaded) == saved), "round " << round << ", event " << at);
                cut = std::move(loaded);
            }
            whole.on_event(events[at], decisions);
            cut->on_event(events[at], of_cut);
        }
        whole.finish(decisions);
        cut->finish(of_cut);
        BOOST_TEST(cuts > 10U);
        BOOST_TEST_REQUIRE(decisions.size() > 50U);
        BOOST_TEST((told(of_cut) == told(decisions)), "seed " << seed << ", round " << round);
        BOOST_TEST(cut->counters().events == whole.counters().events);
        BOOST_TEST(cut->active_ids() == whole.active_ids());
        if (round == 1) BOOST_TEST(whole.counters().packed_lossily > 0U);
    }
}

BOOST_AUTO_TEST_CASE(the_versions_go_up_when_the_bytes_change) {
    const Saved saved = save(some_of_everything());
    // Another size: something is told that was not, or otherwise. Then the version of that part goes up with it.
    BOOST_TEST(kLearnedVersion == 1U);
    BOOST_TEST(saved.learned.size() == 411U);
    BOOST_TEST(kRestVersion == 3U);
    BOOST_TEST(saved.rest.size() == 4653U);
#if defined(__x86_64__)
    BOOST_TEST(packed_layout() == 295'418'078U);
#endif
}

BOOST_AUTO_TEST_CASE(what_is_not_sound_is_refused_and_costs_no_more_memory_than_there_is) {
    const Saved saved = save(some_of_everything());
    {
        Detector detector = empty();
        BOOST_TEST_REQUIRE(load(detector, saved));
    }
    for (std::size_t length = 0; length < saved.learned.size(); ++length) {
        Detector detector = empty();
        auto reader = reader_of(std::span(saved.learned).first(length));
        BOOST_TEST_REQUIRE(!DetectorState::read_learned(reader, detector), length << " bytes");
    }
    for (std::size_t length = 0; length < saved.rest.size(); length += 7) {
        Detector detector = empty();
        BOOST_TEST_REQUIRE(
            !load(detector,
                  {saved.learned, {saved.rest.begin(), saved.rest.begin() + static_cast<std::ptrdiff_t>(length)}}),
            length << " bytes");
    }
    Saved longer = saved;
    longer.rest.push_back(0);
    Detector detector = empty();
    BOOST_TEST(!load(detector, longer));
    // Whatever a byte says, nothing happens but that it is refused, or is the state of another ISP.
    for (std::size_t at = 0; at < saved.rest.size(); at += 3)
        for (const unsigned flip : {0x01U, 0xffU}) {
            Saved damaged = saved;
            damaged.rest[at] = static_cast<std::uint8_t>(damaged.rest[at] ^ flip);
            Detector other = empty();
            if (!load(other, damaged)) continue;
            std::vector<Decision> decisions;
            other.on_event(smtp(Kind::accept, "mail", kStart + 10min, in_country("US")), decisions);
        }
}

BOOST_AUTO_TEST_CASE(without_the_rest_what_was_learned_is_left) {
    const Detector whole = some_of_everything();
    const Saved saved = save(whole);
    Detector detector = empty();
    auto reader = reader_of(saved.learned);
    BOOST_TEST_REQUIRE(DetectorState::read_learned(reader, detector));
    DetectorState::keep_learned(detector);
    BOOST_TEST(detector.streams().size() == whole.streams().size());
    BOOST_TEST(detector.streams().open_count() == 0U);
    std::size_t quarantined = 0;
    whole.streams().each_learned([&](std::uint64_t key, const Learned& learned) {
        const Learned kept = detector.streams().learned(*detector.streams().find(key));
        BOOST_TEST(kept.first_seen == learned.first_seen);
        BOOST_TEST((std::ranges::equal(kept.familiarity.regions(), learned.familiarity.regions())));
        for (const auto& region : kept.familiarity.regions()) quarantined += region.older == Familiarity::kQuarantined;
    });
    BOOST_TEST(quarantined > 0U);
    // It goes on from there.
    std::vector<Decision> decisions;
    Log log;
    log.dial("thief", kStart + 20min, in_prefecture(46)).dial("thief", kStart + 25min, in_prefecture(13));
    for (const LoginEvent& event : log.events()) detector.on_event(event, decisions);
    BOOST_TEST(decisions.size() > 0U);
    BOOST_TEST(detector.active_ids() == 1U);
}

// As after a reload: places are looked up again, and what changed is not trusted for a day.
BOOST_AUTO_TEST_CASE(with_other_pools_it_is_as_if_they_had_been_reloaded) {
    const std::string other_rows = pool_rows() + "10.46.128.0/17,JP,JP-01,,,,,,bras-new\n";
    Detector reloaded = some_of_everything();
    const Saved saved = save(reloaded);
    reloaded.set_locator(world(other_rows));
    Detector restarted(enforced(), world(other_rows), {}, kKey);
    BOOST_TEST_REQUIRE(load(restarted, saved));
    BOOST_TEST((save(restarted) == save(reloaded)));
    BOOST_TEST((save(restarted) != saved));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::detection::test
