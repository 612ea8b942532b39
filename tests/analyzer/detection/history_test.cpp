#include "analyzer/detection/history.hpp"

#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

const config::DetectionSettings kSettings = enforced();

struct Remembered {
    History history;

    Change add(Kind kind, Time time) { return add_all(kind, time, {}); }
    Change add(Kind kind, Time time, const std::string& where) { return add_all(kind, time, std::vector{where}); }
    Change add_all(Kind kind, Time time, const std::vector<std::string>& addresses) {
        LoginEvent event{Service::pppoe, kind, "id", {}, time};
        for (const std::string& text : addresses) event.addresses.push_back(address(text));
        std::optional<geo::Place> where;
        for (const IpAddress& one : event.addresses)
            if (!where) where = locator()->in_pools(one);
        return history.add(event, where, kSettings);
    }
    [[nodiscard]] const Session& only_session() const {
        BOOST_REQUIRE(history.sessions().size() == 1U);
        return history.sessions().front();
    }
    [[nodiscard]] std::vector<std::string> stays() const {
        std::vector<std::string> regions;
        for (const Visit& visit : history.visits()) regions.emplace_back(visit.place.region.view());
        return regions;
    }
};

const std::string kHere = in_prefecture(13), kAlso = in_prefecture(13, 1), kFar = in_prefecture(46);
using Regions = std::vector<std::string>;

BOOST_FIXTURE_TEST_SUITE(repeated_facts, Remembered)

BOOST_AUTO_TEST_CASE(accounting_within_two_seconds_is_one_fact) {
    for (const Kind kind : {Kind::assign, Kind::alive, Kind::release}) {
        Remembered id;
        BOOST_TEST(!id.add(kind, kStart, kHere).repeated);
        BOOST_TEST(id.add(kind, kStart + 2s, kHere).repeated);
        BOOST_TEST(id.add(kind, kStart - 2s, kHere).repeated);
        BOOST_TEST(!id.add(kind, kStart + 2s + 1us, kHere).repeated);
        BOOST_TEST(!id.add(kind, kStart + 1s, kAlso).repeated);
    }
}

BOOST_AUTO_TEST_CASE(accepts_within_ten_seconds_count_once) {
    BOOST_TEST(add(Kind::accept, kStart).counted_accept);
    BOOST_TEST(add(Kind::accept, kStart).repeated);
    BOOST_TEST(!add(Kind::accept, kStart + 1us).counted_accept);
    BOOST_TEST(!add(Kind::accept, kStart + 10s).counted_accept);
    BOOST_TEST(add(Kind::accept, kStart + 10s + 1us).counted_accept);
    BOOST_TEST(history.accepts().size() == 2U);
}

BOOST_AUTO_TEST_CASE(unless_a_session_came_up_between_them) {
    BOOST_TEST(add(Kind::accept, kStart).counted_accept);
    add(Kind::assign, kStart + 1s, kHere);
    BOOST_TEST(add(Kind::accept, kStart + 6s).counted_accept);
    // The same where the accept carries the address already.
    BOOST_TEST(add(Kind::accept, kStart + 1h, kHere).counted_accept);
    add(Kind::assign, kStart + 1h + 1s, kHere);
    BOOST_TEST(add(Kind::accept, kStart + 1h + 6s, kAlso).counted_accept);
    BOOST_TEST(history.accepts().size() == 4U);
}

BOOST_AUTO_TEST_CASE(an_accept_that_comes_late_is_the_first_of_its_retries) {
    BOOST_TEST(add(Kind::accept, kStart + 5s).counted_accept);
    BOOST_TEST(!add(Kind::accept, kStart).counted_accept);
    BOOST_REQUIRE(history.accepts().size() == 1U);
    BOOST_TEST(history.accepts().front().time == kStart);
    BOOST_TEST(add(Kind::accept, kStart - 1min).counted_accept);
    BOOST_TEST(history.accepts().front().time == kStart - 1min);
    for (const auto before : {Microseconds{10s}, Microseconds{10s} + 1us}) {
        Remembered id;
        id.add(Kind::accept, kStart);
        BOOST_TEST(id.add(Kind::accept, kStart - before).counted_accept == (before > 10s));
    }
}

