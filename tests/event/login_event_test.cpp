#include "event/login_event.hpp"

#include <boost/test/unit_test.hpp>

namespace guard {
namespace {

BOOST_AUTO_TEST_SUITE(login_event)

BOOST_AUTO_TEST_CASE(names_lead_back_to_their_values) {
    for (const Service service : {Service::pppoe, Service::smtp_auth})
        BOOST_TEST((parse_service(to_string(service)) == service));
    for (const Kind kind : {Kind::accept, Kind::reject, Kind::assign, Kind::alive, Kind::release})
        BOOST_TEST((parse_kind(to_string(kind)) == kind));
    BOOST_TEST(to_string(Service::smtp_auth) == "smtp_auth");
    BOOST_TEST(to_string(Kind::release) == "release");
}

BOOST_AUTO_TEST_CASE(other_names_are_refused) {
    for (const char* text : {"", "PPPOE", "pppoe ", "smtp-auth", "smtp"}) BOOST_TEST(!parse_service(text).has_value());
    for (const char* text : {"", "Accept", "start", "stop", "accept "}) BOOST_TEST(!parse_kind(text).has_value());
}

BOOST_AUTO_TEST_CASE(a_value_outside_the_enumeration_is_called_unknown) {
    BOOST_TEST(to_string(static_cast<Service>(77)) == "unknown");
    BOOST_TEST(to_string(static_cast<Kind>(0)) == "unknown");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard
