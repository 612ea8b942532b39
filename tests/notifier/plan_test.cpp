// How a notice goes through its plan: at the same time, one after the other, escalation, release, quiet hours, rates,
// leases. Real PostgreSQL; the channels are stand-ins that answer as they are told.
#include <boost/test/unit_test.hpp>
#include <deque>

#include "notifier/address.hpp"
#include "notifier/notice_queue.hpp"
#include "notifier/notifier.hpp"
#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;
using notifier::Delivery;
using notifier::Notifier;
using Outcome = Delivery::Outcome;

class ManualClock final : public Clock {
  public:
    [[nodiscard]] Time now() const override { return now_; }
    void set(const char* rfc3339) { now_ = parse_rfc3339(rfc3339).value(); }

  private:
    Time now_ = parse_rfc3339("2026-03-02T03:00:00Z").value();  // noon in Tokyo
};

// What all stand-ins of a test have done, in order.
struct Log {
    std::vector<notifier::DeliveryJob> jobs;
    std::vector<std::string> channels;
    std::map<std::string, Outcome> says;  // by channel; accepted if it is not there

    [[nodiscard]] std::string text() const {
        std::string result;
        for (std::size_t i = 0; i < jobs.size(); ++i) result += (i == 0 ? "" : " ") + channels[i] + ":" + jobs[i].kind;
        return result;
    }
};

class StandIn final : public notifier::Channel {
  public:
    StandIn(std::string name, Log& log) : name_(std::move(name)), log_(log) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] bool reaches(const notifier::Recipient& recipient) const override {
        return !(name_ == "mail"     ? recipient.mail
                 : name_ == "letter" ? recipient.postal_address
                                     : recipient.phone)
                    .empty();
    }
    [[nodiscard]] std::string masked_address(const notifier::Recipient&) const override { return "***"; }
    [[nodiscard]] Delivery deliver(const notifier::DeliveryJob& job) override {
        log_.jobs.push_back(job);
        log_.channels.push_back(name_);
        const auto found = log_.says.find(name_);
        return {found == log_.says.end() ? Outcome::accepted : found->second, 250,
                "said to " + job.recipient.mail + " " + job.recipient.phone};
    }

  private:
    std::string name_;
    Log& log_;
};

struct Fixture : Database {
    Fixture() {
        settings.database = cluster().connection_string("notifier", name());
        settings.mail_from = "security@isp.example";
        settings.pppoe_plan = "mail+sms, letter, phone_list";
        settings.smtp_auth_plan = "phone_list";
        settings.notice_answer = 6h;
    }
    // A subscriber, suspended. Returns the case number.
    std::string queue(const std::string& mail = "taro@mail.example", const std::string& phone = "09012345678",
                      const std::string& service = "pppoe", const std::string& address = "東京都千代田区1-1") {
        const auto n = std::to_string(++subscribers);
        suspend("taro" + n, service);
        exec("INSERT INTO guard.subscriber (service, id, mail, phone, postal_code, postal_address) VALUES ('" +
             service + "', 'taro" + n + "', nullif('" + mail + "', ''), nullif('" + phone +
             "', ''), '1000001', nullif('" + address + "', ''))");
        exec("INSERT INTO guard.notice (incident_id, kind, idempotency_key, service, id) VALUES (" + n +
             ", 'suspended', 's" + n + "', '" + service + "', 'taro" + n + "')");
        return n;
    }
    std::unique_ptr<Notifier> notifier(const std::vector<std::string>& names = {"mail", "sms", "letter",
                                                                                "phone_list"}) {
        std::vector<std::unique_ptr<notifier::Channel>> channels;
        for (const auto& each : names) channels.push_back(std::make_unique<StandIn>(each, log));
        return std::make_unique<Notifier>(settings, clock, std::move(channels), notifier::LocalTime("Asia/Tokyo"));
    }
    std::size_t run() { return notifier()->run_once(); }
    void time_to_answer_is_over() {
        exec("UPDATE guard.notice SET escalate_at = now(), plan_at = now() WHERE escalate_at IS NOT NULL");
    }
    std::string state(const std::string& incident = "1") {
        return value(
            "SELECT string_agg(kind || '=' || state || ' ' || coalesce(deliveries, '-'), ' ' ORDER BY notice_id) "
            "FROM guard.notices WHERE incident_id = " +
            incident);
    }
    void release(const std::string& incident = "1") {
        exec("SELECT guard.staff_release(service, id, 'called') FROM guard.incident WHERE incident_id = " + incident);
    }

