// The texts of every channel, the length of short messages, telephone numbers, previews.
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <regex>
#include <set>

#include "config/notice_plan.hpp"
#include "notifier/address.hpp"
#include "notifier/channels/channel_set.hpp"
#include "notifier/phone_number.hpp"
#include "notifier/sample.hpp"
#include "notifier/sms_length.hpp"
#include "notifier/template_set.hpp"
#include "tests/support/process.hpp"

namespace guard::notifier {
namespace {

namespace fs = std::filesystem;
using boost::unit_test::data::make;

const fs::path kShipped = GUARD_SOURCE_DIR "/notifier/templates";
constexpr Medium kAll[] = {Medium::mail, Medium::letter, Medium::sms, Medium::phone};
const Time kNow = parse_rfc3339("2026-03-01T00:00:00Z").value();

struct Fixture : test::TemporaryDirectory {
    Fixture() : TemporaryDirectory("media") {
        fs::copy(kShipped, path() / "templates");
        settings.template_directory = path() / "templates";
        settings.smtp_host = "localhost";
        settings.mail_from = "abuse@isp.example";
        settings.operator_name = "例示インターネット株式会社";
        settings.operator_phone = "0120-000-000";
        settings.operator_verify = "https://isp.example/security";
    }
    void set_up_sms() {
        test::write_file(path() / "key", "secret");
        fs::permissions(path() / "key", static_cast<fs::perms>(0600));
        settings.sms.url = "https://127.0.0.1:1/";
        settings.sms.signing_key_file = path() / "key";
        settings.sms.body_file = settings.template_directory / "gateway.json";
    }
    void append(const std::string& file, const std::string& text) const {
        test::write_file(settings.template_directory / file,
                         test::read_file(settings.template_directory / file) + text);
    }
    std::string mistakes() const {
        const auto channels = make_channels(settings);
        std::string all;
        if (!channels)
            for (const auto& mistake : channels.error()) all += mistake + "\n";
        return all;
    }
    config::Settings settings;
};

bool holds(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// As it is read aloud: lines that are broken for their length are one; Japanese has no blank between them.
std::string in_one_line(const std::string& text, bool japanese) {
    return std::regex_replace(text, std::regex("\n *"), japanese ? "" : " ");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(media)

// What a subscriber must be told, and the words that say it. `{x}`: the value of that variable.
struct Statement {
    const char* what;
    std::set<Medium> media;
    std::set<std::string> kinds;
    const char *ja, *en;
};

const std::set<Medium> kEvery{std::begin(kAll), std::end(kAll)}, kLong{Medium::mail, Medium::letter, Medium::phone},
    kShort{Medium::sms}, kWritten{Medium::mail, Medium::letter};
const std::set<std::string> kBoth{"suspended", "released"}, kSuspended{"suspended"}, kReleased{"released"};

const Statement kStatements[] = {
    {"who writes", kEvery, kBoth, "{operator_name}", "{operator_name}"},
    {"how to check that", kLong, kBoth, "{operator_verify}", "{operator_verify}"},
    {"how to check that", kShort, kBoth, "契約書類", "contract papers"},
    {"the case number", kEvery, kBoth, "{case_number}", "{case_number}"},
    {"which ID", kLong, kBoth, "{id_masked}", "{id_masked}"},
    {"what was seen", kLong, kBoth, "{seen}", "{seen}"},
    {"when, in local time", kLong, kBoth, "{seen_at}", "{seen_at}"},
    {"the zone", kLong, kBoth, "（JST）", " JST"},
    {"since when it is suspended", kLong, kBoth, "{suspended_at}", "{suspended_at}"},
    {"since when it is suspended", kShort, kSuspended, "{suspended_at}", "{suspended_at}"},
    {"when that ended", kEvery, kReleased, "{released_at}", "{released_at}"},
    {"what is restricted", kWritten, kSuspended, "停止しているもの", "What is suspended"},
    {"what is not", kWritten, kSuspended, "停止していないもの", "What is not suspended"},
    {"what is not", {Medium::phone}, kSuspended, "停止しておりません", "are not suspended"},
    {"what is not", kShort, kSuspended, "ほかのサービスは停止していません", "other services are not affected"},
    {"the way back: the password", kEvery, kSuspended, "パスワード", "hange the password"},
    {"the way back: the router", kLong, kBoth, "ルーターのソフトウェア", "router"},
    {"the way back: the router's own password", kLong, kBoth, "管理画面のパスワード", "administration page"},
    {"whom to call", kEvery, kBoth, "{operator_phone}", "{operator_phone}"},
    {"on what ground", kLong, kBoth, "通信の秘密（電気通信事業法第4条）", "article 4"},
    {"on what ground", kLong, kBoth, "ガイドライン", "uideline"},
    {"for what purpose only", kLong, kBoth, "目的に", "to stop misuse"},
    {"for what purpose only", kShort, kSuspended, "不正利用を止めるため", "only to stop the misuse"},
    {"what was not looked at", {Medium::phone}, kBoth, "通信の内容は見ておりません", "not looked at what was"},
    {"nobody asks for a password", kEvery, kBoth, "パスワードをお尋ねすること", "never ask"},
    {"nor for a payment", kEvery, kBoth, "お支払いをお願いすること", "payment"},
};

BOOST_DATA_TEST_CASE(every_text_says_what_it_must,
                     make({"suspended", "released"}) * make({"ja", "en"}) * make({"pppoe", "smtp_auth"}), kind,
                     language, service_name) {
    const auto service = parse_service(service_name).value();
    const auto templates = TemplateSet::load(kShipped, kAll);
    BOOST_REQUIRE(templates);
    auto values = sample_job({}, kind, service, language, kNow).values;
    values["case_number"] = "4711";
    values["operator_name"] = "OPERATOR";
    values["operator_phone"] = "PHONE";
    values["operator_verify"] = "VERIFY";
    const bool japanese = std::string(language) == "ja";
    const auto said = [&](const std::string& text, const std::string& words) {
        return holds(text, words.starts_with('{') ? values.at(words.substr(1, words.size() - 2)) : words);
    };
    for (const Medium medium : kAll) {
        const auto text = templates->render(medium, kind, language, service, values);
        for (const std::string& written :
             medium == Medium::mail ? std::vector{text.body, text.html} : std::vector{text.body}) {
            const auto all = in_one_line(written, japanese);
            for (const Statement& statement : kStatements)
                if (statement.media.contains(medium) && statement.kinds.contains(kind))
                    BOOST_TEST(said(all, japanese ? statement.ja : statement.en),
                               statement.what << " is missing in " << to_string(medium) << "\n"
                                              << all);
            for (const std::string part : {"{{", "}}", "http://", "https://", "by mail."})
                BOOST_TEST(!holds(all, part), part << " in " << to_string(medium) << "\n" << all);
            const auto name = [&](Service which) {
                return which == Service::pppoe ? (japanese ? "インターネット接続" : "nternet connection")
                                               : (japanese ? "メール送信" : "mail");
            };
            BOOST_TEST(holds(all, name(service)), all);
        }
        BOOST_TEST(!holds(text.body, "\n\n\n"), text.body);
        BOOST_TEST(text.subject.empty() == (medium == Medium::sms || medium == Medium::phone));
        BOOST_TEST(text.html.empty() == (medium != Medium::mail));
    }
}

BOOST_AUTO_TEST_CASE(values_are_escaped_in_html_and_only_there) {
    const auto templates = TemplateSet::load(kShipped, kAll);
    auto values = sample_job({}, "suspended", Service::pppoe, "en", kNow).values;
    values["name"] = "<b>\"A & B\"";
    const auto mail = templates->render(Medium::mail, "suspended", "en", Service::pppoe, values);
    BOOST_TEST(holds(mail.html, "Dear &lt;b&gt;&quot;A &amp; B&quot;,"));
    BOOST_TEST(holds(mail.body, "Dear <b>\"A & B\","));
    for (const std::string part : {"<img", "<a ", "<script", "href", "url(", "@import"})
        BOOST_TEST(!holds(mail.html, part));
}

BOOST_FIXTURE_TEST_CASE(html_is_optional_and_checked, Fixture) {
    BOOST_TEST(mistakes() == "");
    append("suspended.ja.html", "{{{name}}}");
    append("released.ja.html", "{{nmae}}");
    append("released.en.html", "{{#pppoe}}");
    const auto found = mistakes();
    BOOST_TEST(holds(found, "suspended.ja.html: a tag in three braces"), found);
    BOOST_TEST(holds(found, "released.ja.html: {{nmae}} is not known"), found);
    BOOST_TEST(holds(found, "released.en.html: "), found);
    for (const char* name : {"suspended.ja", "suspended.en", "released.ja", "released.en"})
        fs::remove(settings.template_directory / (std::string(name) + ".html"));
    BOOST_TEST(mistakes() == "");
    const auto templates = TemplateSet::load(settings.template_directory);
    BOOST_TEST(templates->render(Medium::mail, "released", "ja", Service::pppoe, {}).html == "");
}

BOOST_FIXTURE_TEST_CASE(templates_of_channels_that_are_off_need_not_be_there, Fixture) {
    for (const char* medium : {"letter", "sms", "phone"})
        fs::remove(settings.template_directory / ("released.ja." + std::string(medium) + ".txt"));
    BOOST_TEST(mistakes() == "");
    settings.phone_list = true;
    BOOST_TEST(holds(mistakes(), "released.ja.phone.txt: cannot be read"));
}

BOOST_FIXTURE_TEST_CASE(a_short_message_that_may_get_too_long_is_found_at_the_start, Fixture) {
    set_up_sms();
    BOOST_TEST(mistakes() == "");
    settings.sms.max_segments = 2;
    const auto found = mistakes();
    BOOST_TEST(
        holds(found, "suspended.ja.sms.txt (pppoe): may need 4 parts, expected at most 2 (notice.sms.max_segments)"),
        found);
    settings.sms.max_segments = 0;
    BOOST_TEST(mistakes() == "");
}

BOOST_FIXTURE_TEST_CASE(a_password_goes_only_where_the_certificate_is_checked, Fixture) {
    settings.mail.user = "guard";
    settings.mail.password_file = path() / "key";
    BOOST_TEST(holds(mistakes(), "notice.mail.user: "));
    BOOST_TEST(holds(mistakes(), "notice.mail.password_file: " + (path() / "key").string()));
    test::write_file(path() / "key", "sesame\n");
    fs::permissions(path() / "key", static_cast<fs::perms>(0600));
    settings.mail.tls = config::SmtpTls::required;
    BOOST_TEST(mistakes() == "");
}

BOOST_FIXTURE_TEST_CASE(a_bad_time_zone_does_not_hide_the_rest, Fixture) {
    set_up_sms();
    settings.time_zone = "Asia/Atlantis";
    settings.operator_phone.clear();
    BOOST_TEST(holds(mistakes(), "notice.time_zone: \"Asia/Atlantis\""));
    BOOST_TEST(holds(mistakes(), "notice.operator_phone: "));
}

BOOST_FIXTURE_TEST_CASE(channels_are_what_is_configured, Fixture) {
    BOOST_TEST(config::configured_channels(settings) == std::vector<std::string>{"mail"},
               boost::test_tools::per_element());
    set_up_sms();
    settings.phone_list = true;
    const auto channels = make_channels(settings);
    BOOST_REQUIRE(channels);
    std::vector<std::string> names;
    for (const auto& channel : *channels) names.emplace_back(channel->name());
    BOOST_TEST(names == config::configured_channels(settings), boost::test_tools::per_element());
    BOOST_TEST(names.size() == 3U);
}

BOOST_FIXTURE_TEST_CASE(a_preview_shows_what_would_be_sent, Fixture) {
    const auto preview = [&](const char* channel, const char* language = "ja") {
        return render_preview(settings, "suspended", Service::pppoe, language, channel, kNow);
    };
    BOOST_TEST(preview("mail")->starts_with(
        "Subject: 【重要】インターネット接続の一時停止のお知らせ（受付番号 TEST）\n\n見本 太郎 様"));
    BOOST_TEST(holds(*preview("letter", "en"), "How to check that this letter is genuine"));
    BOOST_TEST(holds(*preview("sms"), "SMS)\n"));
    BOOST_TEST(holds(*preview("phone_list"), "2026年3月1日 7時02分（JST）"));
    BOOST_TEST(!preview("pigeon").has_value());
    BOOST_TEST(!preview("mail", "fr").has_value());
    const auto pdf = render_preview_pdf(settings, "released", Service::smtp_auth, "en", kNow);
    BOOST_TEST(pdf.value().starts_with("%PDF-"));
}

BOOST_AUTO_TEST_CASE(short_messages_are_counted_as_gateways_do) {
    const auto expect = [](const std::string& text, bool gsm7, unsigned units, unsigned segments) {
        const auto length = sms_length(text);
        BOOST_TEST((length.gsm7 == gsm7 && length.units == units && length.segments == segments),
                   text << ": " << length.units << ", " << length.segments);
    };
    const auto times = [](const std::string& text, int count) {
        std::string result;
        while (count-- > 0) result += text;
        return result;
    };
    expect("", true, 0, 1);
    expect(times("a", 160), true, 160, 1);
    expect(times("a", 161), true, 161, 2);
    expect(times("a", 306), true, 306, 2);
    expect(times("a", 307), true, 307, 3);
    expect(times("[", 80), true, 160, 1);
    expect(times("a", 152) + "[" + times("a", 152), true, 306, 3);  // the bracket does not fit into the first part
    expect("@£ñÄ_", true, 5, 1);
    expect("`", false, 1, 1);  // ASCII, but not in the alphabet
    expect(times("あ", 70), false, 70, 1);
    expect(times("あ", 71), false, 71, 2);
    expect(times("あ", 134), false, 134, 2);
    expect(times("あ", 135), false, 135, 3);
    expect(times("𠮷", 35), false, 70, 1);
    expect(times("𠮷", 67), false, 134, 3);  // 33 of them a part
}

BOOST_AUTO_TEST_CASE(numbers_are_understood_as_they_are_written) {
    for (const char* written : {"090-1234-5678", "09012345678", "+81 90 1234 5678", "+81-90-1234-5678",
                                "(090) 1234.5678", "０９０－１２３４－５６７８", "090ー1234ー5678"})
        BOOST_TEST(international_number(written, "81").value_or("none") == "+819012345678", written);
    BOOST_TEST(international_number("020 7946 0000", "44").value_or("") == "+442079460000");
    for (const char* bad :
         {"", "0", "90-1234-5678", "090-1234-567x", "+", "+0901234567", "0901234567890123", "内線 123"})
        BOOST_TEST(!international_number(bad, "81"), bad);
    BOOST_TEST(masked_number("090-1234-5678") == "***5678");
    BOOST_TEST(masked_number("123") == "***");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::notifier
