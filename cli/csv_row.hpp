// A row of the files that hold IDs: contracts, subscribers. RFC 4180, to the byte: a blank belongs to its field, and
// '#' begins no comment as it does in a pool file, for addresses and IDs may hold one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace guard::cli {

// `line` is without its line end. None: a quote is not closed, or text follows a closed one.
[[nodiscard]] std::optional<std::vector<std::string>> split_row(std::string_view line);

}  // namespace guard::cli
