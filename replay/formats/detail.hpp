// The detail files of FreeRADIUS (rlm_detail): accounting (Start, Interim-Update, Stop), and replies to authentication
// that name the user (an Access-Request alone does not say what became of it). A record is a line with a time, lines
// "\tAttribute = value", the last of them Timestamp, and an empty line:
//
//   Sun Nov 22 09:14:21 2026
//           User-Name = "u1@isp.example"
//           Acct-Status-Type = Start
//           Framed-IP-Address = 192.0.2.5
//           Acct-Delay-Time = 10
//           Timestamp = 1795338861
//
// The time is found as rlm_pppoe_guard finds it. Only the attributes of the event are read; a password is skipped as
// any other line. A record that was not written to its end is malformed.
#pragma once

#include "replay/formats/log_parser.hpp"

namespace guard::replay {

class DetailParser final : public LogParser {
  public:
    [[nodiscard]] std::string_view name() const override { return "detail"; }
    [[nodiscard]] std::size_t recognise(std::string_view beginning) const override;
    [[nodiscard]] std::size_t whole_records(std::string_view bytes) const override;
    void parse(std::string_view chunk, ParsedChunk& out) const override;
};

}  // namespace guard::replay
