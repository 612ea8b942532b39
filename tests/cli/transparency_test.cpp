// The published account: what is left out, and that nobody gets it back.
#include "cli/transparency.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>
#include <random>

namespace guard::cli {
namespace {

// Whether the cells that are left out can be told from the rest and the total: each is at least 1.
bool determined(const std::map<std::string, Published>& cells, long total) {
    long rest = total, hidden = 0;
    for (const auto& [item, count] : cells) {
        rest -= count.value_or(0);
        hidden += count ? 0 : 1;
    }
    return hidden == 1 || (hidden > 0 && rest == hidden);
}

std::string text(const std::map<std::string, Published>& cells) {
    std::string result;
    for (const auto& [item, count] : cells) result += item + '=' + (count ? std::to_string(*count) : "*") + ' ';
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(transparency)

BOOST_AUTO_TEST_CASE(what_is_large_enough_is_published) {
    const auto published = suppress({{{"a", 5}, {"b", 0}, {"c", 17}}});
    BOOST_TEST(text(published.divisions[0]) == "a=5 b=0 c=17 ");
    BOOST_TEST(published.total.value() == 22);
}

BOOST_AUTO_TEST_CASE(a_small_count_takes_the_next_larger_with_it) {
    const auto published = suppress({{{"a", 2}, {"b", 9}, {"c", 40}, {"d", 0}}});
    BOOST_TEST(text(published.divisions[0]) == "a=* b=* c=40 d=0 ");
    BOOST_TEST(published.total.value() == 51);
}

BOOST_AUTO_TEST_CASE(ones_alone_would_be_given_away_by_their_sum) {
    const auto published = suppress({{{"a", 1}, {"b", 1}, {"c", 30}}});
    BOOST_TEST(text(published.divisions[0]) == "a=* b=* c=* ");
    BOOST_TEST(published.total.value() == 32);
    const auto fours = suppress({{{"a", 4}, {"b", 4}, {"c", 30}}});
    BOOST_TEST(text(fours.divisions[0]) == "a=* b=* c=* ");
}

BOOST_AUTO_TEST_CASE(a_small_total_is_left_out_of_every_division) {
    const auto published = suppress({{{"a", 3}}, {{"x", 3}, {"y", 0}}});
    BOOST_TEST(!published.total.has_value());
    BOOST_TEST(text(published.divisions[0]) == "a=* ");
    BOOST_TEST(text(published.divisions[1]) == "x=* y=0 ");
}

BOOST_AUTO_TEST_CASE(where_nothing_larger_is_left_all_divisions_go) {
    const auto published = suppress({{{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}}, {{"x", 5}}});
    BOOST_TEST(!published.total.has_value());
    BOOST_TEST(text(published.divisions[0]) == "a=* b=* c=* d=* e=* ");
    BOOST_TEST(text(published.divisions[1]) == "x=* ");
}

BOOST_AUTO_TEST_CASE(nothing_happened_is_published) {
    const auto published = suppress({{{"a", 0}}, {}});
    BOOST_TEST(published.total.value() == 0);
    BOOST_TEST(text(published.divisions[0]) == "a=0 ");
}

BOOST_AUTO_TEST_CASE(no_small_count_comes_back_by_subtraction) {
    const unsigned seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 dice(seed);
    for (int round = 0; round < 20'000; ++round) {
        Division one, other;
        long total = 0;
        for (int cell = static_cast<int>(dice() % 6); cell >= 0; --cell) {
            const long count = dice() % 3 == 0 ? static_cast<long>(dice() % 60) : static_cast<long>(dice() % 6);
            one["c" + std::to_string(cell)] = count;
            total += count;
        }
        const long part = total == 0 ? 0 : static_cast<long>(dice() % static_cast<unsigned long>(total + 1));
        other = {{"x", part}, {"y", total - part}};
        const auto published = suppress({one, other});
        const std::vector<Division> truth{one, other};
        bool total_known = published.total.has_value();
        for (const auto& cells : published.divisions) {
            bool all = true;
            for (const auto& [item, count] : cells) all = all && count;
            total_known = total_known || (all && !cells.empty());
        }
        BOOST_TEST_CONTEXT("seed " << seed << " round " << round << ": " << text(published.divisions[0]) << "| "
                                   << text(published.divisions[1])) {
            if (total > 0 && total < kSmallest) BOOST_TEST(!total_known);
            for (std::size_t i = 0; i < 2; ++i)
                for (const auto& [item, count] : published.divisions[i]) {
                    if (count) BOOST_TEST((*count == 0 || *count >= kSmallest));
                    if (!count && total_known) BOOST_TEST(!determined(published.divisions[i], total));
                    if (count) BOOST_TEST(*count == truth[i].at(item));
                }
        }
    }
}

BOOST_AUTO_TEST_CASE(medians_and_minutes_go_with_their_counts) {
    const auto lines = account({{"suspensions", "pppoe.jump", "count", 3},
                                {"suspensions", "pppoe.jump", "median_minutes", 61},
                                {"suspensions", "pppoe.burst.far", "count", 30},
                                {"suspensions", "pppoe.burst.far", "median_minutes", 62},
                                {"suspensions", "smtp.jump", "count", 50},
                                {"suspensions", "smtp.jump", "median_minutes", 63},
                                {"blocks", "smtp.source", "count", 4},
                                {"blocks", "smtp.source", "minutes", 64}},
                               {{"cases", "2026-10-01T00:00:00Z", 180, 0}});
    for (const auto write : {as_markdown, as_csv, as_json}) {
        const auto report = write("2026-10", lines);
        BOOST_TEST(report.find("61") == std::string::npos, report);
        BOOST_TEST(report.find("62") == std::string::npos, report);
        BOOST_TEST(report.find("63") != std::string::npos, report);
        BOOST_TEST(report.find("64") == std::string::npos, report);
        BOOST_TEST(report.find("2026-10-01T00:00:00Z") != std::string::npos, report);
    }
    const auto document = nlohmann::json::parse(as_json("2026-10", lines));
    BOOST_TEST(document["suspensions"]["pppoe.jump"]["count"].is_null());
    BOOST_TEST(document["suspensions"]["smtp.jump"]["count"] == 50);
    BOOST_TEST(document["suspensions"]["all"]["count"] == 83);
    BOOST_TEST(document["data"]["cases"]["term_days"] == 180);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::cli
