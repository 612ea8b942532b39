#include "config/suggestion.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace guard::config {
namespace {

// Optimal string alignment distance.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
        before_last = std::exchange(last, row);
    }
    return last[b.size()];
}

std::string_view last_part(std::string_view key) {
    const auto dot = key.rfind('.');
    return dot == key.npos ? key : key.substr(dot + 1);
}

}  // namespace

std::string suggestion(std::string_view word, std::span<const std::string> candidates) {
    constexpr std::size_t kLongest = 100;  // nothing to suggest for, and the work is quadratic
    if (word.empty() || word.size() > kLongest) return {};
    std::string best;
    std::size_t least = std::max<std::size_t>(2, last_part(word).size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const std::size_t apart = last_part(candidate) == last_part(word) ? 1 : distance(word, candidate);
        if (apart < least) {
            least = apart;
            best = candidate;
        }
    }
    return best;
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
    constexpr std::size_t kLongest = 100;
    const auto alike = [](std::string_view text) {
        std::string result(text.substr(0, kLongest));
        std::replace_if(
            result.begin(), result.end(), [](char letter) { return letter == '.' || letter == '-'; }, '_');
        return result;
    };
    const std::string wanted = alike(word);
    std::string best;
    std::size_t least = 0;
    for (const std::string& candidate : candidates) {
        const std::size_t apart = distance(wanted, alike(candidate));
        if (!best.empty() && apart >= least) continue;
        least = apart;
        best = candidate;
    }
    return best;
}

}  // namespace guard::config
