#include "replay/block.hpp"

#include <algorithm>
#include <cstring>

namespace guard::replay {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

void add_fault(ParsedChunk& chunk, std::uint32_t line, std::string found, std::string expected) {
    ++chunk.malformed;
    if (chunk.faults.size() < ParsedChunk::kFaultsKept)
        chunk.faults.push_back({line, std::move(found), std::move(expected)});
}

Service service_of(Protocol protocol) {
    return protocol == Protocol::pppoe ? Service::pppoe : Service::smtp_auth;
}

}  // namespace

void Block::clear() {
    size = 0;
    count = 0;
    chunk.clear();
    error = nullptr;
}

BlockReader::BlockReader(std::unique_ptr<ByteSource> source, std::shared_ptr<const LogParser> parser,
                         std::size_t block_bytes)
    : source_(std::move(source)), parser_(std::move(parser)), block_bytes_(std::min(block_bytes, kLongestRecord)) {}

void BlockReader::fill(Block& block, std::size_t up_to) {
    if (block.bytes.size() < up_to + kBlockPadding) block.bytes.resize(up_to + kBlockPadding);
    const std::size_t count = source_->read(std::span(block.bytes).subspan(block.size, up_to - block.size));
    at_end_ = count < up_to - block.size;
    block.size += count;
    if (!at_begin_) return;
    at_begin_ = false;
    if (std::string_view(block.bytes.data(), block.size).starts_with(kByteOrderMark)) {
        block.size -= kByteOrderMark.size();
        std::memmove(block.bytes.data(), block.bytes.data() + kByteOrderMark.size(), block.size);
    }
}

BlockReader::Found BlockReader::read(Block& block) {
    block.clear();
    block.bytes.resize(std::max(block.bytes.size(), rest_.size() + kBlockPadding));
    std::copy(rest_.begin(), rest_.end(), block.bytes.begin());
    block.size = rest_.size();
    rest_.clear();
    // Never more than one record may have: so none that is longer gets through, wherever the blocks begin.
    std::size_t up_to = std::min(kLongestRecord, std::max(block_bytes_, 2 * block.size));
    for (;;) {
        if (!at_end_ && block.size < up_to) fill(block, up_to);
        if (at_end_) return block.size > 0 ? Found::records : Found::end;
        const std::size_t whole = parser_->whole_records({block.bytes.data(), block.size});
        if (whole > 0) {
            rest_.assign(block.bytes.data() + whole, block.size - whole);
            block.size = whole;
            return Found::records;
        }
        if (block.size >= kLongestRecord) return skip_record(block);
        up_to = std::min(kLongestRecord, 2 * up_to);
    }
}

BlockReader::Found BlockReader::skip_record(Block& block) {
    ParsedChunk& chunk = block.chunk;
    const auto newlines = [](std::string_view text) {
        return static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n'));
    };
    chunk.lines = newlines({block.bytes.data(), block.size});
    while (!at_end_) {
        block.size = 0;
        fill(block, kLongestRecord);
        const std::string_view text(block.bytes.data(), block.size);
        if (const auto end = text.find('\n'); end != text.npos) {
            rest_.assign(text.substr(end + 1));
            break;
        }
    }
    ++chunk.lines;
    block.size = 0;
    add_fault(chunk, 0, "a record of more than " + std::to_string(kLongestRecord) + " bytes", "a shorter one");
    return Found::too_long;
}

BlockParser::BlockParser(std::shared_ptr<const LogParser> parser, const StreamOptions& options)
    : parser_(std::move(parser)), normalise_(options.normalise), several_inputs_(options.inputs.size() > 1) {
    const auto serves = [&](Service service) { return !options.service || *options.service == service; };
    wanted_ = {serves(Service::pppoe), serves(Service::smtp_auth), serves(Service::smtp_auth) && options.imap,
               serves(Service::smtp_auth) && options.pop3, serves(Service::smtp_auth)};  // the last: see AttemptLedger
}

void BlockParser::take(const LogEvent& event, Block& block, std::vector<Fault>& faults, std::uint64_t& unusable) const {
    if (!wanted_[static_cast<std::size_t>(event.protocol)]) {
        if (event.attempts == 0) return;  // a note, of a line that is counted already
        ++block.chunk.ignored[static_cast<std::size_t>(Ignored::not_wanted)];
        ++block.chunk.left_out[static_cast<std::size_t>(event.protocol)];
        return;
    }
    if (block.count == block.events.size()) block.events.emplace_back();
    RawEvent& raw = block.events[block.count];
    LoginEvent& login = raw.stream.event;
    if (event.id.empty() && event.protocol != Protocol::pppoe) {
        login.id.clear();
    } else if (!normalise_.into(login.id, event.id)) {
        ++unusable;
        if (faults.size() < ParsedChunk::kFaultsKept)
            faults.push_back(
                {event.line,
                 "an ID of " + std::to_string(event.id.size()) + " bytes (" + normalise_.fingerprint() + ')',
                 "one of 1 to " + std::to_string(kMaxIdBytes) + " bytes"});
        return;
    }
    login.service = service_of(event.protocol);
    login.kind = event.kind;
    login.addresses = event.addresses;
    login.time = event.at.time;
    raw.stream.protocol = event.protocol;
    raw.stream.attempts = event.attempts;
    raw.stream.line = event.line;
    const std::uint64_t text =
        several_inputs_ && !event.text.empty() ? std::hash<std::string_view>{}(event.text) | 1 : 0;
    raw.stream.trace = {event.connection, text, event.summary, event.copied, event.witness};
    raw.has_year = event.at.has_year;
    raw.has_zone = event.at.has_zone;
    ++block.count;
}

void BlockParser::parse(Block& block) const {
    ParsedChunk& chunk = block.chunk;
    parser_->parse({block.bytes.data(), block.size}, chunk);
    std::vector<Fault> faults;
    std::uint64_t unusable = 0;
    for (const LogEvent& event : chunk.events) take(event, block, faults, unusable);
    if (unusable == 0) return;
    chunk.malformed += unusable;
    chunk.faults.insert(chunk.faults.end(), std::make_move_iterator(faults.begin()),
                        std::make_move_iterator(faults.end()));
    std::stable_sort(chunk.faults.begin(), chunk.faults.end(),
                     [](const Fault& a, const Fault& b) { return a.line < b.line; });
    if (chunk.faults.size() > ParsedChunk::kFaultsKept) chunk.faults.resize(ParsedChunk::kFaultsKept);
}

}  // namespace guard::replay
