// Every sentence that a finding can have, in both languages, as it stands in docs/sentences.md for the desk to read.
// GUARD_WRITE_SENTENCES=1 writes that file anew.
#include "analyzer/detection/explain.hpp"

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

struct Row {
    std::string rule, english, japanese;
};

geo::Place country(std::string_view code) {
    geo::Place place;
    place.country = place.region = region(code);
    return place;
}

Step step(const geo::Place& from, const geo::Place& to, std::chrono::seconds span, geo::Kilometres distance) {
    const double speed = distance / std::chrono::duration<double, std::ratio<3600>>(span + 120s).count();
    return {from, to, kStart, kStart + span, distance, speed};
}

Row row_of(const Match& match, bool learning = false) {
    Finding finding;
    finding.learning = learning;
    explain(finding, match);
    return {std::string(to_string(match.rule)), finding.summary_en, finding.summary_ja};
}

std::vector<Row> pppoe_rows() {
    const geo::Place tokyo = place(13), kagoshima = place(46), hokkaido = place(1);
    const Step far = step(tokyo, kagoshima, 720s, 911), back = step(kagoshima, tokyo, 300s, 911);
    std::vector<Row> rows;
    Match jump{Rule::pppoe_jump, Grade::probable, {far}, {tokyo, kagoshima}, {}};
    rows.push_back(row_of(jump));
    rows.push_back(row_of(jump, true));
    rows.push_back(row_of({Rule::pppoe_jump_live, Grade::certain, {far}, {tokyo, kagoshima}, {}, 2, 61min}));
    rows.push_back(row_of({Rule::pppoe_jump_bounce, Grade::certain, {far, back}, {tokyo, kagoshima}, {}, 0, 45min}));
    rows.push_back(
        row_of({Rule::pppoe_jump_spread, Grade::certain, {far, back}, {tokyo, kagoshima, hokkaido}, {}, 3, 7h}));
    rows.push_back(row_of({Rule::pppoe_burst_far, Grade::certain, {far}, {tokyo, kagoshima}, {}, 12, 540s}));
    rows.push_back(row_of({Rule::pppoe_burst_live, Grade::certain, {}, {tokyo}, {}, 10, 480s}));
    rows.push_back(row_of({Rule::pppoe_burst_live, Grade::certain, {}, {}, {}, 10, 480s}));
    rows.push_back(row_of({Rule::pppoe_burst_sessions, Grade::certain, {}, {tokyo}, {}, 4, 3h}));
    rows.push_back(row_of({Rule::pppoe_burst_rate, Grade::probable, {}, {tokyo}, {}, 30, 58s}));
    rows.push_back(row_of({Rule::pppoe_churn, Grade::notable, {}, {}, {}, 14, 590s}));
    rows.push_back(row_of({Rule::pppoe_reject, Grade::notable, {}, {}, {}, 20, 400s}));
    return rows;
}

std::vector<Row> smtp_rows() {
    const geo::Place japan = country("JP"), us = country("US"), russia = country("RU"), vietnam = country("VN");
    const Step far = step(japan, us, 600s, 10'832), unknown = step(japan, vietnam, 600s, 0);
    std::vector<Row> rows;
    rows.push_back(row_of({Rule::smtp_jump, Grade::probable, {far}, {japan, us}, {}}));
    rows.push_back(row_of({Rule::smtp_jump, Grade::probable, {unknown}, {japan, vietnam}, {}}));
    Match corroborated{Rule::smtp_jump_corroborated, Grade::certain, {far}, {japan, russia, us}, {}, 3, 5h};
    corroborated.corroboration = Corroboration::countries;
    rows.push_back(row_of(corroborated));
    corroborated.corroboration = Corroboration::blocked;
    rows.push_back(row_of(corroborated));
    corroborated.corroboration = Corroboration::accepts;
    corroborated.count = 50;
    corroborated.span = 55min;
    rows.push_back(row_of(corroborated));
    rows.push_back(row_of({Rule::smtp_burst_spread, Grade::certain, {}, {japan, us, russia}, {}, 7, 500s}));
    rows.push_back(row_of({Rule::smtp_burst_rate, Grade::notable, {}, {}, {}, 300, 420s}));
    const Evidence accept{kStart, Kind::accept, address("198.51.100.7"), {}};
    rows.push_back(row_of({Rule::smtp_source_hit, Grade::certain, {}, {}, {accept}, 240, 12min}));
    rows.push_back(row_of({Rule::smtp_source_hit, Grade::certain, {}, {}, {accept}, 240, 0s}));
    Finding source;
    source.rule = Rule::smtp_source;
    source.source = address("198.51.100.7");
    source.attempts = 1'240;
    source.ids = 31;
    source.accepts = 2;
    source.evidence = {accept};
    source.time = kStart + 9min;
    explain_source(source);
    rows.push_back({"smtp.source", source.summary_en, source.summary_ja});
    return rows;
}

std::vector<Row> all_rows() {
    std::vector<Row> rows = pppoe_rows();
    for (Row& row : smtp_rows()) rows.push_back(std::move(row));
    return rows;
}

std::string page(const std::vector<Row>& rows) {
    std::string text =
        "# What a finding says\n\n"
        "Every sentence that the desk may read, with numbers as they might be. A test renders them and holds this page "
        "to it\n"
        "(`tests/analyzer/detection/explain_test.cpp`; `GUARD_WRITE_SENTENCES=1` writes it anew). The rules are "
        "explained in\n"
        "[detection.md](detection.md).\n\n"
        "| rule | English | 日本語 |\n|---|---|---|\n";
    for (const Row& row : rows) text += "| `" + row.rule + "` | " + row.english + " | " + row.japanese + " |\n";
    return text;
}

BOOST_AUTO_TEST_SUITE(explanations)

BOOST_AUTO_TEST_CASE(the_page_for_the_desk_is_what_findings_say) {
    const std::string file = GUARD_SOURCE_DIR "/docs/sentences.md", expected = page(all_rows());
    if (std::getenv("GUARD_WRITE_SENTENCES") != nullptr) std::ofstream(file) << expected;
    std::ostringstream found;
    found << std::ifstream(file).rdbuf();
    BOOST_TEST((found.str() == expected), "docs/sentences.md is not what findings say");
}

BOOST_AUTO_TEST_CASE(every_rule_speaks_both_languages_in_whole_sentences) {
    std::set<std::string> rules;
    for (const Row& row : all_rows()) {
        rules.insert(row.rule);
        BOOST_TEST((std::isupper(row.english.front()) != 0 || std::isdigit(row.english.front()) != 0), row.english);
        BOOST_TEST(row.english.ends_with("."), row.english);
        BOOST_TEST(row.japanese.ends_with("。"), row.japanese);
        for (const std::string& text : {row.english, row.japanese}) {
            BOOST_TEST(text.find("  ") == std::string::npos, text);
            BOOST_TEST(text.find_first_of("{}") == std::string::npos, text);
        }
        // Figures are the same in both.
        const auto figures = [](const std::string& text) {
            std::multiset<std::string> all;
            std::string figure;
            for (const char letter : text + ' ')
                if (std::isdigit(static_cast<unsigned char>(letter)) != 0 || (letter == ',' && !figure.empty()))
                    figure += letter;
                else if (!figure.empty()) {
                    while (figure.ends_with(',')) figure.pop_back();
                    all.insert(std::exchange(figure, {}));
                }
            return all;
        };
        if (row.rule != "pppoe.burst.sessions")  // "two more" is a word in English
            BOOST_TEST(figures(row.english) == figures(row.japanese), boost::test_tools::per_element());
    }
    BOOST_TEST(rules.size() == kRules);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
