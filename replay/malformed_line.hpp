// What a line (or a record, a row) of an input should have been and was not, fit to be shown: it never holds an ID or a
// password. A plain value.
#pragma once

#include <cstdint>
#include <string>

namespace guard::replay {

struct MalformedLine {
    std::string file;
    std::uint64_t line = 0;  // from 1
    std::string found, expected;

    [[nodiscard]] std::string to_string() const;  // "FILE:LINE: found X, expected Y"

    friend bool operator==(const MalformedLine&, const MalformedLine&) = default;
};

}  // namespace guard::replay
