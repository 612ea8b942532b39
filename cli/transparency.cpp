#include "cli/transparency.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace guard::cli {
namespace {

using Cells = std::map<std::string, Published>;

Cells all_but_zeros_hidden(const Division& division) {
    Cells cells;
    for (const auto& [item, count] : division) cells[item] = count == 0 ? Published(0) : std::nullopt;
    return cells;
}

// What the left-out counts can be told to be, when their sum is known: each is at least 1. All ones, or all fours, is
// the only answer where that is their sum.
bool gives_away(long hidden, long sum) {
    return hidden == 1 || (hidden > 1 && (sum == hidden || sum == hidden * (kSmallest - 1)));
}

// None: hiding more does not help.
std::optional<Cells> hide_small(const Division& division) {
    Cells cells;
    long hidden = 0, sum = 0;
    std::vector<std::pair<long, std::string>> shown;
    for (const auto& [item, count] : division) {
        const bool small = count > 0 && count < kSmallest;
        cells[item] = small ? std::nullopt : Published(count);
        if (small) {
            ++hidden;
            sum += count;
        } else if (count > 0) {
            shown.emplace_back(count, item);
        }
    }
    if (hidden == 0) return cells;
    std::sort(shown.begin(), shown.end());
    for (const auto& [count, item] : shown) {
        if (!gives_away(hidden, sum)) break;
        cells[item] = std::nullopt;
        ++hidden;
        sum += count;
    }
    if (gives_away(hidden, sum)) return std::nullopt;
    return cells;
}

long total_of(const Division& division) {
    long total = 0;
    for (const auto& [item, count] : division) total += count;
    return total;
}

std::string text_of(const Published& count) {
    return count ? std::to_string(*count) : std::string();
}

class Account {
  public:
    Account(const std::vector<Figure>& figures, const std::vector<Age>& ages) : figures_(figures), ages_(ages) {}

    std::vector<Line> lines() {
        suspensions();
        divided("reviews");
        blocks();
        divided("notices");
        for (const Figure& figure : figures_)
            if (figure.section == "breaker") add("breaker", figure.item, "count", number(figure.value));
        independent("guards");
        for (const Age& age : ages_) {
            add("data", age.what, "term_days", std::to_string(age.days));
            add("data", age.what, "oldest", age.oldest.empty() ? "none" : age.oldest);
            add("data", age.what, "past_term", std::to_string(age.past));
        }
        return std::move(lines_);
    }

  private:
    static std::string number(double value) { return fmt::format("{:.0f}", value); }

    [[nodiscard]] Division division(const std::string& section) const {
        Division result;
        for (const Figure& figure : figures_)
            if (figure.section == section && figure.measure == "count")
                result[figure.item] = static_cast<long>(figure.value);
        return result;
    }

    void add(const std::string& section, const std::string& item, const std::string& measure, std::string value) {
        lines_.push_back({section, item, measure, std::move(value)});
    }

    // The other measures of an item, for instance the median; left out with its count.
    void others(const std::string& section, const std::string& item, bool published) {
        for (const Figure& figure : figures_)
            if (figure.section == section && figure.item == item && figure.measure != "count")
                add(section, item, figure.measure, published ? number(figure.value) : "");
    }

    void suspensions() {
        const std::vector<std::string> sections{"suspensions", "suspensions_ended", "suspensions_judged"};
        std::vector<Division> divisions;
        for (const auto& section : sections) divisions.push_back(division(section));
        const Suppressed published = suppress(divisions);
        add("suspensions", "all", "count", text_of(published.total));
        for (std::size_t i = 0; i < sections.size(); ++i)
            for (const auto& [item, count] : published.divisions[i]) {
                add(sections[i], item, "count", text_of(count));
                others(sections[i], item, count.has_value());
            }
    }

    void divided(const std::string& section) {
        const Suppressed published = suppress({division(section)});
        add(section, "all", "count", text_of(published.total));
        for (const auto& [item, count] : published.divisions.front()) add(section, item, "count", text_of(count));
    }

    void blocks() {
        const Suppressed published = suppress({division("blocks")});
        add("blocks", "all", "count", text_of(published.total));
        for (const auto& [item, count] : published.divisions.front()) {
            add("blocks", item, "count", text_of(count));
            others("blocks", item, count.has_value());
        }
    }

    // Their total is not published: a case may have had several reasons.
    void independent(const std::string& section) {
        for (const auto& [item, count] : division(section))
            add(section, item, "count", count > 0 && count < kSmallest ? "" : std::to_string(count));
    }

    const std::vector<Figure>& figures_;
    const std::vector<Age>& ages_;
    std::vector<Line> lines_;
};

const char* heading(const std::string& section) {
    static const std::map<std::string, const char*> kHeadings{
        {"suspensions", "Suspensions begun in the month, by rule"},
        {"suspensions_ended", "How they ended"},
        {"suspensions_judged", "How they were judged"},
        {"reviews", "Findings that a person reviewed"},
        {"blocks", "Sources blocked from SMTP authentication, by rule"},
        {"notices", "Notices, by channel and outcome"},
        {"breaker", "Times the breaker stopped the machine"},
        {"guards", "Cases that a guard held back"},
        {"data", "Oldest data against its term"},
    };
    const auto found = kHeadings.find(section);
    return found == kHeadings.end() ? section.c_str() : found->second;
}

}  // namespace

Suppressed suppress(const std::vector<Division>& divisions) {
    Suppressed result;
    const long total = divisions.empty() ? 0 : total_of(divisions.front());
    bool possible = total == 0 || total >= kSmallest;
    for (const Division& division : divisions) {
        auto cells = hide_small(division);
        possible = possible && cells;
        result.divisions.push_back(cells.value_or(Cells{}));
    }
    if (possible) {
        result.total = total;
        return result;
    }
    for (std::size_t i = 0; i < divisions.size(); ++i) result.divisions[i] = all_but_zeros_hidden(divisions[i]);
    return result;
}

std::vector<Line> account(const std::vector<Figure>& figures, const std::vector<Age>& ages) {
    return Account(figures, ages).lines();
}

std::string as_markdown(const std::string& month, const std::vector<Line>& lines) {
    std::string text = fmt::format("# PPPoE Guard: account of {}\n", month), section;
    for (const Line& line : lines) {
        if (line.section != section) {
            text += fmt::format("\n## {}\n\n| | | |\n|---|---|---:|\n", heading(line.section));
            section = line.section;
        }
        text += fmt::format("| {} | {} | {} |\n", line.item, line.measure, line.value.empty() ? "*" : line.value);
    }
    return text + fmt::format("\n\\* left out: below {}, or it would tell a count below {}.\n", kSmallest, kSmallest);
}

std::string as_csv(const std::string& month, const std::vector<Line>& lines) {
    std::string text = "month,section,item,measure,value\n";
    for (const Line& line : lines)
        text += fmt::format("{},{},\"{}\",{},{}\n", month, line.section, line.item, line.measure, line.value);
    return text;
}

std::string as_json(const std::string& month, const std::vector<Line>& lines) {
    nlohmann::ordered_json document{{"month", month}, {"smallest_count", kSmallest}};
    for (const Line& line : lines) {
        auto& value = document[line.section][line.item][line.measure];
        char* end = nullptr;
        const long number = std::strtol(line.value.c_str(), &end, 10);
        if (line.value.empty())
            value = nullptr;
        else if (*end == '\0')
            value = number;
        else
            value = line.value;
    }
    return document.dump(2) + '\n';
}

}  // namespace guard::cli
