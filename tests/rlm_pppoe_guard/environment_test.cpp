// What "freeradius -C" and a start say of directories and tables that the server cannot use: a warning with the place
// in the file, and never more than a warning.
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <functional>

#include "enforcement/publisher.hpp"
#include "tests/rlm_pppoe_guard/guarded_server.hpp"

using namespace guard;
using namespace guard::test;

namespace {

constexpr std::string_view kWarned = "rlm_pppoe_guard (pppoe_guard): ";

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

void mode(const std::filesystem::path& path, int bits) {
    std::filesystem::permissions(path, static_cast<std::filesystem::perms>(bits));
}

// Belongs to nobody whom the server runs as, if the test can do that; else at least nobody may use it.
void close_to_server(const std::filesystem::path& path) {
    mode(path, 0);
    if (geteuid() == 0) BOOST_REQUIRE(chown(path.c_str(), 0, 0) == 0);
}

// The line that has `item = value`, counted from one.
std::string place_of(const GuardedServer& guarded, std::string_view item) {
    const auto text = read_file(guarded.server.directory() / "radiusd.conf");
    const auto at = text.find(std::string(item) + " = ", text.find("pppoe_guard {"));
    BOOST_REQUIRE(at != std::string::npos);
    const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    return "radiusd.conf[" + std::to_string(line) + "]: " + std::string(kWarned) + std::string(item) + " ";
}

std::vector<std::string> files(const std::filesystem::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) names.push_back(entry.path());
    return names;
}

// The server's own directory for the tables, so that it can be closed.
struct Checked : GuardedServer {
    explicit Checked(const Setup& setup = {}) : GuardedServer(setup) {}

