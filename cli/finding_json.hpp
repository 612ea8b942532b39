// Findings as JSON, one object a line.
#pragma once

#include <string>

#include "analyzer/detection/finding.hpp"

namespace guard::cli {

// `rule`, `grade`, `action`, `reason` (if any), `enforced`, `service`, `id` or `source`, `time` (of the event that
// completed it), `decided` (later, if it had to settle), `summary_en`, `summary_ja`, `evidence`. Bytes of an ID that
// are no UTF-8 come out as U+FFFD.
[[nodiscard]] std::string to_json(const detection::Decision& decision);

}  // namespace guard::cli
