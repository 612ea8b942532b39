// What a mail parser made of a text, as one line an event: easy to compare and to read in a test.
#pragma once

#include <algorithm>
#include <concepts>
#include <string>
#include <string_view>

#include "replay/formats/mail.hpp"

namespace guard::replay {

inline ParsedChunk parsed(std::string_view text) {
    ParsedChunk chunk;
    mail_parser()->parse(text, chunk);
    return chunk;
}
// Events point into the text: it must live as long.
template <class Text>
requires std::same_as<Text, std::string> ParsedChunk parsed(Text&&)
= delete;

// "smtp reject 3 192.0.2.1 tanaka@example.jp"; "*" behind the number for a summary, "=" for a line that may be copied,
// "+" for the service's and "-" for PAM's.
inline std::string told(const LogEvent& event) {
    std::string text(to_string(event.protocol));
    text.append(" ").append(to_string(event.kind)).append(" ").append(std::to_string(event.attempts));
    if (event.summary) text += '*';
    if (event.copied) text += '=';
    if (event.witness != Witness::server) text += event.witness == Witness::service ? '+' : '-';
    text.append(" ").append(event.addresses.empty() ? "?" : event.addresses.front().to_string());
    text.append(" ").append(event.id);
    return text;
}

// What became of one line: its event, or "no authentication", "malformed", ...
inline std::string told(std::string_view line) {
    const ParsedChunk chunk = parsed(line);
    std::string text;
    for (const LogEvent& event : chunk.events) text += told(event);
    for (std::size_t i = 0; i < kIgnoredClasses; ++i)
        for (std::uint64_t n = 0; n < chunk.ignored[i]; ++n)
            text.append(text.empty() ? "" : " / ").append(to_string(static_cast<Ignored>(i)));
    if (chunk.malformed != 0) text += "malformed: found " + chunk.faults.front().found;
    return text;
}

// Each line is in exactly one of these. Notes for the ledger are of lines that are counted as ignored.
inline bool accounted(const ParsedChunk& chunk) {
    std::uint64_t ignored = 0;
    for (const auto count : chunk.ignored) ignored += count;
    const auto events = static_cast<std::uint64_t>(
        std::count_if(chunk.events.begin(), chunk.events.end(), [](const auto& event) { return event.attempts != 0; }));
    return chunk.lines == events + ignored + chunk.malformed;
}

}  // namespace guard::replay