BOOST_AUTO_TEST_CASE(accepts_are_kept_for_what_may_ask_for_them_and_bounded) {
    for (int i = 0; i < 1000; ++i) {
        add(Kind::accept, kStart + i * 20s);
    }
    BOOST_TEST(history.accepts().size() == 128 + kSettings.pppoe.burst_rate_accepts);
    BOOST_TEST(history.accepts().back().time == kStart + 999 * 20s);
    add(Kind::accept, kStart + 999 * 20s + 130min + 1s);
    BOOST_TEST(history.accepts().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(sessions, Remembered)

BOOST_AUTO_TEST_CASE(accept_and_start_are_one_session_in_either_order) {
    for (const bool accept_first : {true, false}) {
        Remembered id;
        const auto accept = [&] { return id.add(Kind::accept, kStart, kHere); };
        const auto assign = [&] { return id.add(Kind::assign, kStart + 120s, kHere); };
        const Change first = accept_first ? accept() : assign();
        const Change second = accept_first ? assign() : accept();
        BOOST_TEST(first.new_session);
        BOOST_TEST(!second.new_session);
        BOOST_TEST(id.only_session().began == kStart);
        BOOST_TEST(id.only_session().assigned);
        BOOST_TEST(!id.only_session().ended.has_value());
        BOOST_TEST(id.add(Kind::alive, kStart + 1h, kHere).life_sign);
    }
}

BOOST_AUTO_TEST_CASE(a_start_much_later_is_another_session) {
    add(Kind::accept, kStart, kHere);
    BOOST_TEST(add(Kind::assign, kStart + 120s + 1us, kHere).new_session);
    BOOST_TEST(history.sessions().front().ended.has_value());
}

BOOST_AUTO_TEST_CASE(a_second_accept_at_a_static_address_ends_the_session_before) {
    add(Kind::accept, kStart, kHere);
    add(Kind::assign, kStart + 1s, kHere);
    BOOST_TEST(add(Kind::accept, kStart + 30s, kHere).new_session);
    BOOST_REQUIRE(history.sessions().size() == 2U);
    BOOST_TEST((history.sessions().front().ended == kStart + 30s));
    // The Stop of the first comes late: it does not end the second.
    add(Kind::release, kStart + 20s, kHere);
    BOOST_TEST(!history.sessions().back().ended.has_value());
    BOOST_TEST(add(Kind::alive, kStart + 1h, kHere).life_sign);
    BOOST_TEST((history.sessions().back().confirmed == kStart + 1h));
}

BOOST_AUTO_TEST_CASE(addresses_of_one_record_are_one_session_and_those_of_its_start_join) {
    add(Kind::accept, kStart, kHere);
    add_all(Kind::assign, kStart + 1s, {kHere, "2001:db8:100::/64", "2001:db8:100:100::/56"});
    BOOST_TEST(only_session().addresses.size() == 3U);
    BOOST_TEST(add(Kind::alive, kStart + 1h, "2001:db8:100:100::/56").life_sign);
    add_all(Kind::release, kStart + 2h, {kHere, "2001:db8:100::/64"});
    BOOST_TEST(only_session().ended.has_value());
    BOOST_TEST(history.visits().size() == 1U);
}

BOOST_AUTO_TEST_CASE(evidence_names_the_address_that_told_the_region) {
    add_all(Kind::assign, kStart, {"192.0.2.1", "2001:db8:100:100::/56"});  // the first one is in no pool
    BOOST_REQUIRE(history.visits().size() == 1U);
    BOOST_TEST(history.visits().front().first.address->to_string() == "2001:db8:100:100::/56");
}

BOOST_AUTO_TEST_CASE(a_sign_of_a_dead_session_is_none) {
    const auto after_the_next_began = [](Microseconds span) {
        Remembered id;
        id.add(Kind::assign, kStart, kHere);
        id.add(Kind::assign, kStart + 1h, kAlso);
        const bool counts = id.add(Kind::alive, kStart + 1h + span, kHere).life_sign;
        BOOST_TEST(id.history.sessions().front().confirmed.has_value() == counts);
        return counts;
    };
    BOOST_TEST(after_the_next_began(-3s));  // before it, and told of late
    BOOST_TEST(!after_the_next_began(3s));
    BOOST_TEST(!after_the_next_began(kSettings.pppoe.dead_peer_time));
    BOOST_TEST(after_the_next_began(kSettings.pppoe.dead_peer_time + 1us));
}

BOOST_AUTO_TEST_CASE(a_stop_that_comes_long_after_ends_the_session_and_proves_it) {
    add(Kind::assign, kStart, kHere);
    add(Kind::assign, kStart + 1h, kAlso);
    BOOST_TEST(add(Kind::release, kStart + 2h, kHere).life_sign);
    BOOST_TEST((history.sessions().front().confirmed_by == Kind::release));
    BOOST_TEST(!add(Kind::alive, kStart + 3h, kHere).life_sign);  // nothing lives behind its Stop
    BOOST_TEST(!add(Kind::release, kStart + 3h, kHere).life_sign);
}

BOOST_AUTO_TEST_CASE(a_start_behind_its_stop_begins_no_session_that_stays) {
    add(Kind::accept, kStart, kHere);
    add(Kind::release, kStart + 20s, kHere);
    add(Kind::assign, kStart + 1s, kHere);
    BOOST_TEST(only_session().ended.has_value());
    BOOST_TEST(only_session().assigned);
}

BOOST_AUTO_TEST_CASE(a_start_after_the_stop_is_another_session) {
    add(Kind::accept, kStart, kHere);
    add(Kind::release, kStart + 20s, kHere);
    BOOST_TEST(add(Kind::assign, kStart + 60s, kHere).new_session);
    BOOST_TEST(history.sessions().front().ended.has_value());
    BOOST_TEST(!history.sessions().back().ended.has_value());
}

BOOST_AUTO_TEST_CASE(a_session_seen_by_a_sign_of_life_first_is_older_than_those_whose_beginning_was_seen) {
    add(Kind::assign, kStart, kFar);
    // Its Start was days ago. What it shows within dead_peer_time may be the tail of it.
    BOOST_TEST(!add(Kind::release, kStart + 60s, kHere).life_sign);
    BOOST_TEST(stays() == Regions{"JP-46"}, boost::test_tools::per_element());
    BOOST_TEST(add(Kind::alive, kStart + 301s, kAlso).life_sign);
    BOOST_TEST(history.sessions().back().is_older_than(history.sessions().front()));
    BOOST_TEST(!history.sessions().front().is_older_than(history.sessions().back()));
}

BOOST_AUTO_TEST_CASE(a_start_that_comes_behind_a_sign_of_life_is_its_beginning) {
    add(Kind::alive, kStart + 10min, kHere);
    BOOST_TEST(only_session().beginning_unknown);
    BOOST_TEST(!add(Kind::assign, kStart, kHere).new_session);
    BOOST_TEST(!only_session().beginning_unknown);
    BOOST_TEST(only_session().began == kStart);
}

BOOST_AUTO_TEST_CASE(the_clock_of_a_nas_may_be_behind) {
    add(Kind::accept, kStart, kHere);
    BOOST_TEST(!add(Kind::assign, kStart - 3s, kHere).new_session);
    add(Kind::release, kStart - 2s, kHere);
    BOOST_TEST(only_session().ended.has_value());
    // By five seconds, no more: what is earlier is of a session before.
    for (const auto before : {Microseconds{5s}, Microseconds{5s} + 1us}) {
        Remembered id;
        id.add(Kind::accept, kStart, kHere);
        BOOST_TEST(id.add(Kind::release, kStart - before, kHere).new_session == (before > 5s));
        BOOST_TEST(id.history.sessions().back().ended.has_value() == (before == 5s));
    }
}

BOOST_AUTO_TEST_CASE(the_oldest_session_outlives_all_that_others_begin) {
    add(Kind::assign, kStart, kHere);
    for (unsigned i = 0; i < 200; ++i) add(Kind::assign, kStart + 1min + i * 10s, in_prefecture(13, i + 10));
    BOOST_TEST(history.sessions().size() == 24U);
    BOOST_TEST(history.sessions().front().began == kStart);
    BOOST_TEST(add(Kind::alive, kStart + 2h, kHere).life_sign);
}

BOOST_AUTO_TEST_CASE(rejects_leave_no_trace) {
    add(Kind::reject, kStart, kHere);
    BOOST_TEST(history.sessions().empty());
    BOOST_TEST(history.visits().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(visits, Remembered)

BOOST_AUTO_TEST_CASE(a_stay_lasts_from_its_first_sign_to_its_last) {
    BOOST_TEST(add(Kind::assign, kStart, kHere).new_visit);
    BOOST_TEST(!add(Kind::alive, kStart + 1h, kHere).new_visit);
    BOOST_TEST(add(Kind::assign, kStart + 90min, kFar).new_visit);
    BOOST_TEST(stays() == (Regions{"JP-13", "JP-46"}), boost::test_tools::per_element());
    const Visit& far = history.visits().back();
    BOOST_REQUIRE(far.impossible.has_value());
    BOOST_TEST(far.impossible->left == kStart + 1h);
    BOOST_TEST(far.impossible->arrived == kStart + 90min);
    // 962 km less twice the radius of 50 km, in 30 minutes and the slack of two.
    BOOST_TEST(far.impossible->distance == 863, boost::test_tools::tolerance(0.01));
    BOOST_TEST(far.impossible->speed_kmh == far.impossible->distance * 60 / 32, boost::test_tools::tolerance(1e-9));
}

BOOST_AUTO_TEST_CASE(late_evidence_prolongs_the_stay_before_and_the_step_is_judged_again) {
    add(Kind::assign, kStart - 48h, kHere);
    add(Kind::assign, kStart, kFar);
    BOOST_TEST(!history.visits().back().impossible.has_value());
    BOOST_TEST(add(Kind::alive, kStart - 60s, kHere).new_visit);  // as good as a new one: it is news to the rules
    BOOST_TEST(history.visits().back().impossible.has_value());
    BOOST_TEST(!add(Kind::alive, kStart - 30s, kHere).new_visit);
    BOOST_TEST(history.visits().back().impossible->left == kStart - 30s);
}

BOOST_AUTO_TEST_CASE(late_evidence_moves_an_arrival) {
    add(Kind::assign, kStart, kHere);
    add(Kind::assign, kStart + 3h, kFar);
    BOOST_TEST(!history.visits().back().impossible.has_value());
    BOOST_TEST(add(Kind::assign, kStart + 1h, in_prefecture(46, 1)).new_visit);
    BOOST_TEST(history.visits().back().impossible->arrived == kStart + 1h);
    BOOST_TEST(history.visits().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_stay_that_is_told_of_late_takes_its_place) {
    add(Kind::assign, kStart, kHere);
    add(Kind::assign, kStart + 1h, in_prefecture(1));
    BOOST_TEST(add(Kind::assign, kStart + 59min, kFar).new_visit);
    BOOST_TEST(stays() == (Regions{"JP-13", "JP-46", "JP-01"}), boost::test_tools::per_element());
    BOOST_TEST(add(Kind::assign, kStart - 1min, in_prefecture(40)).new_visit);
    BOOST_TEST(stays() == (Regions{"JP-40", "JP-13", "JP-46", "JP-01"}), boost::test_tools::per_element());
    // Within a stay it says nothing: both may be true.
    add(Kind::alive, kStart + 2h, in_prefecture(1));
    add(Kind::assign, kStart + 3h, kHere);
    BOOST_TEST(!add(Kind::assign, kStart + 90min, kFar).new_visit);
}

BOOST_AUTO_TEST_CASE(bounded_and_the_newest_stay) {
    for (unsigned i = 0; i < 100; ++i) add(Kind::assign, kStart + i * 10min, in_prefecture(i % 2 == 0 ? 13 : 46, i));
    BOOST_TEST(history.visits().size() == 24U);
    BOOST_TEST(history.visits().back().first.time == kStart + 990min);
    BOOST_TEST(!add(Kind::assign, kStart, in_prefecture(1)).new_visit);  // older than all that is kept
    BOOST_TEST(history.visits().size() == 24U);
}

BOOST_AUTO_TEST_CASE(another_pool_table_moves_the_past_as_well) {
    add(Kind::assign, kStart, kHere);
    add(Kind::assign, kStart + 10min, kFar);
    BOOST_TEST(history.visits().back().impossible.has_value());
    const auto next_door = locator("10.13.0.0/16,JP,JP-13\n10.46.0.0/16,JP,JP-14\n");
    history.relocate([&](std::span<const IpAddress> addresses) { return next_door->in_pools(addresses.front()); },
                     kSettings);
    BOOST_TEST(stays() == (Regions{"JP-13", "JP-14"}), boost::test_tools::per_element());
    BOOST_TEST(!history.visits().back().impossible.has_value());
    const auto all_in_tokyo = locator("10.0.0.0/8,JP,JP-13\n");
    history.relocate([&](std::span<const IpAddress> addresses) { return all_in_tokyo->in_pools(addresses.front()); },
                     kSettings);
    BOOST_TEST(stays() == Regions{"JP-13"}, boost::test_tools::per_element());
    BOOST_TEST(history.visits().front().last.time == kStart + 10min);
    BOOST_TEST((history.sessions().back().place->region == region("JP-13")));
    history.relocate([](std::span<const IpAddress>) { return std::nullopt; }, kSettings);
    BOOST_TEST(history.visits().empty());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(impossible_step)

BOOST_AUTO_TEST_CASE(needs_the_distance_and_the_speed) {
    auto pppoe = kSettings.pppoe;
    const geo::Place tokyo = place(13), kagoshima = place(46);
    const auto step = [&](Time left, Time arrived) {
        return History::impossible_step(tokyo, left, kagoshima, arrived, pppoe);
    };
    const double distance = step(kStart, kStart)->distance;
    // On the boundary of the speed: the step takes exactly as long as 500 km/h allow.
    const auto travel = std::chrono::round<Microseconds>(std::chrono::duration<double>(distance / 500 * 3600)) - 120s;
    BOOST_TEST(!step(kStart, kStart + travel + 1ms).has_value());
    BOOST_TEST(step(kStart, kStart + travel - 1ms).has_value());
    BOOST_TEST(step(kStart + travel - 1ms, kStart).has_value());  // either way round
    pppoe.min_distance_km = distance;
    BOOST_TEST(step(kStart, kStart).has_value());
    pppoe.min_distance_km = distance + 0.001;
    BOOST_TEST(!step(kStart, kStart).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_not_known_of_both_places_is_taken_off) {
    // Tokyo and Kanagawa: 27 km between the capitals, 50 km of radius each.
    BOOST_TEST(!History::impossible_step(place(13), kStart, place(14), kStart, kSettings.pppoe).has_value());
    geo::Place wide = place(46);
    wide.radius = 900;
    BOOST_TEST(!History::impossible_step(place(13), kStart, wide, kStart, kSettings.pppoe).has_value());
    // One region is never far from itself, wherever its pools say they are.
    geo::Place elsewhere = place(13);
    elsewhere.coordinates = place(46).coordinates;
    BOOST_TEST(!History::impossible_step(place(13), kStart, elsewhere, kStart, kSettings.pppoe).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(signs_that_overtake, Remembered)

// Two sessions at one address; the Stop of the second is told of before its Start.
BOOST_AUTO_TEST_CASE(go_over_to_the_session_they_are_of) {
    add(Kind::assign, kStart, kHere);
    add(Kind::assign, kStart + 10min, kAlso);
    BOOST_TEST(add(Kind::release, kStart + 20min, kHere).life_sign);
    BOOST_TEST(history.sessions().front().confirmed.value() == kStart + 20min);
    BOOST_TEST(history.stands({address(kHere), kStart + 20min, kStart}, kSettings.pppoe));
    const Change change = add(Kind::assign, kStart + 19min, kHere);
    BOOST_TEST(change.new_session);
    BOOST_TEST(change.life_sign);
    BOOST_TEST_REQUIRE(history.sessions().size() == 3U);
    BOOST_TEST(!history.sessions().front().confirmed);
    BOOST_TEST(history.sessions().front().ended.value() == kStart + 19min);
    BOOST_TEST(history.sessions().back().confirmed.value() == kStart + 20min);
    BOOST_TEST(history.sessions().back().ended.value() == kStart + 20min);
    BOOST_TEST(!history.stands({address(kHere), kStart + 20min, kStart}, kSettings.pppoe));
    BOOST_TEST(history.stands({address(kHere), kStart + 20min}, kSettings.pppoe));  // whichever session it is of
    BOOST_TEST(!history.stands({address(kFar), kStart + 20min}, kSettings.pppoe));
}

BOOST_AUTO_TEST_CASE(at_the_same_time_it_is_of_the_session_that_began_then) {
    add(Kind::assign, kStart, kHere);
    add(Kind::alive, kStart + 10min, kHere);
    add(Kind::alive, kStart + 20min, kHere);
    add(Kind::assign, kStart + 20min, kHere);
    BOOST_TEST(history.sessions().front().confirmed.value() == kStart + 10min);
    BOOST_TEST(history.sessions().back().confirmed.value() == kStart + 20min);
}

// Of both families, each taken for a sign of another session: the newer one is what the session shows.
BOOST_AUTO_TEST_CASE(of_two_that_go_over_the_newer_counts) {
    const std::string six = "2001:db8:100:100::/56";
    for (const bool six_is_newer : {true, false}) {
        Remembered line;
        line.add(Kind::assign, kStart, kHere);
        line.add(Kind::assign, kStart + 1min, six);
        line.add(six_is_newer ? Kind::alive : Kind::release, kStart + (six_is_newer ? 20min : 21min), kHere);
        line.add(six_is_newer ? Kind::release : Kind::alive, kStart + (six_is_newer ? 21min : 20min), six);
        line.add_all(Kind::assign, kStart + 19min, {kHere, six});
        BOOST_TEST_REQUIRE(line.history.sessions().size() == 3U);
        for (std::size_t older = 0; older < 2; ++older) BOOST_TEST(!line.history.sessions()[older].confirmed);
        BOOST_TEST(line.history.sessions().back().confirmed.value() == kStart + 21min);
        BOOST_TEST((line.history.sessions().back().confirmed_by == Kind::release));
        BOOST_TEST(line.history.sessions().back().ended.value() == kStart + 21min);
    }
}

BOOST_AUTO_TEST_CASE(or_come_late_split_the_stay_they_fall_into) {
    add(Kind::assign, kStart, kHere);
    add(Kind::assign, kStart + 10min, kFar);
    add(Kind::alive, kStart + 20min, kHere);
    add(Kind::alive, kStart + 22min, kHere);
    add(Kind::alive, kStart + 21min, kFar);
    BOOST_TEST(stays() == (Regions{"JP-13", "JP-46", "JP-13", "JP-46", "JP-13"}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(leave_the_sign_before_them) {
    for (const auto gap : {84s, 120s, 121s}) {
        Remembered line;
        line.add(Kind::assign, kStart, kHere);
        line.add(Kind::alive, kStart + 10min, kHere);
        line.add(Kind::release, kStart + 10min + gap, kHere);
        line.add(Kind::accept, kStart + 10min + gap - 1s, kFar);
        BOOST_TEST(line.history.sessions().front().confirmed.value() == kStart + 10min);
        BOOST_TEST(line.history.visits()[line.history.visits().size() - 2].last.time == kStart + 10min);
    }
}

// Of several within two minutes all may go; the one before those is out of reach.
BOOST_AUTO_TEST_CASE(leave_none_that_they_take_back_too) {
    for (const bool has_one_before : {true, false}) {
        Remembered line;
        line.add(Kind::assign, kStart, kHere);
        if (has_one_before) line.add(Kind::alive, kStart + 5min, kHere);
        line.add(Kind::alive, kStart + 10min, kHere);
        line.add(Kind::release, kStart + 11min, kHere);
        line.add(Kind::assign, kStart + 9min + 30s, kFar);
        const Session& session = line.history.sessions().front();
        BOOST_TEST(session.confirmed.has_value() == has_one_before);
        if (has_one_before) BOOST_TEST(session.confirmed.value() == kStart + 5min);
    }
}

BOOST_AUTO_TEST_CASE(do_not_stand_as_the_tail_of_a_dead_session) {
    add(Kind::assign, kStart, kHere);
    add(Kind::alive, kStart + 20min, kHere);
    add(Kind::assign, kStart + 19min, kFar);
    BOOST_TEST(!history.stands({address(kHere), kStart + 20min, kStart}, kSettings.pppoe));
    BOOST_TEST(history.stands({address(kHere), kStart + 19min, kStart}, kSettings.pppoe));
    BOOST_TEST(history.stands({address(kHere), kStart + 24min + 1us, kStart}, kSettings.pppoe));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(after_a_release, Remembered)

BOOST_AUTO_TEST_CASE(what_was_before_never_counts_again) {
    add(Kind::assign, kStart, kFar);
    add(Kind::accept, kStart);
    history.release(kStart + 1h);
    BOOST_TEST(history.accepts().empty());
    BOOST_TEST(history.visits().empty());
    BOOST_TEST(!add(Kind::alive, kStart + 2h, kFar).life_sign);
    BOOST_TEST(!add(Kind::release, kStart + 3h, kFar).life_sign);
    BOOST_TEST(history.sessions().front().ended.has_value());
    BOOST_TEST(history.visits().empty());
}

BOOST_AUTO_TEST_CASE(also_when_it_is_told_of_later) {
    history.release(kStart);
    BOOST_TEST(!add(Kind::accept, kStart, kFar).counted_accept);
    add(Kind::assign, kStart - 1s, kFar);
    BOOST_TEST(history.visits().empty());
    BOOST_TEST(!add(Kind::alive, kStart + 1h, kFar).life_sign);
    // A session nobody saw begin is older than it seems.
    BOOST_TEST(!add(Kind::alive, kStart + 2h, in_prefecture(46, 7)).life_sign);
    BOOST_TEST(history.visits().empty());
}

BOOST_AUTO_TEST_CASE(what_comes_after_counts) {
    history.release(kStart);
    BOOST_TEST(add(Kind::accept, kStart + 1us, kHere).counted_accept);
    BOOST_TEST(add(Kind::alive, kStart + 1h, kHere).life_sign);
    BOOST_TEST(stays() == Regions{"JP-13"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