    void warns(std::string_view item, std::string_view said) {
        const auto result = server.check();
        BOOST_TEST(result.status == 0, result.output);
        BOOST_TEST(count(result.output, kWarned) == 1U, result.output);
        BOOST_TEST(result.output.find("Warning: ") != std::string::npos, result.output);
        BOOST_TEST(result.output.find(place_of(*this, item)) != std::string::npos, result.output);
        BOOST_TEST(result.output.find(said) != std::string::npos, result.output);
    }
    void is_silent() {
        const auto result = server.check();
        BOOST_TEST(result.status == 0, result.output);
        BOOST_TEST(count(result.output, kWarned) == 0U, result.output);
    }
    std::filesystem::path table_directory() const { return table().parent_path(); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(environment)

BOOST_FIXTURE_TEST_CASE(what_can_be_used_is_not_mentioned, Checked) {
    is_silent();  // no table yet: the analyzer publishes the first one
    publish({"u0001"});
    is_silent();
    mode(spool(), 02770);  // as packaging has it
    is_silent();
}

BOOST_AUTO_TEST_CASE(a_spool_directory_that_is_missing) {
    Checked guarded(Setup{.make_spool = false});
    guarded.warns("directory", "No such file or directory");
    BOOST_TEST(!std::filesystem::exists(guarded.spool()));
}

BOOST_AUTO_TEST_CASE(a_spool_directory_that_is_a_file) {
    Checked guarded(Setup{.make_spool = false});
    write_file(guarded.spool(), "");
    guarded.warns("directory", "is not a directory");
}

BOOST_FIXTURE_TEST_CASE(a_spool_directory_that_the_server_may_not_write, Checked) {
    close_to_server(spool());
    warns("directory", "is not writable, readable and searchable by the user " + User::unprivileged().name);
    mode(spool(), 0700);
}

BOOST_FIXTURE_TEST_CASE(a_spool_directory_that_others_may_read, Checked) {
    for (const int bits : {0701, 0702, 0704, 0777}) {
        mode(spool(), bits);
        warns("directory", "is open to every user of this machine");
    }
    server.start();
    BOOST_TEST(count(server.log(), "is open to every user of this machine") == 1U, server.log());
}

BOOST_AUTO_TEST_CASE(a_directory_of_the_table_that_is_missing) {
    const Setup setup;
    Checked guarded(setup);
    auto config = guarded.config(setup);
    const std::string table = guarded.table().string();
    config.modules.replace(config.modules.find(table), table.size(), table + "/missing/table");
    guarded.server.configure(config);
    guarded.warns("table", "missing\": No such file or directory");
}

BOOST_AUTO_TEST_CASE(a_directory_of_the_table_that_cannot_be_searched) {
    const Setup setup;
    Checked guarded(setup);
    const auto closed = guarded.table_directory() / "closed";
    std::filesystem::create_directory(closed);
    close_to_server(closed);
    auto config = guarded.config(setup);
    const std::string table = guarded.table().string();
    config.modules.replace(config.modules.find(table), table.size(), (closed / "table").string());
    guarded.server.configure(config);
    guarded.warns("table", "closed\" is not searchable by the user " + User::unprivileged().name);
}

BOOST_FIXTURE_TEST_CASE(a_table_that_cannot_be_read, Checked) {
    publish({"u0001"});
    close_to_server(table());
    warns("table", "is not readable by the user " + User::unprivileged().name);
}

BOOST_FIXTURE_TEST_CASE(a_table_that_is_damaged, Checked) {
    publish({"u0001"});
    auto bytes = read_file(table());
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    write_file(table(), bytes);
    warns("table", "is damaged: ");
    write_file(table(), "");
    warns("table", "is damaged: ");
}

BOOST_AUTO_TEST_CASE(a_table_for_other_ids) {
    Setup setup;
    setup.normalisation.realm = IdNormalisation::Realm::strip;  // of the table; the module keeps realms
    Checked guarded(setup);
    guarded.publish({"u0001"});
    guarded.warns("table", "\"v1,case=lower,realm=strip\"");
}

BOOST_FIXTURE_TEST_CASE(a_table_that_is_no_file_is_not_waited_for, Checked) {
    BOOST_REQUIRE(mkfifo(table().c_str(), 0666) == 0);
    warns("table", "is not a regular file");
}

BOOST_FIXTURE_TEST_CASE(all_of_it_is_said_at_once, Checked) {
    mode(spool(), 0777);
    write_file(table(), "this is no table");
    const auto result = server.check();
    BOOST_TEST(result.status == 0, result.output);
    BOOST_TEST(count(result.output, kWarned) == 2U, result.output);
}

BOOST_FIXTURE_TEST_CASE(looking_changes_nothing, Checked) {
    publish({"u0001"});
    mode(spool(), 0777);
    const auto before = files(table_directory());
    const auto written = std::filesystem::last_write_time(table());
    BOOST_TEST(server.check().status == 0);
    BOOST_TEST(files(table_directory()) == before);
    BOOST_TEST((std::filesystem::last_write_time(table()) == written));
}

// Without "-l stdout" the server's log goes where radiusd.conf says: whoever types the command would see nothing.
BOOST_AUTO_TEST_CASE(on_a_terminal_it_is_seen_although_the_log_goes_to_a_file) {
    Setup setup{.make_spool = false};
    setup.main = "log {\n\tdestination = files\n\tfile = ${work}/radius.log\n}\n";
    Checked guarded(setup);
    const auto plain = guarded.server.check({"-C"});
    BOOST_TEST(plain.status == 0);
    BOOST_TEST(count(plain.output, kWarned) == 1U, plain.output);
    BOOST_TEST(plain.output.find(place_of(guarded, "directory")) != std::string::npos, plain.output);
    const auto log = guarded.server.directory() / "radius.log";
    BOOST_TEST(count(read_file(log), kWarned) == 1U);
    // As Debian's unit runs it before each start.
    const auto unit = guarded.server.check({"-Cx", "-lstdout"});
    BOOST_TEST(unit.status == 0);
    BOOST_TEST(count(unit.output, kWarned) == 1U, unit.output);
}

// Root types it, and it is the server's user whose rights count.
BOOST_AUTO_TEST_CASE(the_rights_are_those_of_the_user_in_radiusd_conf) {
    if (geteuid() != 0) {
        BOOST_WARN_MESSAGE(false, "NOT TESTED: another user's rights need root");
        return;
    }
    Setup setup;
    setup.main = "security {\n\tuser = " + User::unprivileged().name + "\n\tallow_core_dumps = no\n}\n";
    Checked guarded(setup);
    close_to_server(guarded.spool());  // root could use it
    for (const char* arguments : {"-C", "-Cx", "-XC"}) {
        const auto result = guarded.server.check_as(User::self(), {arguments, "-l", "stdout"});
        BOOST_TEST(result.status == 0, result.output);
        BOOST_TEST(result.output.find("by the user " + User::unprivileged().name) != std::string::npos, result.output);
    }
}

// At a start the same is said, once, and nothing of it keeps the server from starting.
BOOST_AUTO_TEST_CASE(a_start_says_the_same_once) {
    Checked guarded(Setup{.make_spool = false});
    write_file(guarded.table(), "this is no table");
    guarded.server.start();
    const auto log = guarded.server.log();
    BOOST_TEST(log.find(place_of(guarded, "directory")) != std::string::npos, log);
    BOOST_TEST(count(log, "No such file or directory") == 1U, log);
    BOOST_TEST(count(log, guarded.table().string()) == 1U, log);
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
}

BOOST_AUTO_TEST_SUITE_END()
