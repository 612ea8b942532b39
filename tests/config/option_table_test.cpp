// The table of options itself: every row is bound to a member of its own, has limits that hold its default, and refuses
// what lies just outside them.
#include <boost/test/unit_test.hpp>
#include <charconv>
#include <regex>
#include <set>
#include <sstream>

#include "config/option.hpp"
#include "config/options.hpp"
#include "tests/support/process.hpp"

namespace guard::config {
namespace {

// A value that the option accepts and that is not its default; for limits, the given one.
struct Other {
    Settings& defaults;

    std::string operator()(const Number& is) const {
        const double value = is.in(defaults);
        std::array<char, 32> text{};
        const double other = value > is.least ? (value + is.least) / 2 : (value + is.most) / 2;
        return {text.data(),
                std::to_chars(text.data(), text.data() + text.size(), other, std::chars_format::fixed).ptr};
    }
    std::string operator()(const Count& is) const {
        return std::to_string(is.in(defaults) < is.most ? is.in(defaults) + 1 : is.in(defaults)-1);
    }
    std::string operator()(const Duration& is) const {
        const seconds value = is.in(defaults);
        return '"' + shown(value < is.most ? value + seconds{1} : value - seconds{1}) + '"';
    }
    std::string operator()(const Flag& is) const { return is.in(defaults) ? "false" : "true"; }
    std::string operator()(const Choice& is) const {
        return '"' + std::string(is.names[(is.get(defaults) + 1) % is.names.size()]) + '"';
    }
    std::string operator()(const Text& is) const {
        for (const char* text : {"abuse@isp.example", "en", "Asia/Seoul", "22:00-07:00", "host=db",
                                 "https://a.example/", "44", "+44", "x"})
            if (is.accepts(text) && is.in(defaults) != text) return '"' + std::string(text) + '"';
        return {};
    }
    std::string operator()(const Texts& is) const {
        return is.accepts("one") ? R"(["one", "two"])" : R"(["one={user}", "two={id}"])";
    }
    std::string operator()(const File&) const { return R"("/other/file")"; }
    std::string operator()(const Files&) const { return R"(["/one", "/two"])"; }
    std::string operator()(const RuleMode&) const { return R"("enforce")"; }
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string file_with(const Section& section, const Option& option, const std::string& value) {
    return '[' + std::string(section.name) + "]\n\"" + std::string(option.name) + "\" = " + value + '\n';
}

BOOST_AUTO_TEST_SUITE(option_table)

BOOST_AUTO_TEST_CASE(keys_are_unique_and_found) {
    std::set<std::string> keys;
    for (const Section& section : sections()) {
        BOOST_TEST(!section.help.empty());
        for (const Option& option : section.options) {
            const std::string key = key_of(section, option);
            BOOST_TEST(keys.insert(key).second, key);
            BOOST_TEST(find_option(key) == &option, key);
            BOOST_TEST(option.help.ends_with('.'), key);
        }
    }
    BOOST_TEST(keys.size() >= 80U);
    BOOST_TEST(!find_option("detection"));
    BOOST_TEST(!find_option("detection.pppoe"));
    BOOST_TEST(!find_option(""));
}

// A setting that no file can set would be one that nobody knows of.
BOOST_AUTO_TEST_CASE(every_member_of_the_settings_has_an_option) {
    const std::string table = test::read_file(GUARD_SOURCE_DIR "/config/option_table.cpp") +
                              test::read_file(GUARD_SOURCE_DIR "/config/channel_options.cpp") +
                              test::read_file(GUARD_SOURCE_DIR "/config/plan_options.cpp");
    const std::set<std::string> not_one_option{"identity",    "detection", "pppoe",      "smtp",
                                               "smtp_source", "guards",    "rule_modes", "mail",
                                               "letter",      "sms",       "webhook",    "rule_plans"};
    std::size_t members = 0;
    for (const std::string& line : lines_of(test::read_file(GUARD_SOURCE_DIR "/config/settings.hpp"))) {
        std::smatch match;
        if (!std::regex_search(line, match, std::regex(R"(^    [A-Za-z_:<>, ]+ (\w+)( = [^;]+|\{[^;]*\})?;)")))
            continue;
        const std::string name = match[1];
        if (not_one_option.count(name) != 0) continue;
        BOOST_TEST(std::regex_search(table, std::regex("[.(]" + name + R"(\))")), name);
        ++members;
    }
    BOOST_TEST(members >= 75U);
}

// The default listing changes in the one line of the option that was set: no two options share a member, and no option
// writes into another's.
BOOST_AUTO_TEST_CASE(every_option_is_bound_to_a_member_of_its_own) {
    Settings defaults;
    const auto before = lines_of(to_toml({}));
    for (const Section& section : sections()) {
        if (section.name == "notice.plan") continue;  // stands only beside its channels: notice_plan_test.cpp
        for (const Option& option : section.options) {
            const std::string key = key_of(section, option), value = std::visit(Other{defaults}, option.value);
            BOOST_REQUIRE_MESSAGE(!value.empty(), "no other value for " << key);
            const auto settings = parse(file_with(section, option, value), "/etc/guard.toml");
            if (!settings) BOOST_FAIL(settings.error().front());
            const auto after = lines_of(to_toml(*settings));
            std::vector<std::string> changed;
            std::multiset<std::string> known(before.begin(), before.end());
            for (const std::string& line : after)
                if (const auto found = known.find(line); found == known.end())
                    changed.push_back(line);
                else
                    known.erase(found);
            BOOST_REQUIRE_MESSAGE(changed.size() == 1, key << " changes " << changed.size() << " lines");
            const std::string name(option.name);
            BOOST_TEST((changed[0] == name + " = " + value || changed[0] == '"' + name + "\" = " + value), changed[0]);
        }
    }
}

BOOST_AUTO_TEST_CASE(limits_are_inclusive_and_hold) {
    Settings defaults;
    for (const Section& section : sections()) {
        for (const Option& option : section.options) {
            std::vector<std::string> inside, outside{"[[]]", "1979-05-27"};
            if (const auto* count = std::get_if<Count>(&option.value)) {
                inside = {std::to_string(count->least), std::to_string(count->most)};
                outside.insert(outside.end(), {std::to_string(std::int64_t{count->least} - 1),
                                               std::to_string(std::int64_t{count->most} + 1), "1.5", "\"1\"", "true",
                                               "9223372036854775807", "4294967297"});
                BOOST_TEST(count->in(defaults) >= count->least);
                BOOST_TEST(count->in(defaults) <= count->most);
            } else if (const auto* duration = std::get_if<Duration>(&option.value)) {
                inside = {'"' + shown(duration->least) + '"', std::to_string(duration->most.count())};
                outside.insert(
                    outside.end(),
                    {std::to_string(duration->least.count() - 1), std::to_string(duration->most.count() + 1),
                     '"' + std::to_string(duration->most.count() + 1) + "s\"", "1.5", "\"\"", "\"-1s\"", "\"10\"",
                     "\"1 h\"", "\"1h30m\"", "\"1w\"", "\"99999999999999999999s\"", "\"200000000000000000d\"", "true"});
                BOOST_TEST(duration->in(defaults).count() >= duration->least.count());
                BOOST_TEST(duration->in(defaults).count() <= duration->most.count());
            } else if (const auto* number = std::get_if<Number>(&option.value)) {
                inside = {std::to_string(number->least), std::to_string(number->most)};
                outside.insert(outside.end(),
                               {std::to_string(number->least - 0.001), std::to_string(number->most + 0.001), "nan",
                                "inf", "-inf", "\"1\"", "true"});
                BOOST_TEST(number->in(defaults) >= number->least);
                BOOST_TEST(number->in(defaults) <= number->most);
            } else if (std::holds_alternative<Flag>(option.value)) {
                inside = {"true", "false"};
                outside.insert(outside.end(), {"1", "\"true\"", "\"\""});
            } else if (const auto* choice = std::get_if<Choice>(&option.value)) {
                for (const auto name : choice->names) inside.push_back('"' + std::string(name) + '"');
                outside.insert(outside.end(), {"\"\"", "\"Lower\"", "\"observe \"", "0", "true"});
            } else if (std::holds_alternative<RuleMode>(option.value)) {
                inside = {"\"observe\"", "\"review\"", "\"enforce\""};
                outside.insert(outside.end(), {"\"off\"", "true"});
            } else {
                outside.insert(outside.end(),
                               {"5", "true", "\"a\\u0000b\"", "\"a\\nb\"", "[\"\"]", "[1]", "[\"\\u001b\"]"});
            }
            const std::string key = key_of(section, option);
            for (const std::string& value : outside) {
                const auto settings = parse(file_with(section, option, value), "/etc/guard.toml");
                BOOST_REQUIRE_MESSAGE(!settings.has_value(), key << " accepts " << value);
                BOOST_TEST(settings.error().front().starts_with("/etc/guard.toml:2: " + key + ": found "),
                           settings.error().front());
            }
            for (const std::string& value : inside) {
                // Alone it may contradict another option; then that, and not the limit, is what is reported.
                const auto settings = parse(file_with(section, option, value), "/etc/guard.toml");
                const bool contradicts =
                    !settings && settings.error().front().find("expected at most ") != std::string::npos;
                BOOST_TEST((settings.has_value() || contradicts), key << " = " << value);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(no_default_contradicts_another) {
    BOOST_TEST(!at_most().empty());
    BOOST_TEST(parse(to_toml({}), "guard.toml").has_value());
    for (const AtMost& rule : at_most()) {
        BOOST_TEST(find_option(rule.key), rule.key);
        BOOST_TEST(find_option(rule.limit), rule.limit);
        BOOST_TEST(find_option(rule.key)->value.index() == find_option(rule.limit)->value.index());
    }
}

BOOST_AUTO_TEST_CASE(enumerators_have_their_names) {
    using Case = IdNormalisation::Case;
    using Realm = IdNormalisation::Realm;
    const auto read = [](const std::string& text) { return parse(text, "guard.toml").value(); };
    BOOST_TEST((read("identity.case = 'lower'").identity.letter_case == Case::lower));
    BOOST_TEST((read("identity.case = 'keep'").identity.letter_case == Case::keep));
    BOOST_TEST((read("identity.realm = 'keep'").identity.realm == Realm::keep));
    BOOST_TEST((read("identity.realm = 'strip'").identity.realm == Realm::strip));
    BOOST_TEST((read("detection.mode = 'observe'").detection.mode == Mode::observe));
    BOOST_TEST((read("detection.mode = 'review'").detection.mode == Mode::review));
    BOOST_TEST((read("detection.mode = 'enforce'").detection.mode == Mode::enforce));
    BOOST_TEST((read("detection.profile = 'guideline'").detection.profile == Profile::guideline));
    BOOST_TEST((read("detection.profile = 'cautious'").detection.profile == Profile::cautious));
    BOOST_TEST((read("log.level = 'error'").log_level == LogLevel::error));
    BOOST_TEST((read("log.level = 'warning'").log_level == LogLevel::warning));
    BOOST_TEST((read("log.level = 'info'").log_level == LogLevel::info));
    BOOST_TEST((read("log.level = 'debug'").log_level == LogLevel::debug));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::config
