// Each attack is what its label says, and begins when the truth says.
#include <algorithm>

#include "geo/distance.hpp"
#include "tests/simulate/simulated.hpp"

namespace guard::simulate::test {
namespace {

using namespace std::chrono_literals;

const config::DetectionSettings kDefaults;

Arguments attacks(std::vector<Label> labels_of) {
    Arguments arguments;
    arguments.subscribers = 200;
    arguments.smtp = 60;
    arguments.days = 20;
    arguments.scenarios = std::move(labels_of);
    return arguments;
}

const Simulated& thieves() {
    static const Simulated simulated(
        attacks({Label::rotation_far, Label::resale, Label::single_far, Label::rotation_near, Label::offline_near,
                 Label::evader_rate, Label::evader_speed, Label::evader_distance, Label::review_flood,
                 Label::flapping_imitator}));
    return simulated;
}

struct Theft {
    std::vector<LoginEvent> before, after;  // attack_start; with addresses alone
    std::string home;
    Time start{};
};

Theft theft_of(const Simulated& all, const std::string& id) {
    Theft theft;
    theft.start = *all.truth.at(id).attack_start;
    for (const LoginEvent& event : all.events_of(id))
        if (!event.addresses.empty()) (event.time < theft.start ? theft.before : theft.after).push_back(event);
    BOOST_REQUIRE(!theft.before.empty());
    BOOST_REQUIRE(!theft.after.empty());
    theft.home = all.region(theft.before.front());
    return theft;
}

double kilometres(const Simulated& all, const LoginEvent& a, const LoginEvent& b) {
    return geo::lower_bound_distance(all.place(a.addresses.front()), all.place(b.addresses.front()));
}

// Signs of life of the victim's session around the start of the attack.
bool owner_is_online(const Theft& theft) {
    const std::string address = theft.before.back().addresses.front().to_string();
    return std::any_of(theft.after.begin(), theft.after.end(), [&](const LoginEvent& event) {
        return event.kind == Kind::alive && event.addresses.front().to_string() == address &&
               event.time < theft.start + 2h;
    });
}

std::size_t most_accepts_within(const std::vector<LoginEvent>& events, std::chrono::seconds window) {
    const auto accepts = only(Kind::accept, events);
    std::size_t most = 0, first = 0;
    for (std::size_t i = 0; i < accepts.size(); ++i) {
        while (accepts[first].time + window <= accepts[i].time) ++first;
        most = std::max(most, i - first + 1);
    }
    return most;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(attack)

BOOST_AUTO_TEST_CASE(attacks_begin_after_learning_with_an_accept) {
    const Simulated& all = thieves();
    for (const auto& [id, row] : all.truth) {
        if (!row.attack_start) continue;
        BOOST_TEST((*row.attack_start >= first_instant() + 15 * 24h), id);
        const Theft theft = theft_of(all, id);
        BOOST_TEST((theft.after.front().time == theft.start), id);
        BOOST_TEST((theft.after.front().kind == Kind::accept), id);
        // Until then everything happened at home.
        for (const LoginEvent& event : theft.before) BOOST_TEST(all.region(event) == theft.home);
    }
}

BOOST_AUTO_TEST_CASE(who_steals_from_afar_is_far) {
    const Simulated& all = thieves();
    for (const Label label : {Label::rotation_far, Label::resale, Label::single_far, Label::review_flood})
        for (const std::string& id : all.of(label)) {
            const Theft theft = theft_of(all, id);
            BOOST_TEST(kilometres(all, theft.before.front(), theft.after.front()) >= kDefaults.pppoe.min_distance_km);
        }
}

BOOST_AUTO_TEST_CASE(a_single_session_from_afar_comes_when_the_owners_is_days_old) {
    const Simulated& all = thieves();
    for (const std::string& id : all.of(Label::single_far)) {
        const Theft theft = theft_of(all, id);
        BOOST_TEST(owner_is_online(theft));
        BOOST_TEST((theft.start - only(Kind::accept, theft.before).back().time > 5 * 24h));
        BOOST_TEST(only(Kind::accept, theft.after).size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(rotation_takes_a_new_address_each_time) {
    const Simulated& all = thieves();
    for (const Label label : {Label::rotation_far, Label::rotation_near})
        for (const std::string& id : all.of(label)) {
            const auto accepts = only(Kind::accept, theft_of(all, id).after);
            std::set<std::string> addresses;
            for (const LoginEvent& accept : accepts) addresses.insert(accept.addresses.front().to_string());
            BOOST_TEST(accepts.size() > 5U);
            BOOST_TEST(addresses.size() + accepts.size() / 20 + 1 >= accepts.size());
        }
}

BOOST_AUTO_TEST_CASE(near_thieves_stay_in_the_owners_region_who_is_online) {
    const Simulated& all = thieves();
    for (const Label label : {Label::rotation_near, Label::flapping_imitator, Label::evader_rate})
        for (const std::string& id : all.of(label)) {
            const Theft theft = theft_of(all, id);
            BOOST_TEST(owner_is_online(theft));
            for (const LoginEvent& event : theft.after) BOOST_TEST(all.region(event) == theft.home);
            const bool burst =
                most_accepts_within(theft.after, kDefaults.pppoe.burst_window) >= kDefaults.pppoe.burst_accepts;
            BOOST_TEST(burst == (label != Label::evader_rate));
        }
}

BOOST_AUTO_TEST_CASE(resale_is_to_buyers_in_three_far_regions_at_least) {
    const Simulated& all = thieves();
    for (const std::string& id : all.of(Label::resale)) {
        const Theft theft = theft_of(all, id);
        std::set<std::string> regions;
        for (const LoginEvent& event : theft.after) regions.insert(all.region(event));
        BOOST_TEST(regions.size() >= 3U);
    }
}

BOOST_AUTO_TEST_CASE(a_thief_at_night_never_overlaps_the_owner) {
    const Simulated& all = thieves();
    for (const std::string& id : all.of(Label::offline_near)) {
        const Theft theft = theft_of(all, id);
        std::string held;
        for (const LoginEvent& event : theft.after) {
            BOOST_TEST(all.region(event) == theft.home);
            const std::string address = event.addresses.front().to_string();
            if (event.kind == Kind::accept) held = address;
            // Stops are lost now and then; whoever shows life is the last who dialled in.
            if (event.kind == Kind::alive) BOOST_TEST(address == held);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_patient_thief_is_never_faster_than_the_limit) {
    const Simulated& all = thieves();
    for (const std::string& id : all.of(Label::evader_speed)) {
        const auto events = all.events_of(id);
        std::size_t steps = 0;
        for (std::size_t i = 1; i < events.size(); ++i) {
            if (all.region(events[i]) == all.region(events[i - 1])) continue;
            ++steps;
            const double hours =
                std::chrono::duration<double, std::ratio<3600>>(events[i].time - events[i - 1].time + 120s).count();
            const double speed = kilometres(all, events[i - 1], events[i]) / hours;
            BOOST_TEST(speed <= kDefaults.pppoe.max_speed_kmh);
            BOOST_TEST(kilometres(all, events[i - 1], events[i]) >= kDefaults.pppoe.min_distance_km);
        }
        BOOST_TEST(steps >= 1U);
    }
}

BOOST_AUTO_TEST_CASE(the_near_evader_is_in_another_prefecture_and_nearer_than_the_limit) {
    const Simulated& all = thieves();
    for (const std::string& id : all.of(Label::evader_distance)) {
        const Theft theft = theft_of(all, id);
        BOOST_TEST(all.region(theft.after.front()) != theft.home);
        BOOST_TEST(kilometres(all, theft.before.front(), theft.after.front()) < kDefaults.pppoe.min_distance_km);
    }
}

BOOST_AUTO_TEST_CASE(a_flood_is_many_ids_within_half_an_hour) {
    const Simulated& all = thieves();
    std::vector<Time> starts;
    for (const std::string& id : all.of(Label::review_flood)) starts.push_back(*all.truth.at(id).attack_start);
    BOOST_TEST(starts.size() == 6U);
    const auto [first, last] = std::minmax_element(starts.begin(), starts.end());
    BOOST_TEST((*last - *first <= 30min));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::simulate::test
