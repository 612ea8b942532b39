// The notifier's figures, as the node exporter reads them.
#include "notifier/metrics.hpp"

#include <boost/test/unit_test.hpp>
#include <thread>

#include "tests/notifier/delivery_fixture.hpp"
#include "tests/notifier/smtp_responder.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;

struct Fixture : DeliveryFixture {
    Fixture() { settings.notice_metrics_file = files.path() / "notifier.prom"; }
    // "3" of the line `pppoe_guard_notifier_NAME{channel="mail"} 3`; "none" if there is no such line.
    std::string figure(const std::string& name, const std::string& labels = "{channel=\"mail\"}") const {
        const auto text = "\n" + read_file(settings.notice_metrics_file);
        const auto line = "\npppoe_guard_notifier_" + name + labels + " ";
        const auto at = text.find(line);
        if (at == std::string::npos) return "none";
        const auto begin = at + line.size();
        return text.substr(begin, text.find('\n', begin) - begin);
    }
    std::string deliveries(const std::string& outcome) const {
        return figure("deliveries_total", "{channel=\"mail\",outcome=\"" + outcome + "\"}");
    }

    SmtpResponder responder;
    config::Settings settings = notifier_settings(database(), responder.port());
};

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_FIXTURE_TEST_CASE(deliveries_are_counted_and_the_queue_is_shown, Fixture) {
    notifier::Metrics metrics(settings);
    const auto sender = notifier(settings);
    sender->count_in(metrics);
    const auto own = connect("notifier");
    metrics.write(own.get());
    for (const auto* name : {"waiting", "oldest_due_seconds", "dead", "maybe_twice"})
        BOOST_TEST(figure(name) == "0", name);
    BOOST_TEST(deliveries("accepted") == "0");
    BOOST_TEST(figure("unplanned", "") == "0");

    const auto send = [&](const SmtpScript& script) {
        responder.set(script);
        queue("taro@mail.example");
        BOOST_TEST(sender->run_once() == 1U);
    };
    for (int i = 0; i < 2; ++i) send({});
    send({.recipient = [] { return std::string("550 no such user"); }});
    send({.message = [] { return std::string(); }});  // it may have it, and may get it again
    exec("UPDATE guard.delivery SET due_at = now() - interval '100 s' WHERE state = 'queued'");
    queue("taro@mail.example");
    metrics.write(own.get());
    BOOST_TEST(deliveries("accepted") == "2");
    BOOST_TEST(deliveries("dead") == "1");
    BOOST_TEST(deliveries("later") == "1");
    BOOST_TEST(figure("waiting") == "1");
    BOOST_TEST(figure("dead") == "1");
    BOOST_TEST(figure("maybe_twice") == "1");
    BOOST_TEST(figure("oldest_due_seconds").starts_with("10"), figure("oldest_due_seconds"));
    BOOST_TEST(figure("unplanned", "") == "1");
    BOOST_TEST(figure("database_up", "") == "1");
    // Anybody may read the file.
    const auto text = read_file(settings.notice_metrics_file);
    for (const auto* secret : {"taro", "mail.example"}) BOOST_TEST(text.find(secret) == std::string::npos, text);
}

BOOST_FIXTURE_TEST_CASE(without_the_database_no_old_figures_of_the_queue_stay, Fixture) {
    settings.database = "host=/nowhere";
    notifier::Metrics metrics(settings);
    metrics.delivered("mail", notifier::Delivery::Outcome::accepted);
    std::stop_source ended;
    ended.request_stop();
    metrics.keep(ended.get_token());
    BOOST_TEST(figure("database_up", "") == "0");
    BOOST_TEST(figure("waiting") == "none");
    BOOST_TEST(deliveries("accepted") == "1");
    // A folder that is not there does not end the notifier.
    settings.notice_metrics_file = "/nowhere/notifier.prom";
    notifier::Metrics(settings).keep(ended.get_token());
}

BOOST_FIXTURE_TEST_CASE(the_program_writes_what_all_its_senders_did, Fixture) {
    settings.notice_senders = 3;
    for (int i = 0; i < 5; ++i) queue("taro@mail.example");
    write_config(files.path() / "guard.toml", settings);
    const auto done = run({kNotifier, "--once", "--config", (files.path() / "guard.toml").string()});
    BOOST_TEST(done.status == 0, done.output);
    BOOST_TEST(deliveries("accepted") == "5");
    BOOST_TEST(figure("waiting") == "0");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
