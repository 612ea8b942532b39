// The published account of a month (R8) from the figures of guard.transparency: small counts are left out, and so that
// nobody gets them back by taking the rest off a total. Pure; the report subcommand calls it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace guard::cli {

// A count that is published, or none: it lies below kSmallest, or would give one away that does.
using Published = std::optional<long>;
inline constexpr long kSmallest = 5;

// One way to divide the same total, "by rule" or "by how they ended".
using Division = std::map<std::string, long>;

struct Suppressed {
    Published total;
    std::vector<std::map<std::string, Published>> divisions;  // in the order given
};

// All divisions are of the same total. Counts of 1 to 4 are left out; 0 stays. In a division that leaves out one, or
// only ones whose sum gives them away, the next larger goes too. Where that does not help, everything goes but zeros.
[[nodiscard]] Suppressed suppress(const std::vector<Division>& divisions);

struct Figure {
    std::string section, item, measure;
    double value = 0;
};
struct Age {
    std::string what, oldest;  // oldest: RFC 3339, empty when there is nothing
    long days = 0, past = 0;   // the term; rows past it
};

struct Line {
    std::string section, item, measure, value;  // value: "" where it is left out
};

// Everything that is published, in order.
[[nodiscard]] std::vector<Line> account(const std::vector<Figure>& figures, const std::vector<Age>& ages);

[[nodiscard]] std::string as_markdown(const std::string& month, const std::vector<Line>& lines);
[[nodiscard]] std::string as_csv(const std::string& month, const std::vector<Line>& lines);
[[nodiscard]] std::string as_json(const std::string& month, const std::vector<Line>& lines);

}  // namespace guard::cli
