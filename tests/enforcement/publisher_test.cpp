// Publishing: the names are never missing, the one before is kept, others cannot read it.
#include <sys/stat.h>

#include <set>
#include <system_error>

#include "tests/enforcement/table_fixture.hpp"

using namespace guard;
using namespace guard::enforcement;
using namespace guard::test;

namespace {

std::uint64_t generation_in(const std::filesystem::path& path) {
    const auto table = Table::from_bytes(file_bytes(path));
    BOOST_REQUIRE_MESSAGE(table, path);
    return table->generation();
}

unsigned mode_of(const std::filesystem::path& path) {
    struct stat status {};
    BOOST_REQUIRE(stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

std::set<std::string> names_in(const std::filesystem::path& directory) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) names.insert(entry.path().filename());
    return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(enforcement_publisher)

BOOST_AUTO_TEST_CASE(keeps_the_one_before) {
    const TemporaryDirectory directory("publish");
    const auto file = directory.path() / "table";
    BOOST_TEST(previous_table(file) == directory.path() / "table.previous");
    publish(table_of(1, {"a"}), file);
    BOOST_TEST(generation_in(file) == 1U);
    BOOST_TEST((names_in(directory.path()) == std::set<std::string>{"table"}));
    for (std::uint64_t generation = 2; generation < 5; ++generation) {
        publish(table_of(generation, {"a"}), file);
        BOOST_TEST(generation_in(file) == generation);
        BOOST_TEST(generation_in(previous_table(file)) == generation - 1);
        BOOST_TEST((names_in(directory.path()) == std::set<std::string>{"table", "table.previous"}));
    }
    BOOST_TEST(file_bytes(file) == table_of(4, {"a"}).to_bytes());
}

BOOST_AUTO_TEST_CASE(only_owner_and_group_may_read_it) {
    const TemporaryDirectory directory("publish");
    const auto file = directory.path() / "table";
    for (const mode_t mask : {mode_t{0}, mode_t{077}}) {
        const mode_t before = umask(mask);
        publish(table_of(1, {}), file);
        publish(table_of(2, {}), file);
        umask(before);
        BOOST_TEST(mode_of(file) == 0640U);
        BOOST_TEST(mode_of(previous_table(file)) == 0640U);
    }
}

BOOST_AUTO_TEST_CASE(what_a_killed_publisher_left_is_no_hindrance) {
    const TemporaryDirectory directory("publish");
    const auto file = directory.path() / "table";
    publish(table_of(1, {}), file);
    // Killed after the present one was kept and before the next one took its name.
    std::filesystem::create_hard_link(file, previous_table(file));
    write_file(file.string() + ".next", "half a table");
    std::filesystem::create_hard_link(file, file.string() + ".kept");
    publish(table_of(2, {}), file);
    publish(table_of(3, {}), file);
    BOOST_TEST(generation_in(file) == 3U);
    BOOST_TEST(generation_in(previous_table(file)) == 2U);
}

BOOST_AUTO_TEST_CASE(when_it_fails_the_present_table_stays) {
    const TemporaryDirectory directory("publish");
    BOOST_CHECK_THROW(publish(table_of(1, {}), directory.path() / "missing" / "table"), std::system_error);
    const auto file = directory.path() / "table";
    publish(table_of(1, {}), file);
    std::filesystem::create_directories(file.string() + ".next/in-the-way");
    BOOST_CHECK_THROW(publish(table_of(2, {}), file), std::system_error);
    BOOST_TEST(generation_in(file) == 1U);
    std::filesystem::remove_all(file.string() + ".next");
    std::filesystem::create_directories(previous_table(file) / "in-the-way");
    BOOST_CHECK_THROW(publish(table_of(2, {}), file), std::system_error);
    BOOST_TEST(generation_in(file) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
