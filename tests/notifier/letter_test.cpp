// Letters: what is on the sheet and where, read back by other programs; and the way to the printing house.
#include "notifier/channels/letter_channel.hpp"

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <regex>

#include "notifier/channels/channel_set.hpp"
#include "notifier/sample.hpp"
#include "tests/support/process.hpp"

namespace guard::notifier {
namespace {

namespace fs = std::filesystem;
using Outcome = Delivery::Outcome;
using test::read_file;

const Time kNow = parse_rfc3339("2026-03-01T00:00:00Z").value();

struct Word {
    double left = 0, top = 0, right = 0, bottom = 0;  // millimetres
    std::string text;
};

struct Fixture : test::TemporaryDirectory {
    Fixture() : TemporaryDirectory("letters") {
        settings.template_directory = GUARD_SOURCE_DIR "/notifier/templates";
        settings.operator_name = "例示インターネット株式会社";
        settings.operator_phone = "0120-000-000";
        settings.operator_verify = "https://isp.example/security";
        settings.letter.directory = path() / "post";
        settings.letter.sender = {"例示インターネット株式会社", "〒100-8111", "東京都千代田区千代田1番1号"};
        fs::create_directory(settings.letter.directory);
        const Medium media[] = {Medium::letter};
        templates = std::make_shared<const TemplateSet>(TemplateSet::load(settings.template_directory, media).value());
    }
    DeliveryJob job(const std::string& key, const char* language = "ja", const char* kind = "suspended") const {
        auto job = sample_job(settings, kind, Service::pppoe, language, kNow);
        job.key = key;
        job.values["case_number"] = "4711";
        return job;
    }
    LetterChannel channel() const { return LetterChannel(settings.letter, templates, local_time); }
    Batch close(Time now = kNow) const { return close_letter_batch(settings.letter, local_time, now); }
    fs::path post(const std::string& name) const { return settings.letter.directory / name; }
    // Delivers it and returns the file.
    std::string printed(const DeliveryJob& job) const {
        auto to = channel();
        const auto delivery = to.deliver(job);
        BOOST_REQUIRE_MESSAGE(delivery.outcome == Outcome::accepted, delivery.answer);
        return post("letters/" + job.key + ".pdf").string();
    }
    static std::string text_of(const std::string& pdf) { return test::run({"pdftotext", "-layout", pdf, "-"}).output; }
    static std::vector<Word> words_of(const std::string& pdf) {
        const auto xml = test::run({"pdftotext", "-bbox", pdf, "-"}).output;
        const std::regex word(
            R"re(<word xMin="([\d.-]+)" yMin="([\d.-]+)" xMax="([\d.-]+)" yMax="([\d.-]+)">([^<]*)<)re");
        std::vector<Word> words;
        for (std::sregex_iterator at(xml.begin(), xml.end(), word), end; at != end; ++at) {
            const auto millimetres = [&](int i) { return std::stod(at->str(static_cast<std::size_t>(i))) / 72 * 25.4; };
            words.push_back({millimetres(1), millimetres(2), millimetres(3), millimetres(4), at->str(5)});
        }
        return words;
    }

