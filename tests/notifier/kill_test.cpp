// Two notifiers and the mail server are killed at random moments: every subscriber gets the notice, and every copy
// beyond the first has the same Message-ID and is counted. GUARD_SEED repeats a run, GUARD_KILLS sets its length.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <regex>
#include <set>
#include <thread>

#include "tests/notifier/notifier_settings.hpp"
#include "tests/sql/database.hpp"
#include "tests/support/mail_server.hpp"

namespace guard::test {
namespace {

using namespace std::chrono_literals;

constexpr int kNotices = 120;

unsigned from_environment(const char* name, unsigned otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : static_cast<unsigned>(std::stoul(text));
}

struct Chaos : Database {
    Chaos() {
        exec(
            "INSERT INTO guard.incident (incident_key, service, id, state, opened_at) "
            "SELECT 'k' || n, 'pppoe', convert_to('taro' || n, 'UTF8'), 'suspended', now() FROM generate_series(1, " +
            std::to_string(kNotices) + ") AS n");
        exec(
            "INSERT INTO guard.suspension (incident_id, service, id, rule) "
            "SELECT incident_id, service, id, 'pppoe.jump' FROM guard.incident");
        exec(
            "INSERT INTO guard.subscriber (service, id, mail) SELECT service, id, 'taro' || incident_id || "
            "'@mail.example' FROM guard.incident");
        auto settings = notifier_settings(cluster().connection_string("notifier", name()), server.port());
        settings.notice_senders = config::Settings().notice_senders;
        settings.notice_retry = 1s;
        write_config(files.path() / "guard.toml", settings);
        for (auto& each : notifiers) each = start();
    }
    std::unique_ptr<Process> start() {
        return std::make_unique<Process>(
            std::vector<std::string>{kNotifier, "--config", (files.path() / "guard.toml").string()});
    }
    void kill_notifier(std::size_t which) {
        killed.push_back(notifiers[which]->pid());
        notifiers[which]->signal(SIGKILL);
        (void)notifiers[which]->wait(20s);
        end_leases();
        notifiers[which] = start();
    }
    // Of those that were killed: the test does not wait five minutes. Again and again, since a commit that was under
    // way counts, and on a busy machine the server may carry it out much later.
    void end_leases() {
        for (const auto pid : killed)
            exec("UPDATE guard.delivery SET lease_until = now() WHERE lease_until > now() AND leased_by LIKE '%:" +
                 std::to_string(pid) + ":%'");
    }
    void queue(int from, int to) {
        exec(
            "INSERT INTO guard.notice (incident_id, kind, idempotency_key, service, id) "
            "SELECT incident_id, 'suspended', 's' || incident_id, service, id FROM guard.incident WHERE incident_id "
            "BETWEEN " +
            std::to_string(from) + " AND " + std::to_string(to));
    }
    std::string accepted() { return value("SELECT count(*) FROM guard.delivery WHERE state = 'accepted'"); }

    MailServer server;
    TemporaryDirectory files{"kill"};
    std::array<std::unique_ptr<Process>, 2> notifiers;
    std::vector<pid_t> killed;
};

// Copies that the mail server took in, by Message-ID. What exim itself delivers twice, because it was killed between
// the mailbox and its journal, has the same number of exim's in its Received header, and is one copy.
std::map<std::string, std::set<std::string>> copies_by_message_id(const std::vector<std::string>& messages) {
    std::map<std::string, std::set<std::string>> copies;
    for (const auto& message : messages) {
        std::smatch id, number;
        BOOST_REQUIRE(std::regex_search(message, id, std::regex("\nMessage-ID: (<[^>]+>)")));
        BOOST_REQUIRE(std::regex_search(message, number, std::regex("\tid ([0-9A-Za-z-]+)")));
        copies[id[1]].insert(number[1]);
    }
    return copies;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(kill)

BOOST_FIXTURE_TEST_CASE(each_notice_arrives_and_every_copy_more_is_counted, Chaos) {
    const unsigned seed = from_environment("GUARD_SEED", std::random_device{}());
    const unsigned kills = from_environment("GUARD_KILLS", 14);
    BOOST_TEST_MESSAGE("GUARD_SEED=" << seed);
    std::mt19937 random(seed);
    const auto die = [&](int from, int to) { return std::uniform_int_distribution(from, to)(random); };
    int queued = 0;
    for (unsigned i = 0; i < kills; ++i) {
        const int more = i + 1 == kills ? kNotices - queued : kNotices / static_cast<int>(kills);
        queue(queued + 1, queued + more);
        queued += more;
        std::this_thread::sleep_for(std::chrono::milliseconds(die(0, 250)));  // the moment is the matter of the test
        if (die(0, 2) == 0) {
            server.kill9();
            server.start();
        } else {
            kill_notifier(static_cast<std::size_t>(die(0, 1)));
        }
    }
    const bool all = wait_until(
        [&] {
            end_leases();
            return accepted() == std::to_string(kNotices);
        },
        60s);
    BOOST_TEST(all, "seed " << seed << ": accepted " << accepted() << "\n"
                            << value("SELECT string_agg(DISTINCT state || ' ' || answer, '; ') FROM guard.delivery"));
    (void)wait_until([&] { return copies_by_message_id(server.messages()).size() >= kNotices; }, 30s);
    const auto copies = copies_by_message_id(server.messages());
    BOOST_TEST(copies.size() == static_cast<std::size_t>(kNotices), "seed " << seed);
    std::size_t more = 0;
    for (const auto& row : exec("SELECT message_id, maybe_twice FROM guard.delivery")) {
        const auto found = copies.find(row[0].as<std::string>());
        BOOST_REQUIRE_MESSAGE(found != copies.end(), "seed " << seed << ": nobody has " << row[0].c_str());
        const auto counted = row[1].as<std::size_t>();
        BOOST_TEST(found->second.size() <= 1 + counted, "seed " << seed << ": " << found->second.size() << " copies of "
                                                                << row[0].c_str() << ", counted " << counted);
        more += found->second.size() - 1;
    }
    BOOST_TEST_MESSAGE(more << " second copies, counted as perhaps "
                            << value("SELECT sum(maybe_twice) FROM guard.delivery"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
