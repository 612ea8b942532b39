// Whatever is missing, full or broken: logins go on, and what was lost is counted.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "enforcement/publisher.hpp"
#include "tests/rlm_pppoe_guard/guarded_server.hpp"
#include "tests/support/small_disk.hpp"

using namespace guard;
using namespace guard::test;

namespace {

using std::chrono::seconds;

// Until the writer, which tries at most once a second, has got its segment.
bool records_again(GuardedServer& guarded) {
    return wait_until(
        [&] {
            guarded.login("u0001");
            return !guarded.events().empty();
        },
        seconds(10));
}

void fill_with_starts(GuardedServer& guarded, int count) {
    RawClient client;
    for (int i = 0; i < count; ++i) {
        const auto packet = RawPacket(RequestType::accounting, static_cast<std::uint8_t>(i % 256))
                                .attribute(40, 1U)
                                .attribute(44, "session-" + std::to_string(i))
                                .attribute(1, std::string(253, 'x'))
                                .encode();
        BOOST_REQUIRE((client.exchange(guarded.server.acct_port(), packet) == 5));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failures)

BOOST_AUTO_TEST_CASE(nothing_but_the_module_is_needed) {
    GuardedServer guarded;  // no analyzer, no table, nobody who reads
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(guarded.accounting("User-Name = u0001, Acct-Status-Type = Start, Acct-Session-Id = s").code ==
               "Accounting-Response");
    BOOST_TEST(guarded.figure("table") == "absent");
    BOOST_TEST(guarded.events().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_missing_spool_directory_is_waited_for) {
    GuardedServer guarded(Setup{.make_spool = false});
    guarded.publish({"u0002"});
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(guarded.login("u0002").code == "Access-Reject");
    BOOST_TEST(guarded.accounting("User-Name = u0001, Acct-Status-Type = Start").code == "Accounting-Response");
    BOOST_TEST(guarded.figure("dropped") == "3");
    BOOST_TEST(guarded.server.log().find("events are dropped") != std::string::npos, guarded.server.log());
    std::filesystem::create_directory(guarded.spool());
    std::filesystem::permissions(guarded.spool(), std::filesystem::perms::all);
    BOOST_TEST(records_again(guarded));
}

BOOST_AUTO_TEST_CASE(an_unwritable_spool_directory_is_waited_for) {
    GuardedServer guarded;
    if (geteuid() == 0) BOOST_REQUIRE(chown(guarded.spool().c_str(), 0, 0) == 0);
    std::filesystem::permissions(guarded.spool(), static_cast<std::filesystem::perms>(0555));
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(guarded.figure("dropped") == "1");
    BOOST_TEST(guarded.server.log().find("Permission denied") != std::string::npos, guarded.server.log());
    std::filesystem::permissions(guarded.spool(), std::filesystem::perms::all);
    BOOST_TEST(records_again(guarded));
}

BOOST_AUTO_TEST_CASE(at_the_quota_events_are_dropped_and_logins_go_on) {
    GuardedServer guarded(Setup{.spool_items = "quota = 128K"});
    guarded.server.start();
    fill_with_starts(guarded, 500);  // of 280 bytes: two segments of 64 KiB hold 438
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    const auto dropped = std::stoul(guarded.figure("dropped"));
    BOOST_TEST(dropped >= 1U);
    BOOST_TEST(guarded.events().size() + dropped == 501U);
    BOOST_TEST(guarded.figure("appended") == std::to_string(guarded.events().size()));
    BOOST_TEST(guarded.server.log().find("quota") != std::string::npos);
    std::uintmax_t used = 0;
    for (const auto& entry : std::filesystem::directory_iterator(guarded.spool())) used += entry.file_size();
    BOOST_TEST(used <= 128U * 1024U);
}

BOOST_AUTO_TEST_CASE(on_a_full_disk_events_are_dropped_and_logins_go_on) {
    GuardedServer guarded;
    const SmallDisk disk(guarded.spool());
    if (!disk.mounted()) {
        BOOST_WARN_MESSAGE(false, "NOT TESTED: a full disk needs the right to mount; the quota is tested");
        return;
    }
    const auto ballast = guarded.spool() / "ballast";
    write_file(ballast, std::string((1U << 20U) - 16 * 1024, 'x'));
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(guarded.accounting("User-Name = u0001, Acct-Status-Type = Stop").code == "Accounting-Response");
    BOOST_TEST(guarded.figure("dropped") == "2");
    BOOST_TEST(guarded.server.log().find("No space left on device") != std::string::npos, guarded.server.log());
    std::filesystem::remove(ballast);
    BOOST_TEST(records_again(guarded));
}

BOOST_AUTO_TEST_CASE(a_damaged_table_refuses_nobody) {
    GuardedServer guarded;
    write_file(guarded.table(), "this is no table");
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(guarded.figure("table") == "absent");
    BOOST_TEST(guarded.server.log().find("nobody is refused") != std::string::npos, guarded.server.log());
    guarded.publish({"u0001"});
    BOOST_TEST(wait_until([&] { return guarded.login("u0001").code == "Access-Reject"; }, seconds(5)));
    BOOST_TEST(guarded.figure("table") == "good");
}

BOOST_AUTO_TEST_CASE(a_table_that_is_damaged_later_leaves_the_one_before_in_use) {
    GuardedServer guarded;
    guarded.publish({"u0001"});
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Reject");
    write_file(guarded.table(), "");
    BOOST_TEST(wait_until([&] { return guarded.figure("table") == "stale"; }, seconds(5)));
    BOOST_TEST(guarded.login("u0001").code == "Access-Reject");
    BOOST_TEST(guarded.login("u0002").code == "Access-Accept");
    std::filesystem::remove(guarded.table());
    BOOST_TEST(guarded.login("u0001").code == "Access-Reject");
}

BOOST_AUTO_TEST_CASE(at_start_the_previous_table_stands_in_for_a_damaged_one) {
    GuardedServer guarded;
    guarded.publish({"u0001"});
    guarded.publish({"u0001", "u0002"});
    auto bytes = read_file(guarded.table());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write_file(guarded.table(), bytes);
    guarded.server.start();
    BOOST_TEST(guarded.figure("table") == "stale");
    BOOST_TEST(guarded.figure("generation") == "1");
    BOOST_TEST(guarded.login("u0001").code == "Access-Reject");
    BOOST_TEST(guarded.login("u0002").code == "Access-Accept");
}

BOOST_AUTO_TEST_CASE(what_was_answered_survives_a_kill) {
    GuardedServer guarded;
    guarded.publish({"u0002"});
    guarded.server.start();
    for (int i = 0; i < 5; ++i) BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    guarded.server.kill();
    BOOST_TEST(guarded.events().size() == 5U);
    guarded.server.start();
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(guarded.login("u0002").code == "Access-Reject");
    BOOST_TEST(guarded.events().size() == 7U);
    BOOST_TEST(guarded.torn() == 0U);
}

BOOST_AUTO_TEST_CASE(an_orderly_stop_seals_the_segment_with_its_counters) {
    GuardedServer guarded;
    guarded.server.start();
    guarded.login("u0001");
    guarded.accounting("User-Name = \"\", Acct-Status-Type = Start");
    guarded.server.stop();
    spool::Reader reader(guarded.spool());
    const auto state = reader.writers();
    BOOST_TEST(state.counters.appended == 1U);
    BOOST_TEST(state.counters.unusable == 1U);
    BOOST_TEST(state.id_fingerprint == "v1,case=lower,realm=keep");
}

// The order in which FreeRADIUS would lose the answer or the event.
BOOST_AUTO_TEST_CASE(alone_in_accounting_the_module_gets_the_nas_its_answer) {
    GuardedServer guarded;  // kPppoeSite has nothing else in accounting
    guarded.server.start();
    // Neither a session nor an ID: noop would lose the answer.
    BOOST_TEST(guarded.accounting("Acct-Status-Type = Accounting-On").code == "Accounting-Response");
    BOOST_TEST(guarded.accounting("Acct-Status-Type = Failed, User-Name = u0001").code == "Accounting-Response");
}

BOOST_AUTO_TEST_CASE(post_auth_never_turns_an_accept_into_a_reject) {
    GuardedServer guarded(Setup{.make_spool = false});
    guarded.server.start();
    RawClient client;
    // An ID too long for any table, an event that cannot be written: still what the password says.
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    const auto packet = RawPacket(RequestType::authentication).password("pw").encode();  // no User-Name at all
    BOOST_TEST((client.exchange(guarded.server.auth_port(), packet) == 3));
    BOOST_TEST(guarded.figure("faults") == "0");
}

BOOST_AUTO_TEST_CASE(an_unknown_figure_is_empty_and_fails_nothing) {
    GuardedServer guarded;
    guarded.server.start();
    BOOST_TEST(guarded.figure("no-such-figure").empty());
    BOOST_TEST(guarded.figure("appended") == "0");
}

BOOST_AUTO_TEST_SUITE_END()
