#include "config/options.hpp"

#include <boost/test/unit_test.hpp>

#include "config/suggestion.hpp"
#include "tests/support/process.hpp"

namespace guard::config {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

Settings good(std::string_view text) {
    auto settings = parse(text, "/etc/guard/guard.toml");
    if (!settings) BOOST_FAIL(settings.error().front());
    return *settings;
}

Lines mistakes(std::string_view text) {
    const auto settings = parse(text, "/etc/guard/guard.toml");
    BOOST_REQUIRE_MESSAGE(!settings.has_value(), "no mistake was seen in " << text);
    return settings.error();
}

std::string mistake(std::string_view text) {
    const Lines all = mistakes(text);
    BOOST_TEST(all.size() == 1U, all.back());
    return all.front();
}

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(an_empty_file_gives_the_defaults) {
    BOOST_TEST(to_toml(good("")) == to_toml({}));
    BOOST_TEST(to_toml(good("# nothing\n[detection]\n[detection.rule_modes]\n")) == to_toml({}));
    BOOST_TEST(to_toml(good("\xEF\xBB\xBF[detection]\r\nmode = 'observe'\r\n")) == to_toml({}));
}

BOOST_AUTO_TEST_CASE(values_arrive) {
    const Settings settings = good(R"(
        [spool]
        directories = ["/var/spool/a", "b"]
        retention = "72h"
        [detection]
        settle = 90
        rule_modes = { "pppoe.jump" = "review", "smtp.source" = "enforce" }
        [detection.pppoe]
        min_distance_km = 150
        max_speed_kmh = 512.5
        burst_accepts = 20
        [release]
        trusted_password_roles = ["portal", "desk"]
        trusted_password_channels = ["shop", "call-centre"]
        mass_change = 7
        [disconnect]
        rate = 5
        user_name = ["isp.example={user}@ISP.EXAMPLE", "={id}"]
        [notice]
        mail_from = "abuse@isp.example"
        operator_name = "株式会社 \"例\""
        mail_only = true
    )");
    BOOST_TEST((settings.spools == std::vector<std::filesystem::path>{"/var/spool/a", "/etc/guard/b"}));
    BOOST_TEST((settings.spool_retention == 72h));
    BOOST_TEST((settings.detection.settle == 90s));
    BOOST_TEST(settings.detection.rule_modes.size() == 2U);
    BOOST_TEST((settings.detection.rule_modes.at("pppoe.jump") == Mode::review));
    BOOST_TEST((settings.detection.rule_modes.at("smtp.source") == Mode::enforce));
    BOOST_TEST(settings.detection.pppoe.min_distance_km == 150);
    BOOST_TEST(settings.detection.pppoe.max_speed_kmh == 512.5);
    BOOST_TEST(settings.detection.pppoe.burst_accepts == 20U);
    BOOST_TEST(settings.trusted_password_roles == (Lines{"portal", "desk"}), boost::test_tools::per_element());
    BOOST_TEST(settings.trusted_password_channels == (Lines{"shop", "call-centre"}), boost::test_tools::per_element());
    BOOST_TEST(settings.mass_change == 7U);
    BOOST_TEST(settings.disconnect_rate == 5U);
    BOOST_TEST(settings.disconnect_user_names.size() == 2U);
    BOOST_TEST(settings.mail_from == "abuse@isp.example");
    BOOST_TEST(settings.operator_name == "株式会社 \"例\"");
    BOOST_TEST(settings.mail_only);
    BOOST_TEST(to_toml(good(to_toml(settings))) == to_toml(settings));
}

BOOST_AUTO_TEST_CASE(durations) {
    const auto timeout = [](const std::string& value) {
        return good("disconnect.timeout = " + value).disconnect_timeout;
    };
    BOOST_TEST((timeout("7") == 7s));
    BOOST_TEST((timeout("\"7s\"") == 7s));
    BOOST_TEST((timeout("\"1m\"") == 60s));
    const auto retry = [](const std::string& value) { return good("notice.retry = " + value).notice_retry; };
    BOOST_TEST((retry("\"2h\"") == 2h));
    BOOST_TEST((retry("\"1d\"") == 24h));
}

BOOST_AUTO_TEST_CASE(rules_may_be_named_without_quotes) {
    const Settings settings = good("[detection.rule_modes]\npppoe.burst.far = 'review'\n\"pppoe.jump\" = 'enforce'\n");
    BOOST_TEST((settings.detection.rule_modes.at("pppoe.burst.far") == Mode::review));
    BOOST_TEST((settings.detection.rule_modes.at("pppoe.jump") == Mode::enforce));
}

BOOST_AUTO_TEST_CASE(paths_are_relative_to_the_directory_of_the_file) {
    BOOST_TEST(good("geo.pools = 'pools.csv'").pools == "/etc/guard/pools.csv");
    BOOST_TEST(good("geo.pools = '../pools/./jp.csv'").pools == "/etc/pools/jp.csv");
    BOOST_TEST(good("geo.pools = '/srv/pools.csv'").pools == "/srv/pools.csv");
    BOOST_TEST(good("geo.pools = ''").pools == "");
    BOOST_TEST(parse("geo.pools = 'pools.csv'", "guard.toml").value().pools ==
               std::filesystem::current_path() / "pools.csv");
}

BOOST_AUTO_TEST_CASE(all_mistakes_are_reported_at_once_in_the_order_of_the_file) {
    const Lines all = mistakes(
        "[spool]\n"
        "retention = \"2 days\"\n"
        "[detection]\n"
        "mode = \"enforced\"\n"
        "[detection.pppoe]\n"
        "min_distance_km = -1\n"
        "burst_accept = 10\n"
        "[database]\n"
        "connection = 5\n"
        "[detection.rule_modes]\n"
        "\"pppoe.jmup\" = \"review\"\n"
        "\"pppoe.churn\" = \"suspend\"\n");
    const std::string file = "/etc/guard/guard.toml:";
    BOOST_TEST(
        all == (Lines{
                   file + R"(2: spool.retention: found "2 days", expected a duration from 1h to 30d)",
                   file + R"(4: detection.mode: found "enforced", expected "observe", "review" or "enforce")",
                   file + "6: detection.pppoe.min_distance_km: found -1, expected a number from 0 to 20000",
                   file + "7: detection.pppoe.burst_accept: found an unknown key, expected perhaps "
                          "detection.pppoe.burst_accepts",
                   file + "9: database.connection: found a value that is not shown here, expected a connection string "
                          "without a password (database.password_file)",
                   file + "11: detection.rule_modes.pppoe.jmup: found an unknown key, expected perhaps "
                          "detection.rule_modes.pppoe.jump",
                   file + R"(12: detection.rule_modes.pppoe.churn: found "suspend", expected "observe", "review" or )"
                          R"("enforce")",
               }),
        boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_no_toml) {
    const std::string message = mistake("[spool]\nretention = \n");
    BOOST_TEST(message.starts_with("/etc/guard/guard.toml:2: found what is no TOML, "), message);
    BOOST_TEST(mistake("a = 1\na = 2\n").starts_with("/etc/guard/guard.toml:2: found what is no TOML, "));
    BOOST_TEST(mistake("a = \"\xFF\"").starts_with("/etc/guard/guard.toml:1: found what is no TOML, "));
    BOOST_TEST(mistake("[a").starts_with("/etc/guard/guard.toml:1: found what is no TOML, "));
}

BOOST_AUTO_TEST_CASE(tables_where_values_belong_and_the_reverse) {
    BOOST_TEST(mistake("detection = 5") == "/etc/guard/guard.toml:1: detection: found 5, expected a table");
    BOOST_TEST(mistake("[[detection]]\nmode = 'observe'")
                   .starts_with("/etc/guard/guard.toml:1: detection: found a list, expected a table"));
    BOOST_TEST(mistake("[detection.mode]\nx = 1") ==
               R"(/etc/guard/guard.toml:1: detection.mode: found a table, expected "observe", "review" or "enforce")");
    BOOST_TEST(mistake("spool.directories = '/var/spool'") ==
               R"(/etc/guard/guard.toml:1: spool.directories: found "/var/spool", expected a list of paths)");
    BOOST_TEST(mistake("spool.directories = [\n'/a',\n3]") ==
               "/etc/guard/guard.toml:3: spool.directories: found 3, expected a path");
    BOOST_TEST(mistakes("release.trusted_password_roles = ['a b', '', 'c']").size() == 2U);
    BOOST_TEST(mistakes("release.trusted_password_channels = ['a,b', 'shop', '']").size() == 2U);
    BOOST_TEST(mistakes("disconnect.user_name = ['a={user}', 'a=everybody', 'none']").size() == 2U);
}

BOOST_AUTO_TEST_CASE(an_option_written_in_two_ways_is_a_mistake) {
    BOOST_TEST(
        mistake("[detection.rule_modes]\n\"pppoe.churn\" = 'review'\n[detection.rule_modes.pppoe]\nchurn = 'observe'\n")
            .find("found it again, expected it once (line ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(unknown_keys_and_what_was_meant) {
    const auto meant = [](std::string_view text) {
        const std::string message = mistake(text);
        const auto at = message.find("expected ");
        return message.substr(at + 9);
    };
    BOOST_TEST(meant("[detecton]\nmode = 'review'") == "perhaps detection");
    BOOST_TEST(meant("[detection]\nmin_distance_km = 5") == "perhaps detection.pppoe.min_distance_km");
    BOOST_TEST(meant("pools = 'pools.csv'") == "perhaps geo.pools");
    BOOST_TEST(meant("[nothing.like.it]\nx = 1") == "one of docs/configuration.md");
    BOOST_TEST(meant("\"\\u001b[2J\" = 1") == "one of docs/configuration.md");
    BOOST_TEST(
        mistake("\"\\u001b[2J\" = 1").starts_with("/etc/guard/guard.toml:1: \"\\x1b[2J\": found an unknown key"));
    BOOST_TEST(mistake("[unknown]\n").starts_with("/etc/guard/guard.toml:1: unknown: found an unknown key"));
    BOOST_TEST(meant("[detection.rule_modes]\n\"smtp.jumb\" = 'review'").starts_with("perhaps "));
}

BOOST_AUTO_TEST_CASE(suggestions) {
    const Lines known{"geo.pools", "geo.mmdb", "log.level", "notice.retry"};
    BOOST_TEST(suggestion("geo.pool", known) == "geo.pools");
    BOOST_TEST(suggestion("geo.polos", known) == "geo.pools");
    BOOST_TEST(suggestion("log.levle", known) == "log.level");
    BOOST_TEST(suggestion("retry", known) == "notice.retry");
    BOOST_TEST(suggestion("geo.radius", known) == "");
    BOOST_TEST(suggestion("", known) == "");
    BOOST_TEST(suggestion(std::string(100'000, 'x'), known) == "");
    BOOST_TEST(suggestion("x", Lines{}) == "");
}

BOOST_AUTO_TEST_CASE(options_that_depend_on_each_other) {
    BOOST_TEST(mistake("[detection.pppoe]\nburst_accepts = 8\nburst_live_after = 9\n") ==
               "/etc/guard/guard.toml:3: detection.pppoe.burst_live_after: found 9, expected at most "
               "detection.pppoe.burst_accepts, which is 8");
    // Only the limit is in the file: its line is named.
    BOOST_TEST(mistake("[detection.pppoe]\n\nburst_accepts = 4\n") ==
               "/etc/guard/guard.toml:3: detection.pppoe.burst_live_after: found 5, expected at most "
               "detection.pppoe.burst_accepts, which is 4");
    BOOST_TEST(good("[detection.pppoe]\nburst_accepts = 5\n").detection.pppoe.burst_accepts == 5U);
    const Lines both = mistakes("spool.retention = '23h'");
    BOOST_TEST(both.size() == 4U);
    for (const std::string& message : both)
        BOOST_TEST(message.ends_with(R"(: found "1d", expected at most spool.retention, which is "23h")"), message);
    BOOST_TEST((good("spool.retention = '24h'").spool_retention == 24h));
    BOOST_TEST(mistakes("[notice]\nretry = '2h'\ngive_up = '1h'").size() == 1U);
    BOOST_TEST(mistakes("[detection]\nfamiliar_spacing = '7d'\nfamiliar_window = '2d'").size() == 1U);
    BOOST_TEST(mistakes("[detection.smtp_source]\nfast_rejects = 9").size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_password_is_refused_and_never_repeated) {
    for (const char* connection : {"host=db password=s3cret", "postgresql://guard:s3cret@db/guard",
                                   "postgres://guard:s3cret@db:5432/guard?sslmode=require",
                                   "postgresql://db/guard?password=s3cret", "host=db sslpassword='s3cret'"}) {
        const std::string message = mistake("database.connection = \"" + std::string(connection) + '"');
        BOOST_TEST(message.find("s3cret") == std::string::npos, message);
        BOOST_TEST(message.find("database.password_file") != std::string::npos, message);
    }
    for (const char* connection : {"host=/run/postgresql dbname=guard", "postgresql://guard@db:5432/guard",
                                   "postgresql:///guard", "postgresql://db:5432", ""})
        BOOST_TEST(good("database.connection = \"" + std::string(connection) + '"').database == connection);
}

BOOST_AUTO_TEST_CASE(texts_that_are_looked_into) {
    BOOST_TEST(good("notice.time_zone = 'America/New_York'").time_zone == "America/New_York");
    for (const char* zone :
         {"", "Asia", "Asia/Tokio", "/etc/passwd", "../../../etc/passwd", "JST-9", "Asia/../Asia/Tokyo"})
        BOOST_TEST(mistake("notice.time_zone = '" + std::string(zone) + "'").find(": notice.time_zone: found ") !=
                   std::string::npos);
    BOOST_TEST(good("notice.mail_from = ''").mail_from.empty());
    for (const char* address :
         {"abuse", "@isp.example", "abuse@", "a@b@c", "a b@isp.example", "<a@isp.example>", "a@x, b@y"})
        BOOST_TEST(mistake("notice.mail_from = '" + std::string(address) + "'").find("expected a mail address") !=
                   std::string::npos);
    BOOST_TEST(mistakes("notice.mail_from_name = \"a\\r\\nBcc: everybody\"").size() == 1U);
    BOOST_TEST(mistakes("notice.default_language = 'fr'").size() == 1U);
    BOOST_TEST(mistakes("notice.smtp_host = 'a b'").size() == 1U);
}

BOOST_AUTO_TEST_CASE(files) {
    const test::TemporaryDirectory directory("config");
    const auto file = directory.path() / "guard.toml";
    test::write_file(file, "geo.pools = 'pools.csv'\n");
    BOOST_TEST(load(file).value().pools == directory.path() / "pools.csv");
    test::write_file(file, "\n\nx = 1\n");
    BOOST_TEST(load(file).error().front().starts_with(file.string() + ":3: x: found an unknown key"));
    BOOST_TEST(load(directory.path() / "none.toml").error().front() ==
               (directory.path() / "none.toml").string() +
                   ": found No such file or directory, expected a readable configuration file");
    BOOST_TEST(load(directory.path()).error().front() ==
               directory.path().string() + ": found a directory, expected a readable configuration file");
}

BOOST_AUTO_TEST_CASE(single_settings_of_detection_are_laid_over) {
    const std::vector<std::string> good_ones{"pppoe.burst_rate_accepts=20", "detection.pppoe.burst_window=5m",
                                             "profile=cautious", "settle=\"30s\"", "pppoe.max_speed_kmh=612.5"};
    const auto laid = with_detection(good("detection.pppoe.min_distance_km = 150"), good_ones);
    BOOST_TEST_REQUIRE(laid.has_value());
    BOOST_TEST(laid->detection.pppoe.burst_rate_accepts == 20U);
    BOOST_TEST((laid->detection.pppoe.burst_window == seconds{300}));
    BOOST_TEST((laid->detection.profile == Profile::cautious));
    BOOST_TEST((laid->detection.settle == seconds{30}));
    BOOST_TEST(laid->detection.pppoe.max_speed_kmh == 612.5);
    BOOST_TEST(laid->detection.pppoe.min_distance_km == 150.);  // what it was laid over

    const auto message = [](const std::string& assignment) {
        const auto refused = with_detection({}, std::vector{assignment});
        BOOST_TEST_REQUIRE(!refused.has_value(), assignment);
        BOOST_TEST(refused.error().size() == 1U);
        return refused.error().front();
    };
    BOOST_TEST(message("pppoe.burst.rate.count=20") ==
               "--set detection.pppoe.burst.rate.count: found an unknown key, expected perhaps "
               "detection.pppoe.burst_rate_accepts");
    BOOST_TEST(message("pppoe.burst_rate_accepts=1") ==
               "--set detection.pppoe.burst_rate_accepts: found 1, expected a whole number from 2 to 10000");
    BOOST_TEST(message("profile=bold").starts_with("--set detection.profile: found \"bold\", expected "));
    BOOST_TEST(message("settle").starts_with("--set detection.settle: found no value, expected "));
    BOOST_TEST(message("settle=1s\nmode = \"enforce\"").starts_with("--set detection.settle: found "));
    BOOST_TEST(message("mode=enforce").starts_with("--set detection.mode: found a mode, expected "));
    BOOST_TEST(message("rule_modes.pppoe.jump=enforce").find("found a mode") != std::string::npos);
    BOOST_TEST(message("geo.pools=x").find("an unknown key") != std::string::npos);
    BOOST_TEST(message("smtp.jump_countries_window=25h").find("expected a duration") != std::string::npos);
    BOOST_TEST(with_detection({}, std::vector<std::string>{"x=1", "y=2"}).error().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_reload_takes_over_what_it_can_and_names_the_rest) {
    const Settings running = good(R"(
        [detection]
        mode = "observe"
        settle = 90
        rule_modes = { "pppoe.jump" = "review", "smtp.source" = "enforce" }
        [geo]
        pools = "/old"
    )");
    const Settings file = good(R"(
        [spool]
        directories = ["/new"]
        [detection]
        mode = "enforce"
        settle = 60
        rule_modes = { "pppoe.jump" = "observe", "smtp.jump" = "enforce" }
        [geo]
        pools = "/new"
        [release]
        trusted_password_roles = ["portal"]
        [log]
        level = "debug"
    )");
    const TakenOver result = take_over(running, file);
    BOOST_TEST(result.taken == (Lines{"geo.pools", "detection.mode", "detection.rule_modes.pppoe.jump",
                                      "detection.rule_modes.smtp.jump", "detection.rule_modes.smtp.source",
                                      "release.trusted_password_roles", "log.level"}),
               boost::test_tools::per_element());
    BOOST_TEST(result.restart == (Lines{"spool.directories", "detection.settle"}), boost::test_tools::per_element());
    BOOST_TEST(result.settings.detection.rule_modes.size() == 2U);
    BOOST_TEST((result.settings.detection.rule_modes.at("pppoe.jump") == Mode::observe));
    // All of it in force but for what waits: the next reload finds only that.
    const TakenOver again = take_over(result.settings, file);
    BOOST_TEST(again.taken.empty());
    BOOST_TEST(again.restart == result.restart, boost::test_tools::per_element());
    BOOST_TEST(take_over(file, file).restart.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::config
