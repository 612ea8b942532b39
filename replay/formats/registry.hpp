// Which log formats there are, and which one an input is of. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/expected.hpp"
#include "replay/formats/log_parser.hpp"

namespace guard::replay {

inline constexpr std::size_t kBeginningBytes = 256 * 1024;  // what is looked at

[[nodiscard]] std::vector<std::string> format_names();

// The parser of the input that begins with `beginning`: of the format called `name`, or, when that is empty, of the one
// that recognises most of it. The error says what was found and expected, without the input's name.
// 64 bytes behind `beginning` may be read.
[[nodiscard]] Expected<std::shared_ptr<const LogParser>> find_parser(std::string_view name, std::string_view beginning);

}  // namespace guard::replay
