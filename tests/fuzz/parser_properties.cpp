#include "tests/fuzz/parser_properties.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include "event/text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace guard::fuzz {
namespace {

using namespace replay;

struct Found {
    using Event = std::tuple<Time, bool, bool, Protocol, Kind, std::string, Addresses, std::uint32_t, std::uint64_t,
                             std::uint64_t, bool>;
    std::vector<Event> events;
    std::vector<std::tuple<std::uint64_t, std::string, std::string>> faults;
    std::array<std::uint64_t, kIgnoredClasses> ignored{};
    std::uint64_t malformed = 0, lines = 0;

    bool operator==(const Found&) const = default;
};

void check_chunk(const ParsedChunk& chunk, std::string_view text) {
    const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n')) +
                       (text.empty() || text.back() == '\n' ? 0U : 1U);
    require(chunk.lines == lines, "every line is counted once");
    const auto ignored = std::accumulate(chunk.ignored.begin(), chunk.ignored.end(), std::uint64_t{0});
    require(ignored + chunk.malformed <= lines, "a line is ignored or malformed once at most");
    require(chunk.faults.size() == std::min<std::uint64_t>(chunk.malformed, ParsedChunk::kFaultsKept),
            "the first faults are kept");
    for (const Fault& fault : chunk.faults) {
        require(fault.line < lines, "a fault names its line");
        require(is_plain_utf8(fault.found) && is_plain_utf8(fault.expected), "a message is plain text");
    }
    for (const LogEvent& event : chunk.events) {
        require(event.line < lines, "an event names its line");
        require(event.protocol != Protocol::pppoe || !event.id.empty(), "an event of PPPoE names its ID");
        require(event.kind != Kind::reject || event.protocol != Protocol::pppoe || event.addresses.empty(),
                "a reject assigns no address");
    }
}

void add(const LogParser& parser, std::string_view text, Found& found) {
    std::string padded(text);
    padded.append(64, '\0');
    ParsedChunk chunk;
    parser.parse(std::string_view(padded).substr(0, text.size()), chunk);
    check_chunk(chunk, text);
    for (const LogEvent& event : chunk.events)
        found.events.emplace_back(event.at.time, event.at.has_year, event.at.has_zone, event.protocol, event.kind,
                                  std::string(event.id), event.addresses, event.attempts, found.lines + event.line,
                                  event.connection, event.summary);
    for (const Fault& fault : chunk.faults)
        if (found.faults.size() < ParsedChunk::kFaultsKept)
            found.faults.emplace_back(found.lines + fault.line, fault.found, fault.expected);
    for (std::size_t i = 0; i < kIgnoredClasses; ++i) found.ignored[i] += chunk.ignored[i];
    found.malformed += chunk.malformed;
    found.lines += chunk.lines;
}

}  // namespace

std::size_t check_parser(const LogParser& parser, std::string_view text, std::size_t cut) {
    Found whole, pieces;
    add(parser, text, whole);
    const std::size_t first = parser.whole_records(text.substr(0, std::min(cut, text.size())));
    require(first <= std::min(cut, text.size()), "whole records are no longer than what there is");
    require(first == 0 || text[first - 1] == '\n', "whole records end with a line");
    add(parser, text.substr(0, first), pieces);
    add(parser, text.substr(first), pieces);
    require(whole == pieces, "cut at whole records it is the same");
    static_cast<void>(parser.recognise(text));
    return whole.events.size();
}

void check_same(const LogParser& a, const LogParser& b, std::string_view text) {
    Found one, other;
    add(a, text, one);
    add(b, text, other);
    require(one == other, "both parsers make the same of it");
}

}  // namespace guard::fuzz
