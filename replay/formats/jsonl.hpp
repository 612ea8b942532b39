// JSON Lines of our own, one event a line, UTF-8:
//
//   {"time":"2026-03-01T00:01:01.169230Z","service":"pppoe","kind":"accept","id":"a@example.jp","address":"10.0.0.1"}
//
// `address` is a text, a list of up to four, or left out (null and [] are the same). Further keys are ignored, a
// repeated one is a fault. What no such event can be is a fault too: an SMTP-AUTH event without exactly one client
// address or with a step of a session, a PPPoE reject with an address. A line of just these keys in this order is read
// by a scanner, any other by a JSON parser; what one takes, the other takes for the same.
#pragma once

#include "replay/formats/log_parser.hpp"

namespace guard::replay {

class JsonlParser final : public LogParser {
  public:
    static constexpr std::size_t kLongestLine = 128 * 1024;

    // `scan`: false leaves everything to the JSON parser; for tests.
    explicit JsonlParser(bool scan = true) : scan_(scan) {}

    [[nodiscard]] std::string_view name() const override { return "jsonl"; }
    [[nodiscard]] std::size_t recognise(std::string_view beginning) const override;
    void parse(std::string_view chunk, ParsedChunk& out) const override;

  private:
    const bool scan_;
};

}  // namespace guard::replay
