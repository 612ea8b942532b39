// guardctl notices as the desk types it, on a real database, as the roles that may.
#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "config/options.hpp"
#include "tests/sql/database.hpp"

namespace guard::test {
namespace {

using nlohmann::json;

struct Desk : Database {
    Desk() {
        suspend("taro@isp.example");
        exec(
            "INSERT INTO guard.subscriber (service, id, name, mail, phone) VALUES ('pppoe', 'taro@isp.example', "
            "'=山田 \"太郎\"', 'taro@mail.example', '+81312345678')");
        exec(
            "INSERT INTO guard.notice (incident_id, kind, idempotency_key, service, id, plan, step, state, sent_at) "
            "VALUES (1, 'suspended', 'k', 'pppoe', 'taro@isp.example', 'mail+phone_list', 1, 'sent', now())");
        exec(
            "INSERT INTO guard.delivery (notice_id, step, channel, state, accepted_at, recipient_masked, answer, "
            "maybe_twice) VALUES (1, 1, 'mail', 'accepted', '2026-03-01T00:00:00Z', 'ta***@mail.example', '250 OK', "
            "1), "
            "(1, 1, 'phone_list', 'accepted', '2026-03-01T00:00:00Z', '+81***78', 'on the list', 0)");
    }
    Result guardctl(std::vector<std::string> arguments, const std::string& role = "desk",
                    const std::string& input = "") {
        arguments.insert(arguments.begin(), {GUARD_BINARY_DIR "/bin/guardctl", "notices"});
        if (!role.empty()) arguments.insert(arguments.end(), {"--database", cluster().connection_string(role, name())});
        ProcessOptions options;
        options.input = input;
        return run(arguments, options);
    }
    std::string states() {
        return value(
            "SELECT string_agg(channel || copy || '=' || state, ' ' ORDER BY delivery_id) FROM guard.delivery");
    }
    std::string bounce(const std::string& status, const std::string& action) {
        return "From: <>\r\nTo: security@isp.example\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n"
               "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n--b\r\n"
               "Content-Type: text/plain\r\n\r\nIt did not work.\r\n--b\r\nContent-Type: "
               "message/delivery-status\r\n\r\n"
               "Reporting-MTA: dns; mail.example\r\n\r\nFinal-Recipient: rfc822; taro@mail.example\r\nAction: " +
               action + "\r\nStatus: " + status +
               "\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: " +
               value("SELECT message_id FROM guard.delivery WHERE channel = 'mail' AND copy = 1") + "\r\n\r\n--b--\r\n";
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(notices)

BOOST_FIXTURE_TEST_CASE(a_list_has_cases_and_no_ids, Desk) {
    const auto list = guardctl({"list"});
    BOOST_TEST(list.status == 0);
    BOOST_TEST(list.output.find("mail=accepted phone_list=accepted (perhaps twice)") != std::string::npos, list.output);
    BOOST_TEST(list.output.find("taro") == std::string::npos);
    const auto one = json::parse(guardctl({"list", "--json"}).output);
    BOOST_TEST(one["case"] == "1");
    BOOST_TEST(one["maybe_twice"] == "1");
    BOOST_TEST(guardctl({"list", "--state", "dead"}).output == "0 notices\n");
    BOOST_TEST(guardctl({"dead-letters"}).output == "0 notices\n");
    exec("UPDATE guard.delivery SET state = 'bounced', bounced_at = now() WHERE channel = 'mail'");
    BOOST_TEST(guardctl({"dead-letters", "--json"}).output.find("mail=bounced") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(the_proof_of_a_case_is_shown_for_a_reason, Desk) {
    const auto shown = guardctl({"show", "1", "--reason", "call 4711"});
    for (const auto* part :
         {"ta***@mail.example", "2026-03-01 00:00:00+00", "250 OK", "perhaps twice", "plan mail+phone_list"})
        BOOST_TEST(shown.output.find(part) != std::string::npos, part << " is missing in\n" << shown.output);
    BOOST_TEST(value("SELECT actor || detail::text FROM guard.audit WHERE action = 'read' AND object = 'incident:1'") ==
               R"(desk{"purpose": "call 4711"})");
    BOOST_TEST(guardctl({"show", "77", "--reason", "x"}).status == 1);
    BOOST_TEST(guardctl({"show", "1"}).status == 2);
    BOOST_TEST(guardctl({"show", "1", "--reason", " "}).status == 2);
    BOOST_TEST(guardctl({"show", "1", "--reason", "x"}, "clerk").status == 2);
}

BOOST_FIXTURE_TEST_CASE(calls_to_make_are_exported_for_a_spreadsheet_and_for_programs, Desk) {
    const auto csv = guardctl({"phone-list", "--reason", "morning"});
    BOOST_TEST(csv.output.starts_with("case,service,kind,listed_at,language,name,phone,"), csv.output);
    BOOST_TEST(
        csv.output.find(R"("1","pppoe","suspended","2026-03-01T00:00:00Z","ja","'=山田 ""太郎""","+81312345678",)") !=
            std::string::npos,
        csv.output);
    const auto list = json::parse(guardctl({"phone-list", "--reason", "morning", "--format", "json"}).output);
    BOOST_TEST(list.size() == 1U);
    BOOST_TEST(list[0]["phone"] == "+81312345678");
    BOOST_TEST(guardctl({"answered", "1", "--reason", "called, changes the password"}).status == 0);
    BOOST_TEST(states() == "mail1=accepted phone_list1=answered");
    BOOST_TEST(guardctl({"phone-list", "--reason", "noon", "--format", "json"}).output == "[]\n");
    BOOST_TEST(guardctl({"answered", "1", "--reason", "again"}).status == 1);
}

BOOST_FIXTURE_TEST_CASE(the_desk_sends_again_and_cancels, Desk) {
    BOOST_TEST(guardctl({"resend", "1", "--reason", "deleted it", "--channel", "mail"}).status == 0);
    BOOST_TEST(states() == "mail1=accepted phone_list1=accepted mail2=queued");
    BOOST_TEST(guardctl({"resend", "1", "--reason", "x", "--channel", "mail"}).status == 1);
    BOOST_TEST(guardctl({"cancel", "1", "--reason", "wrong pool table"}).status == 0);
    BOOST_TEST(states() == "mail1=accepted phone_list1=cancelled mail2=cancelled");
    BOOST_TEST(guardctl({"cancel", "1", "--reason", "x"}).status == 1);
    BOOST_TEST(guardctl({"resend", "1", "--reason", "x"}, "notifier").status == 2);
}

BOOST_FIXTURE_TEST_CASE(a_returned_mail_is_recorded, Desk) {
    BOOST_TEST(guardctl({"bounce"}, "notifier", bounce("4.4.1", "delayed")).status == 0);
    BOOST_TEST(states() == "mail1=accepted phone_list1=accepted");
    const auto failed = guardctl({"bounce"}, "notifier", bounce("5.1.1", "failed"));
    BOOST_TEST(failed.status == 0);
    BOOST_TEST(failed.output.find("taro") == std::string::npos, failed.output);
    BOOST_TEST(states() == "mail1=bounced phone_list1=accepted");
    BOOST_TEST(value("SELECT plan_at <= now() FROM guard.notice") == "t");
    BOOST_TEST(guardctl({"bounce"}, "notifier", "Subject: on holiday\r\n\r\nI am away.\r\n").status == 1);
    // For a mail server a vacation notice is dealt with; a database that is away is a reason to come again.
    BOOST_TEST(guardctl({"bounce", "--pipe"}, "notifier", "Subject: on holiday\r\n\r\nI am away.\r\n").status == 0);
    BOOST_TEST(guardctl({"bounce", "--pipe"}, "nobody_at_all", bounce("5.1.1", "failed")).status == 75);
}

BOOST_FIXTURE_TEST_CASE(returned_mails_are_taken_from_a_mailbox_once, Desk) {
    const TemporaryDirectory box("maildir");
    std::filesystem::create_directory(box.path() / "new");
    std::filesystem::create_directory(box.path() / "cur");
    write_file(box.path() / "new/1.away.example", "Subject: on holiday\r\n\r\nI am away.\r\n");
    write_file(box.path() / "new/2.bounce.example", bounce("5.1.1", "failed"));
    // Nothing is taken away while it cannot be recorded.
    BOOST_TEST(guardctl({"bounce", "--maildir", box.path().string()}, "nobody_at_all").status == 2);
    BOOST_TEST(std::filesystem::exists(box.path() / "new/2.bounce.example"));
    const auto taken = guardctl({"bounce", "--maildir", box.path().string()}, "notifier");
    BOOST_TEST(taken.status == 0, taken.output);
    BOOST_TEST(taken.output.find("2 messages: 1 recorded, 0 not for good, 0 known already, 1 of no mail of ours") !=
                   std::string::npos,
               taken.output);
    BOOST_TEST(states() == "mail1=bounced phone_list1=accepted");
    BOOST_TEST(std::filesystem::is_empty(box.path() / "new"));
    BOOST_TEST(std::filesystem::exists(box.path() / "cur/2.bounce.example:2,S"));
    BOOST_TEST(guardctl({"bounce", "--maildir", box.path().string()}, "notifier").output.find("0 messages") !=
               std::string::npos);
    BOOST_TEST(guardctl({"bounce", "--maildir", "/nowhere"}, "notifier").status == 2);
}

BOOST_FIXTURE_TEST_CASE(the_texts_can_be_read_before_anybody_gets_them, Desk) {
    const TemporaryDirectory files("notices");
    const auto file = (files.path() / "guard.toml").string();
    write_file(file,
               "[notice]\nsmtp_host = '127.0.0.1'\nsmtp_port = 1\nmail_from = 'a@isp.example'\n"
               "operator_name = 'Example'\noperator_phone = '0120-000-000'\noperator_verify = 'our bills'\n"
               "template_directory = '" GUARD_SOURCE_DIR "/notifier/templates'\n");
    const auto preview = guardctl({"preview", "mail", "--config", file, "--language", "en", "--kind", "released"}, "");
    BOOST_TEST(preview.status == 0, preview.output);
    BOOST_TEST(preview.output.find("0120-000-000") != std::string::npos, preview.output);
    BOOST_TEST(guardctl({"preview", "pigeon", "--config", file}, "").status == 2);
    BOOST_TEST(guardctl({"test-send", "mail", "me@isp.example", "--config", file}, "").status == 1);  // no server there
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
