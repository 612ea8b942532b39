// "Did you mean ...?" for a key that does not exist.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace guard::config {

// The one of `candidates` that `word` was probably meant to be: at most a third of its letters away (insertions,
// deletions, replacements, neighbours swapped), or the same last part ("min_distance_km" of another section). Empty:
// none.
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string> candidates);

// The nearest of `candidates`, however far it is: for a word typed on a command line, where '.', '-' and '_' are easily
// mixed up and count as the same. Empty: there are none.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace guard::config
