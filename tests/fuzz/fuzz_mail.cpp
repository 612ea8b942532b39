// Replay's parser of mail logs, and the ledger behind it. Input: a byte of settings, the log.
#include <algorithm>

#include "event/text.hpp"
#include "replay/attempt_ledger.hpp"
#include "replay/formats/mail.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace guard;
using namespace guard::replay;
using fuzz::require;

fuzz::Reached accepts("accepts"), rejects("rejects"), summaries("summaries"), notes("notes"),
    by_service("by the service"), journal("journal entries"), faults("malformed"), passed("passed");

bool within(std::string_view text, std::string_view chunk, const ParsedChunk& parsed) {
    const auto in = [&](std::string_view whole) {
        return text.data() >= whole.data() && text.data() + text.size() <= whole.data() + whole.size();
    };
    return text.empty() || in(chunk) || std::any_of(parsed.kept.begin(), parsed.kept.end(), in);
}

void check_event(const LogEvent& event, std::string_view chunk, const ParsedChunk& parsed) {
    require(event.kind == Kind::accept || event.kind == Kind::reject, "a mail service has no sessions");
    require(event.protocol != Protocol::pppoe, "mail");
    require(event.addresses.size() == 1 && !event.addresses[0].is_prefix(), "the one address of the client");
    require(event.id.size() <= kMaxIdBytes, "an ID of at most 253 bytes");
    require(within(event.id, chunk, parsed), "an ID is in the log, or kept");
    require(event.line < parsed.lines, "a line of the chunk");
    require(event.attempts <= 1'000'000, "attempts have a bound");
    require(event.kind == Kind::reject || event.attempts == 1, "an accept is one");
    require(!event.summary || event.kind == Kind::reject, "a summary is of rejects");
    (event.kind == Kind::accept ? accepts : rejects).count();
    if (event.summary) summaries.count();
    if (event.attempts == 0) notes.count();
    if (event.witness == Witness::service) by_service.count();
    if (chunk.starts_with('{')) journal.count();
}

void check_chunk(std::string_view chunk, const ParsedChunk& parsed) {
    std::uint64_t events = 0, ignored = 0;
    for (const LogEvent& event : parsed.events) {
        check_event(event, chunk, parsed);
        events += event.attempts != 0 ? 1 : 0;
    }
    for (const auto count : parsed.ignored) ignored += count;
    require(parsed.lines == events + ignored + parsed.malformed, "every line is accounted for");
    const auto ends = static_cast<std::uint32_t>(std::count(chunk.begin(), chunk.end(), '\n'));
    require(parsed.lines == ends + (chunk.empty() || chunk.ends_with('\n') ? 0U : 1U), "every line is counted");
    require(std::is_sorted(parsed.events.begin(), parsed.events.end(),
                           [](const LogEvent& a, const LogEvent& b) { return a.line < b.line; }),
            "events are in the order of the lines");
    for (const Fault& fault : parsed.faults)
        require(is_plain_utf8(fault.found) && is_plain_utf8(fault.expected) && !fault.found.empty(), "a plain message");
    if (parsed.malformed != 0) faults.count();
}

bool same(const LogEvent& a, const LogEvent& b) {
    return a.at.time == b.at.time && a.at.has_year == b.at.has_year && a.at.has_zone == b.at.has_zone &&
           a.protocol == b.protocol && a.kind == b.kind && a.id == b.id && a.addresses == b.addresses &&
           a.attempts == b.attempts && a.connection == b.connection && a.summary == b.summary && a.copied == b.copied &&
           a.witness == b.witness;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::uint8_t settings = input.byte();
    // Of its own, so that a read before or behind it is seen.
    const std::string log(fuzz::text_of(input.rest()));
    static const auto parser = mail_parser();
    static_cast<void>(parser->recognise(log));
    ParsedChunk whole;
    parser->parse(log, whole);
    check_chunk(log, whole);

    // Cut behind the line that the settings name, it is the same.
    std::size_t cut = 0;
    for (int lines = settings >> 4; lines > 0 && cut < log.size(); --lines)
        cut = std::min(log.find('\n', cut), log.size() - 1) + 1;
    ParsedChunk first, second;
    parser->parse(std::string_view(log).substr(0, cut), first);
    parser->parse(std::string_view(log).substr(cut), second);
    require(first.lines + second.lines == whole.lines && first.malformed + second.malformed == whole.malformed &&
                first.events.size() + second.events.size() == whole.events.size(),
            "cut at a line end it is the same");
    AttemptLedger ledger((settings & 1) != 0), other((settings & 1) != 0);
    for (std::size_t i = 0; i < whole.events.size(); ++i) {
        const std::size_t split = first.events.size();
        LogEvent event = whole.events[i], again = i < split ? first.events[i] : second.events[i - split];
        require(same(event, again), "cut at a line end they are the same events");
        const std::uint32_t told = event.attempts;
        const bool passes = ledger.take(event);
        require(passes == other.take(again) && same(event, again), "the ledger does not depend on the cut");
        require(event.attempts <= told, "the ledger adds nothing");
        require(!passes || event.attempts != 0, "what passes counts");
        if (passes) passed.count();
    }
    return 0;
}
