// Lines of a file or of standard input, without copying them: the way into every reader of foreign formats. One thread;
// memory is flat in the length of the input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/expected.hpp"

namespace guard::replay {

inline constexpr std::size_t kLongestLine = 128 * 1024;
inline constexpr std::size_t kReadablePadding = 64;  // what SIMD parsers may read past the end

class LineReader {
  public:
    struct Line {
        std::string_view text;  // without its line end, LF or CRLF; kReadablePadding bytes behind it may be read
        bool too_long = false;  // more than kLongestLine bytes: skipped, and `text` is empty
    };

    // "-" is standard input. The error is one message with the file, what was found and what was expected.
    static Expected<LineReader> open(const std::filesystem::path& file);
    LineReader(LineReader&& other) noexcept;
    LineReader& operator=(LineReader&& other) noexcept;
    ~LineReader();

    // Valid until the next call; none at the end of the input. A last line needs no line end. Throws std::system_error
    // when the file cannot be read on.
    [[nodiscard]] std::optional<Line> next();

  private:
    explicit LineReader(int descriptor);
    // False at the end of the input.
    bool fill();
    void skip_rest_of_line();
    // Takes `length` bytes and the line end behind them off the buffer.
    std::string_view take(std::size_t length, bool with_end);

    int descriptor_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0, end_ = 0;  // the bytes not yet handed out
    bool at_end_ = false;
};

}  // namespace guard::replay
