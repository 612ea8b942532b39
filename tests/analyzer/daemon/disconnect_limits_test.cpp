// What a Disconnect-Request must never be, how many go to a NAS, and whom an address belongs to by now.
#include "analyzer/daemon/disconnect_limits.hpp"

#include <boost/test/unit_test.hpp>

#include "analyzer/daemon/open_disconnects.hpp"
#include "config/user_name.hpp"

namespace guard::daemon {
namespace {

using namespace std::chrono_literals;

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}

bool selects(std::string name, std::string_view where) {
    return why_no_selector({std::move(name), address(where), {}}).empty();
}

constexpr Time kNow{Microseconds{1'772'323'200'000'000}};

LoginEvent event(Kind kind, const std::string& id, std::string_view where, Time time = kNow) {
    return {Service::pppoe, kind, id, {address(where)}, time};
}

struct Waiting : OpenDisconnects {
    Waiting() { expect(Service::pppoe, "thief", address("10.1.0.1"), kNow); }
    std::size_t taken_by(const LoginEvent& seen_event) {
        std::vector<TakenAddress> taken;
        seen(seen_event, taken);
        return taken.size();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(disconnect_selector)

BOOST_AUTO_TEST_CASE(is_one_name_and_one_address) {
    for (const char* where : {"192.0.2.1", "2001:db8::1", "2001:db8:1:2::/64", "2001:db8:100::/40", "2001:db8::/32"})
        BOOST_TEST(selects("taro@isp.example", where), where);
    BOOST_TEST(selects(std::string(253, 'x'), "192.0.2.1"));
    BOOST_TEST(selects("%?", "192.0.2.1"));
}

BOOST_AUTO_TEST_CASE(is_never_empty_and_never_for_many) {
    for (const std::string& name :
         {std::string(), std::string(254, 'x'), std::string("*"), std::string("taro*"), std::string("taro\0x", 6)})
        BOOST_TEST(!selects(name, "192.0.2.1"), name);
    for (const char* where :
         {"0.0.0.0", "255.255.255.255", "255.255.255.254", "192.0.2.0/24", "0.0.0.0/0", "::", "::/0", "2001:db8::/31"})
        BOOST_TEST(!selects("taro", where), where);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(disconnect_pace)

BOOST_AUTO_TEST_CASE(so_many_in_any_second_and_each_nas_for_itself) {
    DisconnectPace pace(2);
    const std::chrono::steady_clock::time_point start{100s};
    BOOST_TEST(pace.allow("a", start));
    BOOST_TEST(pace.allow("a", start + 600ms));
    BOOST_TEST(!pace.allow("a", start + 999ms));
    BOOST_TEST(pace.allow("b", start + 999ms));
    BOOST_TEST(pace.allow("a", start + 1000ms));
    BOOST_TEST(!pace.allow("a", start + 1599ms));
    BOOST_TEST(pace.allow("a", start + 1600ms));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(open_disconnects, Waiting)

BOOST_AUTO_TEST_CASE(an_address_that_another_id_is_given_is_taken_once) {
    BOOST_TEST(taken_by(event(Kind::assign, "taro", "10.1.0.2")) == 0U);
    BOOST_TEST(taken_by(event(Kind::assign, "taro", "10.1.0.1")) == 1U);
    BOOST_TEST(taken_by(event(Kind::assign, "jiro", "10.1.0.1")) == 0U);
}

BOOST_AUTO_TEST_CASE(an_accept_with_the_address_takes_it_too) {
    BOOST_TEST(taken_by(event(Kind::accept, "taro", "10.1.0.1")) == 1U);
}

BOOST_AUTO_TEST_CASE(its_own_id_its_own_past_and_signs_of_life_take_nothing) {
    BOOST_TEST(taken_by(event(Kind::assign, "thief", "10.1.0.1")) == 0U);
    BOOST_TEST(taken_by(event(Kind::assign, "taro", "10.1.0.1", kNow - Microseconds{1})) == 0U);
    for (const Kind kind : {Kind::alive, Kind::release, Kind::reject})
        BOOST_TEST(taken_by(event(kind, "taro", "10.1.0.1")) == 0U);
    LoginEvent mail = event(Kind::accept, "taro", "10.1.0.1");
    mail.service = Service::smtp_auth;
    BOOST_TEST(taken_by(mail) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(user_name)

using config::is_user_name_form;
using config::user_name_of;

BOOST_AUTO_TEST_CASE(without_a_form_it_is_the_id) {
    BOOST_TEST(user_name_of("taro@isp.example", {}) == "taro@isp.example");
    BOOST_TEST(user_name_of("taro@isp.example", {"other.example={user}", "=x{id}"}) == "taro@isp.example");
}

BOOST_AUTO_TEST_CASE(each_realm_has_its_own_form) {
    const std::vector<std::string> forms{"isp.example={user}@ISP.EXAMPLE", "biz.example=biz/{user:upper}",
                                         "={id}@flets", "*={user}%{realm:upper}"};
    BOOST_TEST(user_name_of("taro@isp.example", forms) == "taro@ISP.EXAMPLE");
    BOOST_TEST(user_name_of("taro@Isp.Example", forms) == "taro@ISP.EXAMPLE");
    BOOST_TEST(user_name_of("taro@biz.example", forms) == "biz/TARO");
    BOOST_TEST(user_name_of("taro", forms) == "taro@flets");
    BOOST_TEST(user_name_of("a@b@c.example", forms) == "a@b%C.EXAMPLE");
    BOOST_TEST(user_name_of("taro@", forms) == "taro%");
    BOOST_TEST(user_name_of("taro@a", {"*={id:upper}", "*={user}"}) == "TARO@A");
}

BOOST_AUTO_TEST_CASE(a_form_that_would_name_everybody_is_none) {
    for (const char* good : {"a={id}", "={user}", "*=x{user}{realm}", "a.example={user}=x"})
        BOOST_TEST(is_user_name_form(good), good);
    for (const char* bad : {"", "a", "a=", "a=x", "a={realm}", "a={user", "a=user}", "a={name}", "a={}", "a@b={user}"})
        BOOST_TEST(!is_user_name_form(bad), bad);
    BOOST_TEST(!is_user_name_form("a={user}" + std::string(253, 'x')));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::daemon