    config::Settings settings;
    ManualClock clock;
    Log log;
    int subscribers = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(plan)

BOOST_FIXTURE_TEST_CASE(a_step_goes_at_once_and_the_next_when_nobody_answers, Fixture) {
    queue();
    BOOST_TEST(run() == 2U);
    BOOST_TEST(state() == "suspended=sent mail=accepted sms=accepted");
    BOOST_TEST(value("SELECT round(extract(epoch FROM escalate_at - now()) / 3600) = 6 AND plan_at = escalate_at "
                     "FROM guard.notice") == "t");
    BOOST_TEST(run() == 0U);
    time_to_answer_is_over();
    BOOST_TEST(run() == 1U);
    BOOST_TEST(log.text() == "mail:suspended sms:suspended letter:suspended");
    time_to_answer_is_over();
    BOOST_TEST(run() == 1U);
    BOOST_TEST(state() == "suspended=sent mail=accepted sms=accepted letter=accepted phone_list=accepted");
    BOOST_TEST(value("SELECT plan_at IS NULL AND step = 3 FROM guard.notice") == "t");
}

BOOST_FIXTURE_TEST_CASE(a_step_that_fails_is_followed_at_once, Fixture) {
    log.says = {{"mail", Outcome::never}, {"sms", Outcome::never}, {"letter", Outcome::never}};
    queue();
    BOOST_TEST(run() == 4U);
    BOOST_TEST(state() == "suspended=sent mail=dead sms=dead letter=dead phone_list=accepted");
}

BOOST_FIXTURE_TEST_CASE(half_a_step_is_waited_for, Fixture) {
    log.says = {{"mail", Outcome::never}};
    queue();
    BOOST_TEST(run() == 2U);
    BOOST_TEST(state() == "suspended=sent mail=dead sms=accepted");
    BOOST_TEST(value("SELECT plan_at = escalate_at FROM guard.notice") == "t");
    exec("SELECT guard.record_bounce(message_id, '5.1.1', true) FROM guard.delivery WHERE channel = 'sms'");
    BOOST_TEST(run() == 1U);
    BOOST_TEST(state() == "suspended=sent mail=dead sms=bounced letter=accepted");
}

BOOST_FIXTURE_TEST_CASE(when_no_channel_is_left_the_desk_is_told_by_the_case_alone, Fixture) {
    for (const auto* channel : {"mail", "sms", "letter", "phone_list"}) log.says[channel] = Outcome::never;
    queue();
    BOOST_TEST(run() == 4U);
    BOOST_TEST(state() == "suspended=dead mail=dead sms=dead letter=dead phone_list=dead");
    BOOST_TEST(value("SELECT kind || ' ' || detail FROM guard.alarm") == "notice_dead case 1");
    BOOST_TEST(value("SELECT answer FROM guard.delivery LIMIT 1") == "said to <recipient> <recipient>");
    // A person sends it again, and it arrives.
    log.says.clear();
    exec("SELECT guard.resend_notice(1, 'mail', 'new address')");
    BOOST_TEST(run() == 1U);
    BOOST_TEST(state() == "suspended=sent mail=dead sms=dead letter=dead phone_list=dead mail#2=accepted");
}

BOOST_FIXTURE_TEST_CASE(who_cannot_be_reached_by_a_channel_is_reached_by_the_next, Fixture) {
    queue("", "", "pppoe");
    BOOST_TEST(run() == 1U);
    BOOST_TEST(state() == "suspended=sent mail=dead sms=dead letter=accepted");
    queue("", "", "pppoe", "");
    BOOST_TEST(run() == 0U);
    BOOST_TEST(state("2") == "suspended=dead mail=dead sms=dead letter=dead phone_list=dead");
    // A channel that is in the plan but not in this configuration any more.
    queue();
    BOOST_TEST(notifier({"phone_list"})->run_once() == 1U);
    BOOST_TEST(state("3") == "suspended=sent mail=dead sms=dead letter=dead phone_list=accepted");
}

BOOST_FIXTURE_TEST_CASE(the_plan_is_that_of_service_and_rule, Fixture) {
    queue("taro@mail.example", "0312345678", "smtp_auth");
    BOOST_TEST(run() == 1U);
    BOOST_TEST(state() == "suspended=sent phone_list=accepted");
    settings.rule_plans["pppoe.jump"] = "letter";
    queue();
    BOOST_TEST(run() == 1U);
    BOOST_TEST(state("2") == "suspended=sent letter=accepted");
    BOOST_TEST(value("SELECT plan FROM guard.notice WHERE incident_id = 2") == "letter");
}

BOOST_FIXTURE_TEST_CASE(an_answer_ends_it, Fixture) {
    queue();
    BOOST_TEST(run() == 2U);
    exec("SELECT guard.notice_answered(1, 'phoned us')");
    time_to_answer_is_over();
    BOOST_TEST(run() == 0U);
    BOOST_TEST(state() == "suspended=sent mail=accepted sms=accepted");
}

BOOST_FIXTURE_TEST_CASE(a_release_goes_by_what_reached_the_subscriber, Fixture) {
    log.says = {{"sms", Outcome::never}};
    queue();
    BOOST_TEST(run() == 2U);
    time_to_answer_is_over();
    BOOST_TEST(run() == 1U);
    time_to_answer_is_over();
    BOOST_TEST(run() == 1U);
    release();
    BOOST_TEST(run() == 2U);
    // The call was not made: nobody has to make it now.
    BOOST_TEST(state() ==
               "suspended=sent mail=accepted sms=dead letter=accepted phone_list=cancelled "
               "released=sent letter=accepted mail=accepted");
    time_to_answer_is_over();
    BOOST_TEST(run() == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_release_waits_while_the_suspension_is_being_told, Fixture) {
    queue();
    const auto connection = connect("notifier");
    notifier::NoticeQueue other(*connection, "other");
    log.says = {{"mail", Outcome::later}, {"sms", Outcome::later}};
    BOOST_TEST(run() == 2U);
    exec("UPDATE guard.delivery SET due_at = now()");
    const auto claimed = other.claim({{"mail", {}}}, 5min, 10);
    BOOST_REQUIRE(claimed.size() == 1U);
    BOOST_TEST(other.move_on(nullptr, {}, &claimed[0], 5min).begun);
    release();
    BOOST_TEST(run() == 0U);
    BOOST_TEST(state() == "suspended=queued mail=sending sms=cancelled released=queued -");
    BOOST_TEST(other.move_on(&claimed[0], {Outcome::accepted, "***", "250"}, nullptr, 5min).recorded);
    exec("UPDATE guard.notice SET plan_at = now() WHERE kind = 'released'");
    log.says.clear();
    BOOST_TEST(run() == 1U);
    BOOST_TEST(state() == "suspended=sent mail=accepted sms=cancelled released=sent mail=accepted");
}

BOOST_FIXTURE_TEST_CASE(who_was_claimed_and_then_released_is_not_told_of_the_suspension, Fixture) {
    queue();
    log.says = {{"mail", Outcome::later}, {"sms", Outcome::later}};
    BOOST_TEST(run() == 2U);
    exec("UPDATE guard.delivery SET due_at = now()");
    const auto connection = connect("notifier");
    notifier::NoticeQueue other(*connection, "other");
    const auto claimed = other.claim({{"mail", {}}, {"sms", {}}}, 5min, 10);
    BOOST_REQUIRE(claimed.size() == 2U);
    exec("SELECT guard.cancel_notice(1, 'a mistake')");
    BOOST_TEST(!other.move_on(nullptr, {}, &claimed[0], 5min).begun);
    BOOST_TEST(state() == "suspended=cancelled mail=cancelled sms=cancelled");
}

BOOST_FIXTURE_TEST_CASE(suspensions_are_told_before_releases, Fixture) {
    settings.pppoe_plan = "mail, letter";
    queue();
    BOOST_TEST(run() == 1U);
    release();
    for (int i = 0; i < 3; ++i) queue();
    BOOST_TEST(run() == 4U);
    BOOST_TEST(log.text() == "mail:suspended mail:suspended mail:suspended mail:suspended mail:released");
}

BOOST_FIXTURE_TEST_CASE(nobody_is_woken_at_night, Fixture) {
    clock.set("2026-03-02T12:30:00Z");  // 21:30 in Tokyo
    queue();
    BOOST_TEST(run() == 1U);
    BOOST_TEST(log.text() == "mail:suspended");
    BOOST_TEST(
        value("SELECT round(extract(epoch FROM due_at - now()) / 60) FROM guard.delivery WHERE channel = 'sms'") ==
        "630");
    // Six hours to answer, from the short message on.
    BOOST_TEST(value("SELECT round(extract(epoch FROM escalate_at - now()) / 60) FROM guard.notice") == "990");
    exec("UPDATE guard.delivery SET due_at = now() WHERE state = 'queued'");
    BOOST_TEST(run() == 0U);  // due, but it is still night
    clock.set("2026-03-02T23:00:00Z");
    BOOST_TEST(run() == 1U);
    BOOST_TEST(log.text() == "mail:suspended sms:suspended");
}

BOOST_FIXTURE_TEST_CASE(a_rate_holds_over_several_notifiers, Fixture) {
    settings.pppoe_plan = "mail";
    settings.mail_only = true;
    settings.mail_rate = 6;  // every ten seconds
    for (int i = 0; i < 5; ++i) queue();
    const auto one = notifier(), other = notifier();
    BOOST_TEST(one->run_once() + other->run_once() == 1U);
    for (int i = 0; i < 3; ++i) queue();
    BOOST_TEST(other->run_once() + one->run_once() == 0U);
    BOOST_TEST(
        value("SELECT string_agg(round(extract(epoch FROM due_at - created_at) / 10)::text, ' ' ORDER BY due_at) "
              "FROM guard.delivery WHERE state = 'queued'") == "1 2 3 4 5 6 7");
    BOOST_TEST(value("SELECT bool_and(due_at = paced_at AND tries = 0 AND leased_by IS NULL) FROM guard.delivery "
                     "WHERE state = 'queued'") == "t");
    // A moment that has come is used; one that is long past is given anew.
    exec(
        "UPDATE guard.delivery SET due_at = now(), paced_at = now() WHERE delivery_id = 2; "
        "UPDATE guard.delivery SET due_at = now(), paced_at = now() - interval '1 h' WHERE delivery_id > 2");
    BOOST_TEST(other->run_once() == 1U);
    BOOST_TEST(value("SELECT min(due_at) > now() + interval '70 s' FROM guard.delivery WHERE state = 'queued'") == "t");
}

BOOST_FIXTURE_TEST_CASE(a_domain_has_a_rate_of_its_own, Fixture) {
    settings.pppoe_plan = "mail";
    settings.mail_only = true;
    settings.mail_domain_rate = 6;
    for (const auto* mail : {"a@one.example", "b@one.example", "c@two.example", "d@one.example"}) queue(mail);
    BOOST_TEST(run() == 2U);
    BOOST_TEST(log.jobs[0].recipient.mail + log.jobs[1].recipient.mail == "a@one.examplec@two.example");
    BOOST_TEST(value("SELECT string_agg(domain, ' ' ORDER BY domain) FROM guard.pace") == "one.example two.example");
}

// Of a batch that dies with its notifier only what was being sent may have been sent.
BOOST_FIXTURE_TEST_CASE(only_what_was_being_sent_counts_as_sent_perhaps_twice, Fixture) {
    settings.pppoe_plan = "mail, letter";
    log.says = {{"mail", Outcome::later}};
    for (int i = 0; i < 3; ++i) queue();
    BOOST_TEST(run() == 3U);
    exec("UPDATE guard.delivery SET due_at = now()");
    {
        const auto connection = connect("notifier");
        notifier::NoticeQueue lost(*connection, "lost");
        const auto claimed = lost.claim({{"mail", {}}}, 5min, 10);
        BOOST_REQUIRE(claimed.size() == 3U);
        BOOST_TEST(lost.move_on(nullptr, {}, &claimed[0], 5min).begun);
        BOOST_TEST(lost.move_on(&claimed[0], {Outcome::accepted, "***", "250"}, &claimed[1], 5min).begun);
    }
    BOOST_TEST(run() == 0U);  // the leases still run
    exec("UPDATE guard.delivery SET lease_until = now() WHERE leased_by IS NOT NULL");
    log.says.clear();
    BOOST_TEST(run() == 2U);
    BOOST_TEST(value("SELECT string_agg(tries || '/' || maybe_twice, ' ' ORDER BY delivery_id) FROM guard.delivery") ==
               "2/0 3/1 2/0");
    BOOST_TEST(value("SELECT sum(maybe_twice) FROM guard.notices") == "1");
}

BOOST_FIXTURE_TEST_CASE(an_outcome_that_comes_after_the_lease_is_not_recorded_over_the_other, Fixture) {
    settings.pppoe_plan = "mail, letter";
    log.says = {{"mail", Outcome::later}};
    queue();
    BOOST_TEST(run() == 1U);
    exec("UPDATE guard.delivery SET due_at = now()");
    const auto connection = connect("notifier");
    notifier::NoticeQueue slow(*connection, "slow");
    const auto claimed = slow.claim({{"mail", {}}}, 5min, 10);
    BOOST_TEST(slow.move_on(nullptr, {}, &claimed.at(0), 5min).begun);
    exec("UPDATE guard.delivery SET lease_until = now()");
    log.says.clear();
    BOOST_TEST(run() == 1U);
    BOOST_TEST(!slow.move_on(&claimed[0], {Outcome::never, "***", "550"}, nullptr, 5min).recorded);
    BOOST_TEST(state() == "suspended=sent mail=accepted");
    BOOST_TEST(value("SELECT maybe_twice FROM guard.delivery") == "1");
    // The same outcome recorded again, after a commit in doubt, is none that is lost.
    const std::string answer = value("SELECT answer FROM guard.delivery");
    BOOST_TEST(slow.move_on(&claimed[0], {Outcome::accepted, "***", answer}, nullptr, 5min).recorded);
}

BOOST_AUTO_TEST_CASE(quiet_hours_end_by_the_local_clock) {
    const notifier::LocalTime tokyo("Asia/Tokyo"), new_york("America/New_York");
    const auto after = [](const notifier::LocalTime& zone, const char* time, std::chrono::minutes from,
                          std::chrono::minutes to) {
        return format_rfc3339(zone.after_quiet(parse_rfc3339(time).value(), {from, to}));
    };
    BOOST_TEST(after(tokyo, "2026-03-02T11:59:59Z", 21h, 8h) == "2026-03-02T11:59:59.000000Z");
    BOOST_TEST(after(tokyo, "2026-03-02T12:00:00Z", 21h, 8h) == "2026-03-02T23:00:00.000000Z");
    BOOST_TEST(after(tokyo, "2026-03-02T22:59:59Z", 21h, 8h) == "2026-03-02T23:00:00.000000Z");
    BOOST_TEST(after(tokyo, "2026-03-02T23:00:00Z", 21h, 8h) == "2026-03-02T23:00:00.000000Z");
    BOOST_TEST(after(tokyo, "2026-03-02T03:10:00Z", 12h, 13h) == "2026-03-02T04:00:00.000000Z");
    BOOST_TEST(after(tokyo, "2026-03-02T12:00:00Z", 0h, 0h) == "2026-03-02T12:00:00.000000Z");
    // The night in which 02:00 becomes 03:00: 02:30 is not there, 08:00 comes an hour earlier.
    BOOST_TEST(after(new_york, "2026-03-08T03:00:00Z", 21h, 8h) == "2026-03-08T12:00:00.000000Z");
    BOOST_TEST(after(new_york, "2026-03-08T06:00:00Z", 0h, 150min) == "2026-03-08T07:00:00.000000Z");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
