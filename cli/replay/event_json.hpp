// Events as JSON, one object a line: the five fields that replay reads, and where each was read.
#pragma once

#include <string>
#include <string_view>

#include "replay/event_stream.hpp"

namespace guard::cli {

// Text in quotes as JSON writes it; bytes that are no UTF-8 come out as U+FFFD.
[[nodiscard]] std::string json_text(std::string_view text);

// Appends a line with `time`, `service`, `kind`, `id` (null where the log names none), `address` (null, a text, or a
// list); for mail `protocol` and `attempts`; `file` and `line`. `id` is what is shown of the ID, `file` the input as
// json_text().
void append_json(std::string& out, const replay::StreamEvent& read, std::string_view id, std::string_view file);

}  // namespace guard::cli
