// One verdict on an ID or a source: a line of the findings that guardctl replay wrote, or what a naive rule says. The
// reader goes through the file once, on one thread, with one line in memory.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "evaluate/truth.hpp"
#include "event/expected.hpp"
#include "event/time.hpp"
#include "replay/line_reader.hpp"

namespace guard::evaluate {

enum class Action : std::uint8_t { suspend, review, block, record };

struct Verdict {
    Subject subject;
    Action action = Action::record;  // as the profile has it: what would be done
    Time found{};                    // of the event that completed the finding
    Time decided{};                  // when it was acted upon: later if it had to settle
    std::string rule;                // "pppoe.jump"
    std::string reason;              // what held the action back; may be empty
};

class FindingReader {
  public:
    // "-" is standard input. The error is one message.
    static Expected<FindingReader> open(const std::filesystem::path& file);

    // The next finding, or a message with file, line, what was found and what was expected; none at the end. Throws
    // std::system_error when the file cannot be read on.
    [[nodiscard]] std::optional<Expected<Verdict>> next();

  private:
    FindingReader(std::string name, replay::LineReader lines) : name_(std::move(name)), lines_(std::move(lines)) {}

    std::string name_;
    replay::LineReader lines_;
    std::uint64_t number_ = 0;
};

}  // namespace guard::evaluate