    config::Settings settings;
    LocalTime local_time{"Asia/Tokyo"};
    std::shared_ptr<const TemplateSet> templates;
};

// Rare characters, and more than a line of nearly everything.
Recipient difficult() {
    return {.name = "髙﨑①𠮷 株式会社㈱山田商店 代表取締役 長宗我部 慶次郎",
            .language = "ja",
            .mail = {},
            .phone = {},
            .postal_code = "6048571",
            .postal_address =
                "京都府京都市中京区寺町通御池上る上本能寺前町488番地\n寺町通二条下る榎木町九十八番地の七 "
                "アーバンレジデンス京都御所南グランドタワー 2305号室\n長宗我部様方"};
}

std::string without_spaces(std::string text) {
    std::erase_if(text, [](char letter) { return letter == ' ' || letter == '\n' || letter == '\f'; });
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(letter)

BOOST_FIXTURE_TEST_CASE(a_letter_can_be_read_back, Fixture) {
    auto hard = job("hard");
    hard.recipient = difficult();
    hard.values["name"] = hard.recipient.name;
    const auto pdf = printed(hard);
    const auto text = without_spaces(text_of(pdf));
    for (const std::string part :
         {"〒604-8571", "京都府京都市中京区寺町通御池上る上本能寺前町488番地",
          "アーバンレジデンス京都御所南グランドタワー", "髙﨑①𠮷株式会社㈱山田商店", "慶次郎", "受付番号4711",
          "2026年3月1日", "0120-000-000", "東京都千代田区千代田1番1号", "https://isp.example/security"})
        BOOST_TEST(text.find(part) != std::string::npos, part << " is missing in\n" << text);
    // All fonts are in the file.
    const auto fonts = test::run({"pdffonts", pdf}).output;
    BOOST_TEST(std::regex_search(fonts, std::regex("NotoSansCJK.*\n")), fonts);
    BOOST_TEST(!std::regex_search(fonts, std::regex("no +(yes|no) +(yes|no) +\\d+ +\\d+")), fonts);
}

// A character that the family has not comes from another font of the machine, or the letter is refused.
BOOST_FIXTURE_TEST_CASE(no_character_becomes_an_empty_box, Fixture) {
    auto to = channel();
    int number = 0;
    // A variation sequence, as registers of names have them; beyond 16 bits; Serbian, Arabic, Thai; a picture.
    for (const std::string name : {"葛\U000e0100", "𠮷", "𩸽", "Ђ", "ع", "ก", "\U0001f600"}) {
        auto rare = job("rare" + std::to_string(++number));
        rare.recipient.name = name;
        const auto delivery = to.deliver(rare);
        if (delivery.outcome == Outcome::accepted)
            BOOST_TEST(text_of(post("letters/" + rare.key + ".pdf")).find(name.substr(0, name.find("\U000e0100"))) !=
                           std::string::npos,
                       name);
        else
            BOOST_TEST(delivery.answer == "no font has a character of the text", name);
        if (number <= 3) BOOST_TEST((delivery.outcome == Outcome::accepted), name);
    }
}

BOOST_FIXTURE_TEST_CASE(a_letter_holds_no_more_of_a_font_than_it_shows, Fixture) {
    for (const char* language : {"ja", "en"})
        for (const char* kind : {"suspended", "released"})
            BOOST_TEST(fs::file_size(printed(job(std::string(kind) + language, language, kind))) < 90'000U);
    BOOST_TEST(fs::file_size(close().path / "merged.pdf") < 150'000U);  // the fonts once for all
}

// The window shows 20 to 110 mm and 12 to 57 mm of an envelope in which the sheet slides by 23 and 21 mm: the address
// is in what it always shows, and nothing else in what it may show.
BOOST_FIXTURE_TEST_CASE(the_window_shows_the_address_and_nothing_else, Fixture) {
    auto hard = job("hard"), plain = job("plain", "en");
    hard.recipient = difficult();
    for (const auto& each : {hard, plain}) {
        const auto words = words_of(printed(each));
        const auto postal = *postal_code(each.recipient.postal_code);
        std::string shown;
        for (const Word& word : words) {
            BOOST_TEST((word.left > 15 && word.right < 197 && word.top > 8 && word.bottom < 290), word.text);
            const bool may_be_seen = word.left < 110.5 && word.top < 57.5;
            if (!may_be_seen) continue;
            BOOST_TEST((word.left > 20 && word.right < 87.5 && word.top > 11.5 && word.bottom < 36.5), word.text);
            shown += word.text;
        }
        BOOST_TEST(shown.starts_with(postal), shown);
        auto address = each.recipient.postal_address + each.recipient.name;
        BOOST_TEST(without_spaces(shown).starts_with(without_spaces(postal + address)), shown);
        BOOST_TEST(shown.find("4711") == std::string::npos);
    }
}

BOOST_FIXTURE_TEST_CASE(the_same_letter_is_the_same_bytes, Fixture) {
    const auto first = read_file(printed(job("one"))), second = read_file(printed(job("two")));
    BOOST_TEST((first == second));
    auto later = job("three");
    later.now += std::chrono::hours(24);
    BOOST_TEST((read_file(printed(later)) != first));
    const auto info = test::run({"env", "TZ=UTC", "pdfinfo", "-isodates", post("letters/one.pdf").string()}).output;
    BOOST_TEST(info.find("CreationDate:    2026-03-01T00:00:00Z") != std::string::npos, info);
}

BOOST_FIXTURE_TEST_CASE(every_text_fits_on_one_sheet, Fixture) {
    for (const char* language : {"ja", "en"})
        for (const char* kind : {"suspended", "released"})
            for (const Service service : {Service::pppoe, Service::smtp_auth}) {
                const auto letter =
                    compose_letter(longest_job(settings, kind, service, language), *templates, local_time);
                const auto result = LetterPrinter(settings.letter).print({&*letter, 1}, kNow);
                BOOST_REQUIRE(result);
                BOOST_TEST(result->pages[0] <= 2U, kind << " " << language);
            }
    BOOST_TEST(close().letters == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_printed_is_not, Fixture) {
    auto to = channel();
    const auto answer = [&](auto change) {
        auto bad = job("bad");
        change(bad.recipient);
        const auto delivery = to.deliver(bad);
        BOOST_TEST((delivery.outcome == Outcome::never));
        return delivery.answer;
    };
    const std::string no_address = "the postal address cannot be printed";
    BOOST_TEST(answer([](Recipient& r) { r.postal_code = "604-85711"; }) == no_address);
    BOOST_TEST(answer([](Recipient& r) { r.postal_address = ""; }) == no_address);
    BOOST_TEST(answer([](Recipient& r) { r.postal_address = "a\nb\nc\nd\ne\nf"; }) == no_address);
    BOOST_TEST(answer([](Recipient& r) { r.postal_address = "京都市\x1b[2J"; }) == no_address);
    BOOST_TEST(answer([](Recipient& r) { r.name = "\xff"; }) == no_address);
    BOOST_TEST(answer([](Recipient& r) { r.name = "\U000f0000"; }) == "no font has a character of the text");
    const auto wide = [](Recipient& r) {
        r.postal_address.clear();
        for (int i = 0; i < 5; ++i)
            r.postal_address += "京都府京都市中京区寺町通御池上る上本能寺前町四百八十八番地寺町通二条下る榎木町\n";
    };
    BOOST_TEST(answer(wide) == "the address does not fit into its field");
    BOOST_TEST(answer([](Recipient& r) { r.language = "fr"; }).starts_with("there is no text"));
    BOOST_TEST(!fs::exists(post("letters")));
    auto nobody = job("nobody").recipient;
    BOOST_TEST(to.reaches(nobody));
    BOOST_TEST(to.masked_address(nobody) == "000-****");
    nobody.postal_code = "";
    BOOST_TEST(!to.reaches(nobody));
}

BOOST_AUTO_TEST_CASE(a_postal_code_has_seven_digits) {
    BOOST_TEST(postal_code("1000001").value() == "〒100-0001");
    BOOST_TEST(postal_code("100-0001").value() == "〒100-0001");
    for (const char* bad : {"", "100000", "10000011", "1000-001", "100-000a", "100 0001"})
        BOOST_TEST(!postal_code(bad), bad);
}

BOOST_FIXTURE_TEST_CASE(a_batch_has_a_manifest_and_one_file_with_everything, Fixture) {
    auto to = channel();
    for (const char* key : {"k-1", "k-2", "../escape"}) BOOST_TEST((to.deliver(job(key)).outcome == Outcome::accepted));
    const auto batch = close();
    BOOST_TEST(batch.letters == 3U);
    BOOST_TEST(batch.path == post("batches/20260301-090000"));
    const auto manifest = read_file(batch.path / "manifest.csv");
    BOOST_TEST(manifest.starts_with("number,file,case_number,pages,first_page,sha256\r\n1,k-1.pdf,4711,1,1,"),
               manifest);
    std::size_t checked = 0;
    const std::regex line(R"((?:\d+|all),([\w.-]+),\d*,(\d+),\d+,([0-9a-f]{64})\r\n)");
    for (std::sregex_iterator at(manifest.begin(), manifest.end(), line), end; at != end; ++at, ++checked) {
        const auto file = (batch.path / at->str(1)).string();
        BOOST_TEST(test::run({"sha256sum", file}).output.starts_with(at->str(3)), file);
        BOOST_TEST(test::run({"pdfinfo", file}).output.find("Pages:           " + at->str(2)) != std::string::npos,
                   file);
    }
    BOOST_TEST(checked == 4U);
    BOOST_TEST(fs::is_empty(post("letters")));  // neither the letters nor what they were made of
    BOOST_TEST(!fs::exists(path() / "escape.pdf"));
    // Only the owner and the group, who fetches it, may look.
    for (const auto& entry : fs::directory_iterator(batch.path))
        BOOST_TEST(((entry.status().permissions() & fs::perms::others_all) == fs::perms::none), entry.path());
}

BOOST_FIXTURE_TEST_CASE(a_key_is_printed_once, Fixture) {
    auto to = channel();
    BOOST_TEST(to.deliver(job("k-1")).answer == "printed, waits for the next batch");
    BOOST_TEST(to.deliver(job("k-1")).answer == "was printed before");
    BOOST_TEST(close().letters == 1U);
    BOOST_TEST((to.deliver(job("k-1")).outcome == Outcome::accepted));
    BOOST_TEST(close().letters == 0U);
    BOOST_TEST((to.deliver(job("k-2")).outcome == Outcome::accepted));
    const auto second = close();
    BOOST_TEST(second.path == post("batches/20260301-090000-2"));
    BOOST_TEST(second.letters == 1U);
}

// What a crash leaves behind at each step of a batch; the next one goes on from there.
BOOST_DATA_TEST_CASE(a_crash_neither_loses_nor_doubles_a_letter, boost::unit_test::data::xrange(4), step) {
    const Fixture it;
    auto to = it.channel();
    for (const char* key : {"k-1", "k-2"}) (void)to.deliver(it.job(key));
    fs::create_directory(it.post("batches/.open"));
    if (step >= 1) test::write_file(it.post("done/k-1"), "");
    if (step >= 2) fs::rename(it.post("letters/k-1.pdf"), it.post("batches/.open/k-1.pdf"));
    if (step >= 3) test::write_file(it.post("batches/.open/merged.pdf"), "half a fi");
    test::write_file(it.post("letters/k-3.pdf.next"), "half a fi");  // a letter on its way when the crash came
    BOOST_TEST((to.deliver(it.job("k-1")).outcome == Outcome::accepted));
    const auto batch = it.close();
    BOOST_TEST(batch.letters == 2U);
    BOOST_TEST(read_file(batch.path / "manifest.csv").find("2,k-2.pdf,4711,1,2,") != std::string::npos);
    BOOST_TEST(it.close().letters == 0U);
}

BOOST_FIXTURE_TEST_CASE(the_notifier_makes_a_batch_when_it_is_told_to, Fixture) {
    (void)printed(job("k-1"));
    test::write_file(path() / "guard.toml", "[notice.letter]\ndirectory = \"post\"\n");
    const auto notifier = [&](const char* file) {
        return test::run({GUARD_BINARY_DIR "/bin/pppoe-guard-notifier", "--letters", "-c", (path() / file).string()});
    };
    const auto first = notifier("guard.toml");
    BOOST_TEST(first.status == 0, first.output);
    BOOST_TEST(first.output.find("event=letters batch=") != std::string::npos, first.output);
    BOOST_TEST(std::distance(fs::directory_iterator(post("batches")), {}) == 2);  // and the one that is open
    BOOST_TEST(notifier("guard.toml").output == "");
    test::write_file(path() / "none.toml", "");
    BOOST_TEST(notifier("none.toml").status == 2);
}

BOOST_FIXTURE_TEST_CASE(old_batches_go_and_what_waits_stays, Fixture) {
    auto to = channel();
    (void)to.deliver(job("k-1"));
    const auto batch = close();
    (void)to.deliver(job("k-2"));
    test::write_file(post("letters/orphan.json"), "{}");
    LetterFolder folder(settings.letter.directory);
    const SystemClock clock;
    folder.forget(settings.letter.keep, clock.now());
    BOOST_TEST(fs::exists(batch.path));
    folder.forget(settings.letter.keep, clock.now() + settings.letter.keep + std::chrono::hours(1));
    BOOST_TEST(!fs::exists(batch.path));
    BOOST_TEST(fs::is_empty(post("done")));
    BOOST_TEST(fs::exists(post("letters/k-2.pdf")));
    BOOST_TEST(fs::exists(post("letters/k-2.json")));
    BOOST_TEST(!fs::exists(post("letters/orphan.json")));
}

BOOST_FIXTURE_TEST_CASE(a_folder_that_cannot_be_written_means_later, Fixture) {
    auto to = channel();
    fs::remove_all(settings.letter.directory);
    test::write_file(settings.letter.directory, "a file");
    BOOST_TEST((to.deliver(job("k-1")).outcome == Outcome::later));
}

BOOST_FIXTURE_TEST_CASE(a_missing_font_is_found_at_the_start, Fixture) {
    settings.letter.font = "No Such Font";
    settings.letter.sender.clear();
    const auto channels = make_channels(settings);
    BOOST_REQUIRE(!channels);
    BOOST_TEST(channels.error().size() == 2U);
    BOOST_TEST(channels.error()[0] == "notice.letter.font: \"No Such Font\" is not installed");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::notifier
