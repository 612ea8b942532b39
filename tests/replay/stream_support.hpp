// What the tests of the stream share: a directory of files to replay, and all that comes out of them.
#pragma once

#include <string>
#include <vector>

#include "replay/event_stream.hpp"
#include "tests/support/process.hpp"

namespace guard::replay {

struct Replayed {
    std::vector<StreamEvent> events;
    std::vector<InputCounts> counts;
    std::vector<MalformedLine> faults;
    std::string error;  // of ReadError

    // One line an event: all of it but where it stood.
    [[nodiscard]] std::vector<std::string> lines() const;
};

struct Files {
    test::TemporaryDirectory directory{"stream"};

    // Its path.
    std::string write(const std::string& name, const std::string& text) const;
};

// Boost.Test fails when it does not open.
[[nodiscard]] Replayed replay(StreamOptions options);
[[nodiscard]] StreamOptions of(std::vector<std::string> inputs);  // in UTC

// "pppoe accept ID ADDRESS,... 2026-03-01T00:00:00.000000Z", with "xN" behind it for more attempts than one.
[[nodiscard]] std::string to_string(const StreamEvent& event);

}  // namespace guard::replay
