// The paths of an installation are the same wherever they are written: module, configuration, directories, units.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "config/options.hpp"
#include "tests/docs/document.hpp"

namespace guard::test {
namespace {

config::Settings example() {
    auto settings = config::load(source("packaging/pppoe-guard.toml"));
    if (!settings) BOOST_FAIL(settings.error().front());
    return *settings;
}

std::string module_manual() {
    return read_source("rlm_pppoe_guard/mods-available/pppoe_guard");
}
Names directories() {
    return all_matches(read_source("packaging/tmpfiles.d/pppoe-guard.conf"), R"(\nd (\S+))");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(paths)

BOOST_AUTO_TEST_CASE(the_spools_are_those_of_the_module) {
    Names configured;
    for (const auto& spool : example().spools) configured.insert(spool.string());
    BOOST_TEST(difference(configured, all_matches(module_manual(), R"lit(\n\t+directory = "([^"]+)")lit")) == "");
    for (const std::string& spool : configured) BOOST_TEST(directories().contains(spool), spool);
}

BOOST_AUTO_TEST_CASE(the_table_is_that_of_the_module) {
    const auto settings = example();
    BOOST_TEST(difference({settings.table.string()}, all_matches(module_manual(), R"lit(\n\ttable = "([^"]+)")lit")) ==
               "");
    BOOST_TEST(directories().contains(settings.table.parent_path().string()));
}

BOOST_AUTO_TEST_CASE(what_the_daemons_write_has_a_directory_that_their_units_let_them_write_to) {
    const auto settings = example();
    for (const auto& directory :
         {settings.state_directory, settings.metrics_file.parent_path(), settings.notice_metrics_file.parent_path()})
        BOOST_TEST(directories().contains(directory.string()), directory);
    const auto covered = [](const std::string& program, const std::filesystem::path& path) {
        const Names lines =
            all_matches(read_source("packaging/systemd/" + program + ".service"), R"(\nReadWritePaths=([^\n]+))");
        Names writable;
        for (const std::string& line : lines) writable.merge(all_matches(line, R"((/var/\S+))"));
        return std::ranges::any_of(writable,
                                   [&](const auto& directory) { return path.string().starts_with(directory + '/'); });
    };
    auto needed = settings.spools;
    needed.insert(needed.end(), {settings.table, settings.state_directory, settings.metrics_file});
    for (const auto& path : needed) BOOST_TEST(covered("pppoe-guard-analyzer", path), path);
    BOOST_TEST(covered("pppoe-guard-notifier", settings.notice_metrics_file));
}

BOOST_AUTO_TEST_CASE(the_users_of_the_units_are_made_and_described) {
    const Names made = all_matches(read_source("packaging/sysusers.d/pppoe-guard.conf"), R"(\nu (\S+))");
    Names used;
    for (const char* name : {"pppoe-guard-analyzer", "pppoe-guard-notifier"})
        used.merge(all_matches(read_source(std::string("packaging/systemd/") + name + ".service"), R"(\nUser=(\S+))"));
    BOOST_TEST(difference(used, made) == "");
    for (const std::string& user : made)
        BOOST_TEST(read_source("packaging/README.md").find('`' + user + '`') != std::string::npos, user);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::test
