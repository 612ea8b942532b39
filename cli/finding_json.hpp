// Findings as JSON, one object a line.
#pragma once

#include <string>

#include "analyzer/detection/finding.hpp"

namespace guard::cli {

// `rule`, `grade`, `action`, `reason` (if any), `service`, `id` or `source`, `time`, `summary_en`, `summary_ja`,
// `evidence`. Bytes of an ID that are no UTF-8 come out as U+FFFD.
[[nodiscard]] std::string to_json(const detection::Decision& decision);

}  // namespace guard::cli
