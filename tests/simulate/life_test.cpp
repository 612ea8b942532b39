// Each kind of ordinary life looks as its label says.
#include <fcntl.h>

#include <algorithm>

#include "simulate/isp.hpp"
#include "tests/simulate/simulated.hpp"

namespace guard::simulate::test {
namespace {

using namespace std::chrono_literals;

std::size_t in_pairs_within(const std::vector<LoginEvent>& events, Microseconds least, Microseconds most) {
    std::size_t count = 0;
    for (std::size_t i = 1; i < events.size(); ++i) {
        const Microseconds gap = events[i].time - events[i - 1].time;
        if (gap >= least && gap <= most) ++count;
    }
    return count;
}

std::set<std::string> regions(const Simulated& all, const std::vector<LoginEvent>& events) {
    std::set<std::string> found;
    for (const LoginEvent& event : events)
        if (!event.addresses.empty()) found.insert(all.region(event));
    return found;
}

// Of 3,000 homes whose owners have a second one.
std::uint64_t events_of_homes_until(Time end) {
    EventWriter out(Descriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
    Isp isp(5, 3000, first_instant(), end, out);
    for (std::uint32_t i = 0; i < 3000; ++i) {
        Actor actor;
        actor.id = i;
        actor.label = Label::second_home;
        isp.add(actor, first_instant() + i * 1s);
    }
    isp.run([] {});
    out.flush();
    return out.events();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(life)

BOOST_AUTO_TEST_CASE(an_ordinary_line_shows_life_every_hour_and_reconnects_every_few_days) {
    Arguments arguments;
    arguments.subscribers = 300;
    arguments.smtp = 0;
    arguments.days = 20;
    arguments.scenarios = {Label::ordinary};
    const Simulated one(arguments);
    const double line_days = 300 * 20;
    BOOST_TEST(static_cast<double>(only(Kind::alive, one.events).size()) > 23 * line_days);
    BOOST_TEST(static_cast<double>(only(Kind::alive, one.events).size()) < 24.5 * line_days);
    const auto accepts = static_cast<double>(only(Kind::accept, one.events).size());
    BOOST_TEST(accepts > line_days / 5);
    BOOST_TEST(accepts < line_days / 3);
    BOOST_TEST(one.truth.empty());
}

BOOST_AUTO_TEST_CASE(a_flapping_line_dials_every_6_to_60_s_and_loses_many_stops) {
    const Simulated& all = all_scenarios();
    for (const std::string& id : all.of(Label::flapping)) {
        const auto events = all.events_of(id), accepts = only(Kind::accept, events);
        BOOST_TEST(accepts.size() > 60U);
        BOOST_TEST(in_pairs_within(accepts, 0s, 6s - Microseconds{1}) == 0U);
        BOOST_TEST(in_pairs_within(accepts, 6s, 60s) > accepts.size() * 9 / 10);
        std::set<std::string> addresses;
        for (const LoginEvent& accept : accepts) addresses.insert(accept.addresses.front().to_string());
        BOOST_TEST(addresses.size() > accepts.size() * 9 / 10);
        const double told =
            static_cast<double>(only(Kind::release, events).size()) / static_cast<double>(accepts.size());
        BOOST_TEST(told > 0.2);
        BOOST_TEST(told < 0.8);
        BOOST_TEST(regions(all, events).size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(accept_and_drop_never_lasts_longer_than_three_seconds) {
    const Simulated& all = all_scenarios();
    for (const std::string& id : all.of(Label::accept_and_drop)) {
        const auto events = all.events_of(id);
        BOOST_TEST(only(Kind::accept, events).size() > 60U);
        for (std::size_t i = 1; i < events.size(); ++i)
            if (events[i].kind == Kind::release && events[i - 1].kind == Kind::assign)
                BOOST_TEST((events[i].time - events[i - 1].time <= 3s));
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_password_fails_every_few_seconds_for_ever) {
    const Simulated& all = all_scenarios();
    for (const std::string& id : all.of(Label::wrong_password)) {
        const auto rejects = only(Kind::reject, all.events_of(id));
        BOOST_TEST(rejects.size() > 20U * 86'400 / 34);
        BOOST_TEST(in_pairs_within(rejects, 5s, 33s) == rejects.size() - 1);
    }
}

BOOST_AUTO_TEST_CASE(a_second_home_is_not_online_beside_the_first_until_it_is_familiar) {
    const Simulated& all = all_scenarios();
    for (const std::string& id : all.of(Label::second_home)) {
        const auto events = all.events_of(id);
        BOOST_TEST(regions(all, events).size() == 2U);
        const std::string home = all.region(events.front());
        bool beside = false;
        for (std::size_t i = 1; i < events.size(); ++i) {
            if (all.region(events[i]) == all.region(events[i - 1])) continue;
            if (events[i].time < first_instant() + 14 * 24h)
                BOOST_TEST((events[i].time - events[i - 1].time > 2h));  // the way
            else
                beside = true;
        }
        BOOST_TEST(beside);
    }
}

// Also of a router that is switched off and on just before they leave.
BOOST_AUTO_TEST_CASE(nothing_is_heard_of_a_home_while_its_owners_are_at_a_second_one_that_is_not_familiar) {
    const Time friday = first_instant() + 5 * 24h;
    const auto until_they_leave = events_of_homes_until(friday + 10h + 1s);
    BOOST_TEST(until_they_leave > 3000U * 5 * 24);
    BOOST_TEST(events_of_homes_until(friday + 2 * 24h + 14h) == until_they_leave);
    BOOST_TEST(events_of_homes_until(friday + 2 * 24h + 16h) > until_they_leave + 2000U);
}

BOOST_AUTO_TEST_CASE(who_moves_house_is_offline_for_a_day_and_does_not_come_back) {
    const Simulated& all = all_scenarios();
    for (const std::string& id : all.of(Label::house_move)) {
        const auto events = all.events_of(id);
        std::size_t moves = 0;
        for (std::size_t i = 1; i < events.size(); ++i) {
            if (all.region(events[i]) == all.region(events[i - 1])) continue;
            ++moves;
            BOOST_TEST((events[i].time - events[i - 1].time > 20h));
        }
        BOOST_TEST(moves <= 1U);
    }
}

BOOST_AUTO_TEST_CASE(static_addresses_stay_and_shared_ones_go_from_line_to_line) {
    const Simulated& all = all_scenarios();
    for (const std::string& id : all.of(Label::static_address)) {
        std::set<std::string> addresses;
        for (const LoginEvent& event : all.events_of(id)) addresses.insert(event.addresses.front().to_string());
        BOOST_TEST(addresses.size() == 1U);
    }
    std::map<std::string, std::set<std::string>> holders;
    for (const std::string& id : all.of(Label::reused_address))
        for (const LoginEvent& event : all.events_of(id)) holders[event.addresses.front().to_string()].insert(id);
    BOOST_TEST(std::any_of(holders.begin(), holders.end(), [](const auto& entry) { return entry.second.size() > 1; }));
}

BOOST_AUTO_TEST_CASE(nobody_holds_an_address_that_another_has) {
    const Simulated& all = all_scenarios();
    std::map<std::string, std::string> holder;  // what only one life uses
    std::set<std::string> plain;
    for (const LoginEvent& event : all.events) {
        if (event.service != Service::pppoe || all.truth.contains(event.id) || event.addresses.empty()) continue;
        const std::string address = event.addresses.front().to_string();
        if (event.kind == Kind::accept) holder[address] = event.id;
        if (event.kind == Kind::alive) BOOST_TEST((!holder.contains(address) || holder[address] == event.id));
        if (event.kind == Kind::release) holder.erase(address);
    }
}

BOOST_AUTO_TEST_CASE(messages_come_again_late_or_with_a_wrong_clock) {
    const Simulated& all = all_scenarios();
    for (const std::string& id : all.of(Label::duplicate_accounting)) {
        const auto lives = only(Kind::alive, all.events_of(id));
        BOOST_TEST(in_pairs_within(lives, 0s, 1500ms) == lives.size() / 2);
    }
    for (const std::string& id : all.of(Label::retransmission)) {
        const auto lives = only(Kind::alive, all.events_of(id));
        BOOST_TEST(in_pairs_within(lives, 0s, 0s) > lives.size() / 10);
    }
    for (const std::string& id : all.of(Label::nas_assigned)) {
        const auto events = all.events_of(id);
        for (const LoginEvent& accept : only(Kind::accept, events)) BOOST_TEST(accept.addresses.empty());
        for (const LoginEvent& start : only(Kind::assign, events)) BOOST_TEST(!start.addresses.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_clock_is_wrong_by_the_same_all_the_time) {
    const Simulated& all = all_scenarios();
    std::map<std::string, std::set<std::int64_t>> skews;  // in tens of seconds, of the accounting of each line
    Time arrives{};
    for (const LoginEvent& event : all.events) {
        const auto row = all.truth.find(event.id);
        if (row == all.truth.end())
            arrives = event.time;
        else if (row->second.label == Label::clock_skew && event.kind == Kind::alive && arrives != Time{})
            skews[event.id].insert(
                std::chrono::round<std::chrono::duration<std::int64_t, std::deca>>(event.time - arrives).count());
    }
    bool wrong = false;
    for (const auto& [id, tens] : skews) {
        BOOST_TEST(*tens.rbegin() - *tens.begin() <= 15, id);  // somebody else's event may be two minutes ago
        wrong = wrong || *tens.begin() <= -4 || *tens.begin() >= 10;
    }
    BOOST_TEST(wrong);
}

BOOST_AUTO_TEST_CASE(a_dead_session_shows_life_and_its_end_after_the_next_began) {
    const Simulated& all = all_scenarios();
    std::size_t late = 0;
    for (const std::string& id : all.of(Label::dead_session)) {
        const auto events = all.events_of(id);
        std::string current;
        Time began{};
        for (const LoginEvent& event : events) {
            const std::string address = event.addresses.front().to_string();
            if (event.kind == Kind::accept) {
                current = address;
                began = event.time;
            } else if (!current.empty() && address != current) {
                BOOST_TEST((event.time - began < 300s));
                ++late;
            }
        }
    }
    BOOST_TEST(late > 2U);
}

BOOST_AUTO_TEST_CASE(in_a_mass_event_many_lines_do_the_same_at_once) {
    Arguments arguments;
    arguments.subscribers = 3000;
    arguments.smtp = 0;
    arguments.days = 2;
    arguments.scenarios = {Label::power_cut, Label::failover_fast, Label::failover_slow, Label::reject_flood};
    const Simulated one(arguments);
    for (const auto& [label, within] : std::map<Label, Microseconds>{
             {Label::power_cut, 4min + 1min}, {Label::failover_fast, 330s}, {Label::failover_slow, 3630s}}) {
        std::vector<Time> first_tries;
        for (const auto& event : one.manifest.at("mass_events")) {
            if (event.at("label") != row_of(label).name) continue;
            const Time begins = *parse_rfc3339(event.at("begins").get<std::string>());
            for (const std::string& id : one.of(label))
                for (const LoginEvent& accept : only(Kind::accept, one.events_of(id)))
                    if (accept.time > begins + (label == Label::power_cut ? 20min : 0min)) {
                        first_tries.push_back(accept.time);
                        break;
                    }
        }
        std::sort(first_tries.begin(), first_tries.end());
        BOOST_TEST(first_tries.size() > 8U, row_of(label).name);
        // All but those that were offline anyway, or redialled by themselves in the minutes before.
        const std::size_t tenth = first_tries.size() / 10;
        BOOST_TEST((first_tries[first_tries.size() - 1 - tenth] - first_tries[tenth] <= within), row_of(label).name);
    }
    for (const Label label : {Label::failover_fast, Label::failover_slow})
        for (const std::string& id : one.of(label)) {
            const auto events = one.events_of(id);
            BOOST_TEST(regions(one, events).size() == 2U);
            BOOST_TEST(one.region(events.front()) == one.region(events.back()));
        }
    for (const std::string& id : one.of(Label::reject_flood))
        BOOST_TEST(only(Kind::reject, one.events_of(id)).size() > 20U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::simulate::test
