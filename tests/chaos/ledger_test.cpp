// What a module may leave out because it was said before, and what it may not.
#include "tests/chaos/ledger.hpp"

#include <boost/test/unit_test.hpp>

using namespace guard;
using namespace guard::chaos;
using namespace std::chrono_literals;

namespace {

const Time kNow{1'772'323'200s};

struct Session : Ledger {
    // Answered after 100 ms.
    void answered(What what, Time sent) {
        note({what, "u1", {}, "10.1.0.1"}, {.accepted = true, .sent = sent, .answered = sent + 100ms, .copies = 1});
    }
    void recorded(Kind kind, Time time) { found({Service::pppoe, kind, "u1", {*IpAddress::parse("10.1.0.1")}, time}); }
    void expect(std::uint64_t missing, std::uint64_t too_many) {
        const Balance balance = settle();
        BOOST_TEST(balance.missing == missing);
        BOOST_TEST(balance.too_many == too_many);
        BOOST_TEST(balance.incomplete.size() == missing);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ledger, Session)

BOOST_AUTO_TEST_CASE(an_interim_two_seconds_after_the_answer_to_another_is_another_event) {
    answered(What::interim, kNow);
    answered(What::interim, kNow + 2100ms);
    recorded(Kind::alive, kNow);
    expect(1, 0);
}

BOOST_AUTO_TEST_CASE(an_interim_sooner_after_another_may_be_left_out) {
    answered(What::interim, kNow);
    answered(What::interim, kNow + 2099ms);
    answered(What::interim, kNow + 4198ms);
    recorded(Kind::alive, kNow);
    expect(0, 0);
}

BOOST_AUTO_TEST_CASE(no_login_may_be_left_out) {
    answered(What::login, kNow);
    answered(What::login, kNow);
    recorded(Kind::accept, kNow);
    expect(1, 0);
}

BOOST_AUTO_TEST_CASE(what_was_not_sent_is_too_much_and_a_settled_account_is_closed) {
    answered(What::stop, kNow);
    recorded(Kind::release, kNow);
    recorded(Kind::release, kNow);
    expect(0, 1);
    expect(0, 0);
}

BOOST_AUTO_TEST_SUITE_END()
