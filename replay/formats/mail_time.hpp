// The times at the beginning of a line of a mail log: BSD syslog, RFC 3339 and its relatives, TAI64N. One reader for
// each run over a chunk: it remembers the minute it decoded last, since hundreds of lines share it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "replay/formats/log_parser.hpp"

namespace guard::replay::mail {

class TimeReader {
  public:
    enum class Form : std::uint8_t {
        none,
        bsd,  // "Mar  1 09:01:01", with a fraction or the year before the clock, too; "Sun Mar  1 09:01:01 2026"
        iso,  // "2026-03-01T09:01:01.169230+09:00", "...+0900", "...Z"; "Sun 2026-03-01 09:01:01 JST", "1772323201.169"
        spaced,  // "2026-03-01 09:01:01", with a fraction and " +0900", too: the logs of Exim, and Dovecot's if so set
        tai64n,  // "@400000004c91b044077a9e94", by multilog
    };
    struct Result {
        Form form = Form::none;
        LogTime at;
        std::size_t length = 0;  // of the time in the line, without the space behind it
    };

    // The time that `line` begins with. Form::none: with none.
    [[nodiscard]] Result read(std::string_view line);

  private:
    [[nodiscard]] Result bsd(std::string_view line);
    [[nodiscard]] Result iso(std::string_view line);
    [[nodiscard]] Result with_weekday(std::string_view line);

    std::array<char, 12> bsd_minute_{};  // "Mar  1 09:01"
    std::array<char, 16> iso_minute_{};  // "2026-03-01T09:01"
    Time bsd_at_{}, iso_at_{};
};

}  // namespace guard::replay::mail
