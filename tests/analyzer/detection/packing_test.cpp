// What a quiet stream is packed into, and that nobody can tell from the decisions whether it was.
#include <cstdlib>
#include <random>

#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

// Whether all that is known of PPPoE IDs is packed by now.
std::size_t open_after(Isp& isp, Time now) {
    isp.read(LoginEvent{Service::pppoe, Kind::reject, "nobody", {}, now});  // time passes
    isp.detector.pack_quiet();
    return isp.detector.streams().open_count();
}

constexpr auto kQuiet = 2h + 10min + 4min;  // two hours, the window of a burst, and twice what may come late

// A year of fifty IDs' life and misuse within two days, in the order of time. Longer, and a session that lost its Stop
// would be forgotten, which docs/detection.md ("Bounds") says.
class Life {
  public:
    explicit Life(std::uint64_t seed) : random_(seed) {
        for (unsigned n = 0; n < 50; ++n) {
            const std::string id = "id" + std::to_string(n);
            days_at_home(id, n);
            if (n % 4 == 0) thief(id, n);
            if (n % 6 == 0) burst(id, n);
            if (n % 5 == 0) mail(id, n);
        }
    }
    [[nodiscard]] std::vector<LoginEvent> events() const { return log_.events(); }

  private:
    unsigned pick(std::uint64_t below) { return static_cast<unsigned>(random_() % below); }
    Time moment(std::chrono::hours days) {
        return kStart + Microseconds{static_cast<std::int64_t>(random_() %
                                                               static_cast<std::uint64_t>(Microseconds{days}.count()))};
    }
    // One in three lines has IPv6, too; some lie outside every pool.
    std::vector<std::string> where(unsigned prefecture, unsigned n) {
        std::vector<std::string> addresses{n % 11 == 7 ? "192.0.2." + std::to_string(1 + n % 200)
                                                       : in_prefecture(prefecture, n)};
        if (n % 3 == 1) addresses.push_back("2001:db8:100:" + std::to_string(n % 90) + "00::/56");
        if (n % 6 == 1) addresses.insert(addresses.begin() + 1, "2001:db8:100:" + std::to_string(n % 90) + "ff::/64");
        if (n % 3 == 1 && n % 2 == 0) std::swap(addresses[0], addresses[1]);
        return addresses;
    }
    void session(const std::string& id, Time began, Time until, const std::vector<std::string>& at) {
        if (pick(3) != 0) log_.add_all(Kind::accept, id, began, pick(2) == 0 ? at : std::vector<std::string>{});
        // Somebody always sees a session begin here: what else is lost docs/detection.md ("Bounds") says.
        log_.add_all(Kind::assign, id, began + 300ms, at);
        const auto step = std::chrono::minutes{30 + pick(90)};
        for (Time sign = began + step; sign < until; sign += step) {
            if (pick(9) == 0) continue;
            log_.add_all(Kind::alive, id, sign, at.size() > 1 && pick(4) == 0 ? std::vector{at[0]} : at);
            if (pick(7) == 0) log_.add_all(Kind::alive, id, sign + 800ms, at);
        }
        if (pick(5) != 0) log_.add_all(Kind::release, id, until, at);
        if (pick(9) == 0) log_.add_all(Kind::alive, id, until + std::chrono::seconds{pick(200)}, at);
    }
    void days_at_home(const std::string& id, unsigned n) {
        Time time = kStart + std::chrono::seconds{pick(20'000)};
        const unsigned home = kPrefectures[n % kPrefectures.size()];
        for (unsigned count = 0; time < kStart + 38h; ++count) {
            const Time until = time + std::chrono::minutes{20 + pick(420)};
            session(id, time, until, where(pick(25) == 0 ? 13 : home, n * 20 + count));
            time = until + std::chrono::seconds{2 + (pick(2) == 0 ? pick(30) : pick(20'000))};
        }
    }
    void thief(const std::string& id, unsigned n) {
        for (unsigned count = pick(4); count-- > 0;) {
            const Time began = moment(36h);
            session(id, began, began + std::chrono::minutes{10 + pick(240)},
                    where(kPrefectures[(n + 1 + count) % kPrefectures.size()], 2000 + n * 20 + count));
        }
    }
    void burst(const std::string& id, unsigned n) {
        Time time = moment(36h);
        for (unsigned count = 8 + pick(6); count-- > 0; time += std::chrono::seconds{20 + pick(40)})
            log_.add_all(Kind::accept, id, time, {});
        if (n % 12 == 0) log_.dial(id, time, in_prefecture(kPrefectures[n % kPrefectures.size()], n));
    }
    void mail(const std::string& id, unsigned n) {
        constexpr std::array countries{"JP", "JP", "JP", "US", "RU"};
        for (unsigned count = pick(20); count-- > 0;) mails_.push_back({id, moment(40h), countries[pick(5)], n % 7});
    }

  public:
    struct Mail {
        std::string id;
        Time time;
        std::string country;
        unsigned network;
    };
    std::vector<Mail> mails_;

  private:
    static constexpr std::array<unsigned, 5> kPrefectures{1, 13, 27, 40, 46};
    std::mt19937_64 random_;
    Log log_;
};

std::vector<LoginEvent> life(std::uint64_t seed) {
    const Life life(seed);
    std::vector<LoginEvent> events = life.events();
    for (const auto& mail : life.mails_)
        events.push_back(smtp(Kind::accept, mail.id, mail.time, in_country(mail.country, mail.network)));
    std::stable_sort(events.begin(), events.end(),
                     [](const LoginEvent& a, const LoginEvent& b) { return a.time < b.time; });
    return events;
}

struct Run {
    std::string decisions;
    DetectorCounters counters;
    std::size_t most_open = 0;
};

// With releases, and another pool table, in the middle of it.
Run run(const std::vector<LoginEvent>& events, StreamLimits limits, bool at_once) {
    config::DetectionSettings settings = enforced();
    settings.learning = 6h;
    Detector detector(settings, world(), {}, kKey, limits);
    Run run;
    std::vector<Decision> decisions;
    Time next_release = kStart + 14h, reload = kStart + 24h;
    for (const LoginEvent& event : events) {
        if (event.time >= next_release) {
            for (unsigned n = 0; n < 50; n += 8) detector.release(Service::pppoe, "id" + std::to_string(n), event.time);
            next_release += 11h;
        }
        if (event.time >= reload) {
            detector.set_locator(world(pool_rows() + "10.1.128.0/17,JP,JP-01,,,,,,bras-new\n"));
            reload = Time::max();
        }
        detector.on_event(event, decisions);
        if (at_once) detector.pack_quiet();
        run.most_open = std::max(run.most_open, detector.streams().open_count());
    }
    detector.finish(decisions);
    run.decisions = told(decisions);
    run.counters = detector.counters();
    return run;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(packing)

BOOST_AUTO_TEST_CASE(packed_at_once_in_turn_or_never_the_decisions_are_the_same) {
    const char* wanted = std::getenv("GUARD_TEST_SEED");
    std::uint64_t seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 1;
    for (int times = 0; times < (wanted != nullptr ? 1 : 8); ++times, ++seed) {
        BOOST_TEST_MESSAGE("seed " << seed);
        const auto events = life(seed);
        const Run never = run(events, {1'000'000, false}, false);
        const Run in_turn = run(events, {}, false), at_once = run(events, {}, true);
        BOOST_TEST_REQUIRE(!never.decisions.empty());
        BOOST_TEST(never.most_open >= 50U);
        BOOST_TEST((in_turn.decisions == never.decisions), "seed " << seed << "\n"
                                                                   << in_turn.decisions << "\n---\n"
                                                                   << never.decisions);
        BOOST_TEST((at_once.decisions == never.decisions), "seed " << seed);
        BOOST_TEST(at_once.counters.packed_lossily == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_line_is_packed_when_what_came_before_its_session_is_out_of_reach) {
    for (const auto& [after, open] : {std::pair{kQuiet + 0us, 1U}, std::pair{kQuiet + 1us, 0U}}) {
        Isp isp;
        Log log;
        log.dial("line", kStart - 20h, in_prefecture(13)).release("line", kStart - 1h, in_prefecture(13));
        log.dial("line", kStart - 1s, in_prefecture(13, 1)).alive("line", kStart + 1h, in_prefecture(13, 1));
        isp.read(log);
        BOOST_TEST(open_after(isp, kStart - 1s + after) == open);
    }
}

BOOST_AUTO_TEST_CASE(interim_updates_leave_it_packed_and_the_stop_opens_it) {
    Isp isp;
    Log log, later;
    log.alive_every(1h, "line", kStart, kStart + 48h, in_prefecture(13));
    isp.read(log);
    BOOST_TEST(isp.detector.streams().size() == 1U);
    BOOST_TEST(isp.detector.streams().open_count() == 0U);
    isp.read({Service::pppoe, Kind::release, "line", {address(in_prefecture(13))}, kStart + 48h + 1s});
    BOOST_TEST(isp.detector.streams().open_count() == 1U);
    later.accept("line", kStart + 49h, in_prefecture(13, 1));
    isp.read(later);
    const Stream& stream = open_stream(isp.detector);
    BOOST_TEST_REQUIRE(stream.history->sessions().size() == 2U);
    const Session& packed = stream.history->sessions().front();
    BOOST_TEST(packed.began == kStart);
    BOOST_TEST(packed.beginning_unknown);
    BOOST_TEST(packed.confirmed.value() == kStart + 48h + 1s);
    BOOST_TEST((packed.confirmed_by == Kind::release));
    BOOST_TEST(packed.ended.value() == kStart + 48h + 1s);
    BOOST_TEST(stream.learned.first_seen == kStart);
    BOOST_TEST(stream.learned.familiarity.is_familiar(region("JP-13"), kStart + 49h, enforced()));
}

// The last sign of a quiet line overtook the accept after it: what counts is the one before.
BOOST_AUTO_TEST_CASE(the_sign_before_the_last_is_not_lost) {
    for (const Kind last : {Kind::alive, Kind::release}) {
        Isp isp;
        Log log;
        log.alive_every(20min, "line", kStart - 16 * 24h, kStart, in_prefecture(13));
        isp.read(log);
        BOOST_TEST(isp.detector.streams().open_count() == 0U);
        isp.read({Service::pppoe, last, "line", {address(in_prefecture(13))}, kStart + 20min});
        isp.read({Service::pppoe, Kind::accept, "line", {address(in_prefecture(46))}, kStart + 19min});
        isp.until(kStart + 1h);
        const Finding finding = isp.only(Rule::pppoe_jump).finding;
        BOOST_TEST(finding.steps.back().left == kStart);
        BOOST_TEST(finding.steps.back().arrived == kStart + 19min);
    }
}

BOOST_AUTO_TEST_CASE(the_gap_between_signs_is_kept_in_five_bits) {
    PackedLine line{};
    line.last = static_cast<std::uint64_t>((kStart).time_since_epoch().count()) & PackedLine::kNoTime;
    for (const Microseconds gap :
         {Microseconds{10min}, Microseconds{10min + 5s}, Microseconds{1h}, Microseconds{48h}}) {
        line.set_before_last(kStart - gap);
        BOOST_TEST(line.before_last().value() == kStart - std::chrono::floor<std::chrono::minutes>(gap));
        BOOST_TEST(before_sign(kStart, kStart - gap).value() == line.before_last().value());
    }
    line.set_before_last(kStart - 61min);  // rather too long ago
    BOOST_TEST(line.before_last().value() == kStart - 75min);
    line.set_before_last(kStart - 49h);
    BOOST_TEST(!line.before_last());
    line.set_before_last(std::nullopt);
    BOOST_TEST(!line.before_last());
}

BOOST_AUTO_TEST_CASE(two_sessions_that_may_be_up_stay_as_they_are_for_two_days) {
    for (const auto& [after, open] : {std::pair{48h + 0min, 1U}, std::pair{48h + 1min, 0U}}) {
        Isp isp;
        Log log;
        log.dial("line", kStart, in_prefecture(13)).dial("line", kStart + 1h, in_prefecture(13, 1));
        log.alive_every(1h, "line", kStart + 2h, kStart + 47h, in_prefecture(13, 1));
        isp.read(log);
        BOOST_TEST(open_after(isp, kStart + after - 1min) == open);
    }
}

BOOST_AUTO_TEST_CASE(a_stay_elsewhere_keeps_it_open_for_a_day) {
    for (const auto& [after, open] : {std::pair{24h + 0min, 1U}, std::pair{24h + 3min, 0U}}) {
        Isp isp;
        Log log;
        log.resident("line", in_prefecture(13)).release("line", kStart, in_prefecture(13));
        log.dial("line", kStart + 5h, in_prefecture(46)).release("line", kStart + 6h, in_prefecture(46));
        log.dial("line", kStart + 12h, in_prefecture(13)).alive("line", kStart + 13h, in_prefecture(13));
        isp.read(log);
        BOOST_TEST_REQUIRE(isp.decisions.empty());
        BOOST_TEST(open_after(isp, kStart + 12h + after) == open);
    }
}

BOOST_AUTO_TEST_CASE(a_finding_keeps_it_open_for_a_day) {
    Isp isp;
    Log log;
    for (int i = 0; i < 10; ++i) log.accept("line", kStart + i * 20s);
    isp.read(log);
    BOOST_TEST_REQUIRE(isp.found(Rule::pppoe_churn));
    BOOST_TEST(open_after(isp, kStart + 24h) == 1U);
    BOOST_TEST(open_after(isp, kStart + 24h + 10min) == 0U);
}

BOOST_AUTO_TEST_CASE(all_that_fits_comes_back) {
    const auto places = locator();
    for (const auto& at :
         std::vector<std::vector<std::string>>{{in_prefecture(13)},
                                               {in_prefecture(1), "2001:db8:100:5600::/56"},
                                               {"2001:db8:100:5600::/56", in_prefecture(1)},
                                               {"2001:db8:4600::/64"},
                                               {in_prefecture(1), "2001:db8:100:56ff::/64", "2001:db8:100:5600::/56"},
                                               {"2001:db8:100:5600::/56", "2001:db8:100:56ff::/64", in_prefecture(1)},
                                               {"192.0.2.1"}}) {
        for (const Kind last : {Kind::assign, Kind::alive, Kind::release}) {
            Log log;
            log.add_all(Kind::accept, "id", kStart + 7us, at).add_all(Kind::assign, "id", kStart + 1s, at);
            if (last != Kind::assign) log.add_all(last, "id", kStart + 1h + 3us, at);
            History history;
            for (const LoginEvent& event : log.events()) {
                std::optional<geo::Place> place;
                for (const IpAddress& address : event.addresses)
                    if (!place) place = places->in_pools(address);
                history.add(event, place, enforced());
            }
            PackedLine line{};
            BOOST_TEST_REQUIRE(history.pack(line, kStart + 10h, *places, enforced()));
            const History back = History::unpack(line, false, *places);
            const Session &was = history.sessions().front(), &is = back.sessions().front();
            BOOST_TEST((is.addresses == was.addresses));
            BOOST_TEST((is.place == was.place));
            BOOST_TEST(is.began == was.began);
            BOOST_TEST(is.accepted == was.accepted);
            BOOST_TEST(is.assigned == was.assigned);
            BOOST_TEST((is.confirmed == was.confirmed));
            BOOST_TEST((is.confirmed_by == was.confirmed_by));
            BOOST_TEST((is.ended == was.ended));
            BOOST_TEST_REQUIRE(back.visits().size() == history.visits().size());
            if (back.visits().empty()) continue;
            BOOST_TEST((back.visits().front().place == history.visits().front().place));
            BOOST_TEST(back.visits().front().last.time == history.visits().front().last.time);
            BOOST_TEST((back.visits().front().last.address == history.visits().front().last.address));
            BOOST_TEST((back.visits().front().last.kind == history.visits().front().last.kind));
            BOOST_TEST(back.visits().front().session_began == history.visits().front().session_began);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_stays_open) {
    Isp isp;
    Log log;
    log.add_all(Kind::alive, "two prefixes", kStart, {"2001:db8:100:1::/64", "2001:db8:100:100::/56"});
    log.add_all(Kind::alive, "one address", kStart, {"2001:db8:100::1"});
    log.alive("very old", Time{} - 1h, in_prefecture(13))
        .alive("very new", Time{} + 200 * 365 * 24h, in_prefecture(13));
    isp.read(log);
    BOOST_TEST(isp.detector.streams().open_count() == 4U);
    isp.detector.pack_quiet();
    BOOST_TEST(isp.detector.streams().open_count() == 4U);
}

// All eight networks of an ID are known after days of silence, and the one not used for longest makes room.
BOOST_AUTO_TEST_CASE(mail_is_packed_after_a_day_with_the_networks_it_knows) {
    MailIsp isp;
    for (unsigned n = 0; n < 8; ++n) isp.accept(kStart + n * 1h, "198.51." + std::to_string(n) + ".1");
    BOOST_TEST(open_after(isp, kStart + 7h + 24h + 2min) == 1U);
    BOOST_TEST(open_after(isp, kStart + 7h + 24h + 5min) == 0U);
    isp.accept(kStart + 40h, "198.51.100.1");  // a ninth: the first is forgotten
    const KnownNetworks& networks = *open_stream(isp.detector).networks;
    const auto known = [&](const std::string& of) {
        return networks.contains(static_cast<std::uint32_t>(IpAddressHash{}(address(of).network())));
    };
    BOOST_TEST(!known("198.51.0.1"));
    BOOST_TEST(known("198.51.100.1"));
    for (unsigned n = 1; n < 8; ++n) BOOST_TEST(known("198.51." + std::to_string(n) + ".1"));
}

BOOST_AUTO_TEST_CASE(past_the_cap_one_is_packed_with_what_fits_and_counted) {
    Detector detector(enforced(), locator(), {}, kKey, {10, true});
    std::vector<Decision> decisions;
    Log log;
    for (unsigned n = 0; n < 100; ++n) log.dial("id" + std::to_string(n), kStart + n * 1s, in_prefecture(13, n));
    for (const LoginEvent& event : log.events()) {
        detector.on_event(event, decisions);
        BOOST_TEST(detector.streams().open_count() <= 10U);
    }
    BOOST_TEST(detector.streams().size() == 100U);
    BOOST_TEST(detector.counters().packed_lossily == 90U);
    // No event of these makes a finding: what was lost can only be missing in one.
    Log later;
    for (unsigned n = 0; n < 100; ++n)
        later.alive("id" + std::to_string(n), kStart + 1h + n * 1s, in_prefecture(13, n + 500));
    for (unsigned n = 0; n < 100; ++n)
        later.alive("id" + std::to_string(n), kStart + 2h + n * 1s, in_prefecture(46, n));
    for (const LoginEvent& event : later.events()) detector.on_event(event, decisions);
    BOOST_TEST(decisions.empty());
}

// One that is found out is not the first to go.
BOOST_AUTO_TEST_CASE(what_was_found_of_an_id_outlasts_the_cap) {
    Detector detector(enforced(), locator(), {}, kKey, {10, true});
    std::vector<Decision> decisions;
    Log log;
    for (int i = 0; i < 10; ++i) log.accept("found", kStart + i * 20s);
    for (unsigned n = 0; n < 50; ++n) log.dial("id" + std::to_string(n), kStart + 5min + n * 1s, in_prefecture(13, n));
    for (int i = 0; i < 10; ++i) log.accept("found", kStart + 10min + i * 20s);
    for (const LoginEvent& event : log.events()) detector.on_event(event, decisions);
    BOOST_TEST(detector.counters().packed_lossily == 41U);
    BOOST_TEST(decisions.size() == 1U);  // it spoke once
}

BOOST_AUTO_TEST_CASE(names_that_nobody_has_make_no_streams) {
    MailIsp isp;
    for (unsigned n = 0; n < 20'000; ++n) {
        const std::string name = "invented" + std::to_string(n);
        isp.read(LoginEvent{Service::pppoe, Kind::reject, name, {}, kStart + n * 10ms});
        isp.read(smtp(Kind::reject, name, kStart + n * 10ms, "203.0.113." + std::to_string(n % 200)));
    }
    BOOST_TEST(isp.detector.streams().empty());
}

BOOST_AUTO_TEST_CASE(many_at_once_are_decided_as_one_after_the_other) {
    const auto events = life(7);
    Isp single(enforced(), {}, world());
    for (const LoginEvent& event : events) single.detector.on_event(event, single.decisions);
    Isp together(enforced(), {}, world());
    const std::vector<LoginEventView> views(events.begin(), events.end());
    for (std::size_t at = 0; at < views.size(); at += 777)
        together.detector.on_events(std::span(views).subspan(at, std::min<std::size_t>(777, views.size() - at)),
                                    together.decisions);
    BOOST_TEST(!single.decisions.empty());
    BOOST_TEST((told(together.decisions) == told(single.decisions)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::detection::test
