// The texts of the notices: those that are shipped say what a subscriber must know, and a bad one is found at the
// start.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <regex>

#include "notifier/template_set.hpp"
#include "tests/support/process.hpp"

namespace guard::notifier {
namespace {

const std::filesystem::path kShipped = GUARD_SOURCE_DIR "/notifier/templates";

TemplateSet::Values sample_values() {
    return {{"case_number", "4711"},
            {"name", "山田 太郎"},
            {"id_masked", "ta***@isp.example"},
            {"seen", "SEEN"},
            {"seen_at", "SEEN-AT"},
            {"suspended_at", "SUSPENDED-AT"},
            {"released_at", "RELEASED-AT"},
            {"operator_name", "OPERATOR"},
            {"operator_phone", "0120-000-000"},
            {"operator_verify", "VERIFY"}};
}

struct Copy : test::TemporaryDirectory {
    Copy() : TemporaryDirectory("templates") {
        for (const auto& entry : std::filesystem::directory_iterator(kShipped)) std::filesystem::copy(entry, path());
    }
    std::string mistakes() const {
        const auto loaded = TemplateSet::load(path());
        std::string all;
        if (!loaded)
            for (const auto& mistake : loaded.error()) all += mistake + "\n";
        return all;
    }
    void replace(const char* file, const std::string& old, const std::string& fresh) const {
        auto text = test::read_file(path() / file);
        BOOST_REQUIRE(text.find(old) != std::string::npos);
        for (auto at = text.find(old); at != std::string::npos; at = text.find(old, at + fresh.size()))
            text.replace(at, old.size(), fresh);
        test::write_file(path() / file, text);
    }
};

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(templates)

BOOST_DATA_TEST_CASE(the_shipped_ones_say_what_they_must,
                     boost::unit_test::data::make({"suspended", "released"}) *
                         boost::unit_test::data::make({"ja", "en"}) *
                         boost::unit_test::data::make({"pppoe", "smtp_auth"}),
                     kind, language, service_name) {
    const auto service = parse_service(service_name).value();
    const auto loaded = TemplateSet::load(kShipped);
    BOOST_REQUIRE(loaded);
    const auto text = loaded->render(kind, language, service, sample_values());
    const bool japanese = std::string(language) == "ja", released = std::string(kind) == "released";
    for (const std::string part : {"4711", "山田 太郎", "ta***@isp.example", "SEEN", "SEEN-AT", "SUSPENDED-AT",
                                   "OPERATOR", "0120-000-000", "VERIFY"})
        BOOST_TEST(holds(text.body, part), part << " is missing in\n" << text.body);
    BOOST_TEST(holds(text.body, "RELEASED-AT") == released);
    BOOST_TEST(holds(text.subject, "4711"));
    // No password, no payment; the ground; no link at all, and nothing left of the template.
    for (const std::string& part :
         japanese ? std::vector<std::string>{"パスワードをお尋ね", "お支払い", "通信の秘密", "電気通信事業法第4条",
                                             "ガイドライン", "ルーター"}
                  : std::vector<std::string>{"never ask you for a password", "payment", "secrecy of communications",
                                             "article 4", "Guideline", "router"})
        BOOST_TEST(holds(text.body, part), part << " is missing in\n" << text.body);
    for (const std::string part : {"{{", "}}", "http://", "https://", "&#", "\n\n\n"})
        BOOST_TEST(!holds(text.subject + text.body, part), part << " in\n" << text.body);
    // The right service, and nothing of the other.
    const auto name = [&](Service which) {
        return std::string(which == Service::pppoe ? "PPPoE" : japanese ? "SMTP認証" : "SMTP AUTH");
    };
    BOOST_TEST(holds(text.body, name(service)));
    BOOST_TEST(!holds(text.body, name(service == Service::pppoe ? Service::smtp_auth : Service::pppoe)));
}

BOOST_AUTO_TEST_CASE(a_value_is_text_and_never_begins_a_line) {
    const auto loaded = TemplateSet::load(kShipped);
    auto values = sample_values();
    values["name"] = "<b>&\"' {{operator_phone}}\r\nBcc: x";
    const auto text = loaded->render("suspended", "en", Service::pppoe, values);
    BOOST_TEST(holds(text.body, "Dear <b>&\"' {{operator_phone}}  Bcc: x,"));
}

BOOST_FIXTURE_TEST_CASE(the_shipped_ones_load, Copy) {
    BOOST_TEST(mistakes() == "");
}

BOOST_FIXTURE_TEST_CASE(an_unknown_variable_is_found_even_in_a_section, Copy) {
    replace("suspended.ja.txt", "{{#smtp_auth}}", "{{#smtp_auth}}{{passwort}}");
    BOOST_TEST(holds(mistakes(), "suspended.ja.txt: {{passwort}} is not known"));
    BOOST_TEST(!holds(mistakes(), "released.ja.txt"));
}

BOOST_FIXTURE_TEST_CASE(released_at_is_not_known_before_the_release, Copy) {
    replace("suspended.en.txt", "{{seen_at}}", "{{seen_at}} {{released_at}}");
    BOOST_TEST(holds(mistakes(), "suspended.en.txt: {{released_at}} is not known"));
}

BOOST_FIXTURE_TEST_CASE(a_variable_that_must_be_there_is_missed, Copy) {
    replace("released.en.txt", "{{operator_phone}}", "0120");
    BOOST_TEST(holds(mistakes(), "released.en.txt (pppoe): does not use {{operator_phone}}"));
    BOOST_TEST(holds(mistakes(), "released.en.txt (smtp_auth): does not use {{operator_phone}}"));
}

BOOST_FIXTURE_TEST_CASE(all_mistakes_come_at_once, Copy) {
    std::filesystem::remove(path() / "released.ja.txt");
    replace("released.en.txt", "{{/pppoe}}", "");
    replace("suspended.en.txt", "Subject: ", "Betreff: ");
    replace("suspended.ja.txt", "{{name}}", "{{> name}}");
    const auto found = mistakes();
    for (const std::string part : {"released.ja.txt: cannot be read", "released.en.txt: ",
                                   "suspended.en.txt:1: expected", "suspended.ja.txt: {{> name}} is not known"})
        BOOST_TEST(holds(found, part), part << " is missing in\n" << found);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_no_text_is_refused, Copy) {
    replace("released.en.txt", "Dear ", "Dear \xff");
    replace("released.ja.txt", "\n", "\r\n");
    BOOST_TEST(holds(mistakes(), "released.en.txt: not UTF-8 text"));
    BOOST_TEST(holds(mistakes(), "released.ja.txt: not UTF-8 text"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::notifier
