// What findings are worth: each case is a handful of IDs whose outcome is plain.
#include "evaluate/score.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <sstream>

#include "tests/evaluate/files.hpp"

namespace guard::evaluate {
namespace {

using std::chrono::seconds;

const std::string kStart = "2026-03-20T12:00:00Z\n";

struct Case {
    Files files;
    Truth truth;
    Score score{"PPPoE Guard", truth};

    explicit Case(const std::string& rows) : truth(files.truth(rows)) {}
    [[nodiscard]] LabelResult of(Label label) const { return score.by_label()[static_cast<std::size_t>(label)]; }
    [[nodiscard]] std::string wrong() const {
        std::ostringstream text;
        score.for_each_wrong([&](const Wrong& one) {
            text << to_string(one.what) << ' ' << one.label << ' ' << one.subject.name << ' ' << one.rule << '\n';
        });
        return text.str();
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(score)

BOOST_AUTO_TEST_CASE(attacked_ids_are_suspended_in_review_or_neither) {
    Case c("a,resale," + kStart + "b,resale," + kStart + "c,resale," + kStart + "d,resale," + kStart);
    c.score.add(suspended("a", at(1), seconds{120}));
    c.score.add(suspended("a", at(9)));
    c.score.add(reviewed("a", at(10)));
    c.score.add(reviewed("b", at(2)));
    Verdict noted = suspended("c", at(3));
    noted.action = Action::record;  // a line fault is no finding of misuse
    c.score.add(noted);

    const LabelResult result = c.of(Label::resale);
    BOOST_TEST(result.count == 4U);
    BOOST_TEST(result.suspended == 1U);
    BOOST_TEST(result.review == 1U);
    BOOST_TEST(result.neither() == 2U);
    const std::map<std::string, std::uint64_t> held{{"storm", 1}};
    BOOST_TEST((result.held == held));  // of b alone: a is suspended
    BOOST_TEST(c.wrong() == "missed resale c \nmissed resale d \n");
    BOOST_TEST(c.score.innocent_suspended() == 0U);
}

BOOST_AUTO_TEST_CASE(the_work_that_innocent_mail_users_make) {
    Case c("thief,smtp_botnet," + kStart + "traveller,smtp_traveller,\n" + "cut,power_cut,\n");
    for (const char* id : {"traveller", "traveller", "nobody_special", "thief"})
        c.score.add(reviewed(id, at(1), Service::smtp_auth));
    c.score.add(reviewed("cut", at(1)));
    c.score.add(suspended("traveller", at(2), seconds{0}, Service::smtp_auth));
    BOOST_TEST(c.score.innocent_mail_reviews() == 3U);
}

// Who is never found counts as later than any.
BOOST_AUTO_TEST_CASE(delays_are_from_the_first_misuse_to_the_finding_and_to_the_decision) {
    Case c("a,resale," + kStart + "b,resale," + kStart + "c,resale," + kStart + "d,resale," + kStart);
    c.score.add(suspended("a", at(5)));
    c.score.add(suspended("a", at(0, 10), seconds{120}));  // in any order
    c.score.add(suspended("b", at(0), seconds{0}));        // at the start is not before it
    c.score.add(reviewed("c", at(0, 30)));
    const LabelResult result = c.of(Label::resale);
    const std::vector<double> found{0, 10, 30, INFINITY}, stopped{0, 130, INFINITY, INFINITY};
    BOOST_TEST(result.found.sorted == found, boost::test_tools::per_element());
    BOOST_TEST(result.stopped.sorted == stopped, boost::test_tools::per_element());
    BOOST_TEST(result.found.quantile(0.5).value() == 10);
    BOOST_TEST(result.stopped.quantile(0.5).value() == 130);
    BOOST_TEST(std::isinf(result.found.quantile(0.95).value()));
    BOOST_TEST(std::isinf(result.found.upper_bound(0.5)));  // four are too few to say
    BOOST_TEST(!c.of(Label::rotation_far).found.quantile(0.5).has_value());
}

BOOST_AUTO_TEST_CASE(what_the_breaker_held_back_is_told_apart_from_other_reviews) {
    Case c("a,resale," + kStart + "b,resale," + kStart + "c,resale," + kStart);
    Verdict held = reviewed("a", at(1));
    held.reason = "breaker";
    c.score.add(held);
    c.score.add(suspended("a", at(60)));
    c.score.add(reviewed("b", at(1)));
    c.score.add(suspended("c", at(2)));
    const std::vector<double> stopped{120, 3600, INFINITY}, unlimited{60, 120, INFINITY};
    BOOST_TEST(c.of(Label::resale).stopped.sorted == stopped, boost::test_tools::per_element());
    BOOST_TEST(c.of(Label::resale).unlimited.sorted == unlimited, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_median_of_five_is_bounded_by_the_largest) {
    const Delays delays{{1, 2, 3, 4, 5}};
    BOOST_TEST(delays.quantile(0.5).value() == 3);
    BOOST_TEST(delays.quantile(0.95).value() == 5);
    BOOST_TEST(delays.upper_bound(0.5) == 5);
}

BOOST_AUTO_TEST_CASE(a_suspension_before_the_first_misuse_hits_an_innocent) {
    Case c("a,single_far," + kStart + "b,single_far," + kStart);
    c.score.add(suspended("a", at(0) - Microseconds{1}, seconds{300}));  // decided after it, found before
    c.score.add(reviewed("b", at(-10)));                                 // nobody was cut off
    c.score.add(suspended("b", at(3)));
    BOOST_TEST(c.score.innocent_suspended() == 1U);
    BOOST_TEST(c.of(Label::single_far).early == 1U);
    BOOST_TEST(c.of(Label::single_far).suspended == 1U);
    BOOST_TEST(c.of(Label::single_far).neither() == 1U);
    BOOST_TEST(c.wrong() == "innocent_suspended single_far a pppoe.jump\nmissed single_far a \n");
}

BOOST_AUTO_TEST_CASE(innocents_are_ids_with_and_without_a_row_and_the_ambiguous_are_apart) {
    Case c("f,flapping,\ng,flapping,\ns,second_place,\nm,smtp_bulk,\n");
    c.score.add(suspended("f", at(1)));
    c.score.add(suspended("f", at(100)));  // the same ID counts once
    c.score.add(reviewed("f", at(2)));
    c.score.add(reviewed("g", at(2)));
    c.score.add(suspended("s", at(1)));
    c.score.add(suspended("nobody knows me", at(1)));
    c.score.add(suspended("nobody knows me", at(2), seconds{0}, Service::smtp_auth));  // an ID of another service
    c.score.add(reviewed("nor me", at(1)));
    c.score.add(suspended("m", at(1), seconds{0}, Service::smtp_auth));

    BOOST_TEST(c.of(Label::flapping).suspended == 1U);
    BOOST_TEST(c.of(Label::flapping).review == 1U);
    BOOST_TEST(c.of(Label::second_place).suspended == 1U);
    BOOST_TEST(c.score.ordinary_suspended() == 2U);
    BOOST_TEST(c.score.ordinary_in_review() == 1U);
    BOOST_TEST(c.score.innocent_suspended() == 4U);  // f, m, and the two without a row
    BOOST_TEST(c.wrong().find("second_place") == std::string::npos);
    BOOST_TEST(c.wrong().find("innocent_suspended ordinary nobody knows me pppoe.jump") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(sources_are_blocked_rightly_from_the_first_guess_on_and_wrongly_else) {
    Case c("198.51.100.1,guess_fast," + kStart + "198.51.100.2,guess_fast," + kStart + "192.0.2.9,carrier_gateway,\n");
    c.score.add(blocked("198.51.100.1", at(1)));
    c.score.add(blocked("198.51.100.2", at(-1)));
    c.score.add(blocked("192.0.2.9", at(1)));
    c.score.add(blocked("203.0.113.5", at(1)));
    BOOST_TEST(c.of(Label::guess_fast).suspended == 1U);
    BOOST_TEST(c.of(Label::guess_fast).neither() == 1U);
    BOOST_TEST(c.of(Label::carrier_gateway).suspended == 1U);
    BOOST_TEST(c.score.innocent_blocked() == 3U);
    BOOST_TEST(c.score.innocent_suspended() == 0U);
    BOOST_TEST(c.score.ordinary_suspended() == 0U);  // those are IDs
}

BOOST_AUTO_TEST_CASE(an_id_that_cannot_be_found_is_not_innocent_either) {
    Case c("h,offline_near," + kStart + "i,offline_near," + kStart);
    c.score.add(suspended("h", at(1)));
    BOOST_TEST(c.wrong() == "");  // nor is it missed
    BOOST_TEST(c.score.innocent_suspended() == 0U);
    BOOST_TEST(c.of(Label::offline_near).suspended == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::evaluate
