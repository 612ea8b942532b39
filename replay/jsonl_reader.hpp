// JSON Lines of our own, one event a line, UTF-8:
//
//   {"time":"2026-03-01T00:01:01.169230Z","service":"pppoe","kind":"accept","id":"a@example.jp","address":"10.0.0.1"}
//
// `address` is a text, a list of up to four, or left out (null and [] are the same). Further keys are ignored, a
// repeated one is a fault. What no such event can be is a fault too: an SMTP-AUTH event without exactly one client
// address or with a step of a session, a PPPoE reject with an address. Nothing is guessed: a line with a fault is
// counted and dropped. For the batch jobs that replay logs; one thread; memory is flat in the length of the input.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "event/expected.hpp"
#include "event/identity.hpp"
#include "event/login_event.hpp"
#include "replay/malformed_line.hpp"

namespace guard::replay {

struct LineCounts {
    std::uint64_t lines = 0;  // events + blank + malformed
    std::uint64_t events = 0, blank = 0, malformed = 0;
};

class JsonlReader {
  public:
    static constexpr std::size_t kKept = 20;  // malformed lines that malformed() remembers

    // "-" is standard input. The error is one message with the file, what was found and what was expected.
    static Expected<JsonlReader> open(const std::filesystem::path& file, IdNormalisation normalise);
    JsonlReader(JsonlReader&&) noexcept;
    JsonlReader& operator=(JsonlReader&&) noexcept;
    ~JsonlReader();

    // The next line that is not blank: its event, with the ID normalised, or its fault. None at the end of the input.
    // Throws std::system_error when the file cannot be read on.
    [[nodiscard]] std::optional<Expected<LoginEvent, MalformedLine>> next();

    [[nodiscard]] const LineCounts& counts() const;
    [[nodiscard]] std::span<const MalformedLine> malformed() const;  // the first kKept

  private:
    struct State;
    explicit JsonlReader(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

}  // namespace guard::replay
