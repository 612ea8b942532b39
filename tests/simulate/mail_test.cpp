// Mail clients, and who misuses their IDs or guesses their passwords.
#include <algorithm>

#include "geo/gateways.hpp"
#include "tests/simulate/simulated.hpp"

namespace guard::simulate::test {
namespace {

using namespace std::chrono_literals;

const config::SmtpSourceSettings kDefaults;

std::string country(const Simulated& all, const LoginEvent& event) {
    return std::string(all.place(event.addresses.front()).country.view());
}

std::map<std::string, std::size_t> countries(const Simulated& all, const std::vector<LoginEvent>& events) {
    std::map<std::string, std::size_t> found;
    for (const LoginEvent& event : events) ++found[country(all, event)];
    return found;
}

std::vector<LoginEvent> events_from(const Simulated& all, const std::string& source) {
    const auto address = *IpAddress::parse(source);
    std::vector<LoginEvent> own;
    for (const LoginEvent& event : all.events)
        if (event.service == Service::smtp_auth && event.addresses.front() == address) own.push_back(event);
    return own;
}

std::vector<LoginEvent> accepts_from(const Simulated& all, const std::string& id, Time start) {
    std::vector<LoginEvent> later;
    for (const LoginEvent& event : only(Kind::accept, all.events_of(id)))
        if (event.time >= start) later.push_back(event);
    return later;
}

std::size_t most_ids_within(const std::vector<LoginEvent>& events, std::chrono::seconds window) {
    std::size_t most = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
        std::set<std::string> ids;
        for (std::size_t k = i + 1; k-- > 0 && events[k].time > events[i].time - window;) ids.insert(events[k].id);
        most = std::max(most, ids.size());
    }
    return most;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mail)

BOOST_AUTO_TEST_CASE(ordinary_mail_is_sent_from_home_and_from_carriers) {
    const Simulated& all = all_scenarios();
    std::size_t gateways = 0;
    for (const LoginEvent& event : all.events) {
        if (event.service != Service::smtp_auth || event.kind != Kind::accept || all.truth.contains(event.id)) continue;
        BOOST_TEST(country(all, event) == "JP");
        if (all.truth.contains(event.addresses.front().to_string())) ++gateways;
    }
    BOOST_TEST(gateways > 100U);
}

BOOST_AUTO_TEST_CASE(a_traveller_is_abroad_while_the_scanner_at_home_goes_on) {
    const Simulated& all = all_scenarios();
    for (const std::string& id : all.of(Label::smtp_traveller)) {
        const auto accepts = only(Kind::accept, all.events_of(id));
        BOOST_TEST(countries(all, accepts).size() >= 2U);
        std::size_t steps = 0;
        for (std::size_t i = 1; i < accepts.size(); ++i)
            if (country(all, accepts[i]) != country(all, accepts[i - 1])) ++steps;
        BOOST_TEST(steps >= 2U);
    }
}

BOOST_AUTO_TEST_CASE(other_habits) {
    const Simulated& all = all_scenarios();
    for (const std::string& id : all.of(Label::smtp_fetcher)) {
        const auto where = countries(all, only(Kind::accept, all.events_of(id)));
        BOOST_TEST(where.size() == 2U);
        for (const auto& [name, count] : where) BOOST_TEST(count > 20U, name);
    }
    for (const std::string& id : all.of(Label::smtp_bulk)) {
        const auto accepts = only(Kind::accept, all.events_of(id));
        BOOST_TEST(accepts.size() >= 500U);
        for (const LoginEvent& accept : accepts)
            BOOST_TEST((accept.addresses.front() == accepts.front().addresses.front()));
    }
    for (const std::string& id : all.of(Label::smtp_wrong_password)) {
        const auto events = all.events_of(id);
        BOOST_TEST(only(Kind::reject, events).size() == events.size());
        BOOST_TEST(events.size() > 20U * 86'400 / 311);
    }
}

BOOST_AUTO_TEST_CASE(in_an_outage_of_the_backend_nobody_is_accepted_for_an_hour) {
    const Simulated& all = all_scenarios();
    Time begins{};
    for (const auto& event : all.manifest.at("mass_events"))
        if (event.at("label") == "mail_outage") begins = *parse_rfc3339(event.at("begins").get<std::string>());
    std::size_t rejects = 0;
    for (const LoginEvent& event : all.events) {
        if (event.service != Service::smtp_auth || event.time < begins || event.time >= begins + 1h) continue;
        BOOST_TEST((event.kind == Kind::reject));
        ++rejects;
    }
    BOOST_TEST(rejects > 10U);
}

BOOST_AUTO_TEST_CASE(a_botnet_is_many_networks_and_a_server_is_one) {
    const Simulated& all = all_scenarios();
    for (const std::string& id : all.of(Label::smtp_botnet)) {
        const Time start = *all.truth.at(id).attack_start;
        const auto accepts = accepts_from(all, id, start);
        std::set<IpAddress> networks;
        for (const LoginEvent& accept : accepts)
            if (country(all, accept) != "JP") networks.insert(accept.addresses.front().network());
        BOOST_TEST(networks.size() > 50U);
        BOOST_TEST(countries(all, accepts).size() > 10U);
    }
    for (const std::string& id : all.of(Label::smtp_foreign_server)) {
        std::set<IpAddress> sources;
        for (const LoginEvent& accept : accepts_from(all, id, *all.truth.at(id).attack_start))
            if (country(all, accept) != "JP") sources.insert(accept.addresses.front());
        BOOST_TEST(sources.size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(a_guessed_password_is_accepted_from_a_source_that_guesses) {
    const Simulated& all = all_scenarios();
    for (const std::string& id : all.of(Label::smtp_guessed)) {
        const Time start = *all.truth.at(id).attack_start;
        const auto accepts = accepts_from(all, id, start);
        const auto hit =
            std::find_if(accepts.begin(), accepts.end(), [&](const LoginEvent& event) { return event.time == start; });
        BOOST_REQUIRE(hit != accepts.end());
        const std::string source = hit->addresses.front().to_string();
        BOOST_TEST((all.truth.at(source).label == Label::guess_fast));
        BOOST_TEST((*all.truth.at(source).attack_start < start));
    }
}

BOOST_AUTO_TEST_CASE(sources_guess_at_their_pace_from_the_start_the_truth_says) {
    const Simulated& all = all_scenarios();
    for (const Label label : {Label::guess_fast, Label::guess_slow, Label::guess_below, Label::guess_spread})
        for (const std::string& source : all.of(label)) {
            const auto events = events_from(all, source);
            BOOST_REQUIRE(!events.empty());
            BOOST_TEST((events.front().time == *all.truth.at(source).attack_start));
            BOOST_TEST(country(all, events.front()) != "JP");
            for (std::size_t i = 1; i < events.size(); ++i) {
                const Microseconds gap = events[i].time - events[i - 1].time;
                if (label == Label::guess_fast) BOOST_TEST((gap <= 6s));
                if (label == Label::guess_slow) BOOST_TEST((gap >= 14min && gap <= 16min));
            }
            if (label != Label::guess_below && label != Label::guess_spread) continue;
            BOOST_TEST(most_ids_within(events, kDefaults.fast_window) < kDefaults.fast_ids);
            BOOST_TEST(most_ids_within(events, kDefaults.medium_window) < kDefaults.medium_ids);
            BOOST_TEST(most_ids_within(events, kDefaults.slow_window) < kDefaults.slow_ids);
            if (label == Label::guess_below)
                BOOST_TEST(most_ids_within(events, kDefaults.slow_window) + 4 >= kDefaults.slow_ids);
        }
}

BOOST_AUTO_TEST_CASE(two_of_three_carriers_are_on_the_list) {
    const Simulated& all = all_scenarios();
    const auto listed = geo::load_prefixes(all.directory.path() / "gateways.txt");
    BOOST_REQUIRE(listed.has_value());
    std::size_t on_it = 0;
    const auto gateways = all.of(Label::carrier_gateway);
    for (const std::string& gateway : gateways)
        if (std::any_of(listed->begin(), listed->end(),
                        [&](const IpAddress& prefix) { return prefix.contains(*IpAddress::parse(gateway)); }))
            ++on_it;
    BOOST_TEST(on_it * 3 == gateways.size() * 2);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::simulate::test
