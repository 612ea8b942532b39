#include "replay/formats/log_parser.hpp"

namespace guard::replay {

std::string_view to_string(Protocol protocol) {
    static constexpr std::array<std::string_view, kProtocols> kNames = {"pppoe", "smtp", "imap", "pop3", "mail"};
    return kNames[static_cast<std::size_t>(protocol)];
}

std::string_view to_string(Ignored ignored) {
    static constexpr std::array<std::string_view, kIgnoredClasses> kNames = {
        "blank",     "other program", "no authentication", "no address", "internal", "not wanted",
        "temporary", "no ID",         "repeated"};
    return kNames[static_cast<std::size_t>(ignored)];
}

void ParsedChunk::clear() {
    events.clear();
    ignored.fill(0);
    left_out.fill(0);
    faults.clear();
    malformed = 0;
    lines = 0;
    kept.clear();
}

std::size_t LogParser::whole_records(std::string_view bytes) const {
    const auto end = bytes.rfind('\n');
    return end == bytes.npos ? 0 : end + 1;
}

}  // namespace guard::replay
