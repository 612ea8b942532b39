#include "spool/reader.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <set>
#include <vector>

#include "event/little_endian.hpp"
#include "spool/descriptor.hpp"
#include "spool/record.hpp"

namespace guard::spool {
namespace {

constexpr std::size_t kChunkBytes = 64 * 1024;
constexpr auto kReorder = std::chrono::seconds{120};

std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string Position::to_string() const {
    std::string text = std::to_string(done_through);
    for (const auto& [segment, offset] : offsets)
        text += ' ' + std::to_string(segment) + ':' + (offset == kDone ? "done" : std::to_string(offset));
    return text;
}

std::optional<Position> Position::parse(std::string_view text) {
    Position position;
    bool first = true;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (std::exchange(first, false)) {
            const auto done = number(word);
            if (!done) return std::nullopt;
            position.done_through = *done;
            continue;
        }
        const auto colon = word.find(':');
        if (colon == std::string_view::npos) return std::nullopt;
        const auto segment = number(word.substr(0, colon));
        const auto offset = word.substr(colon + 1) == "done" ? kDone : number(word.substr(colon + 1));
        if (!segment || !offset) return std::nullopt;
        position.offsets[*segment] = *offset;
    }
    if (first) return std::nullopt;
    return position;
}

// The records of one segment, from an offset on.
class Reader::SegmentCursor {
  public:
    SegmentCursor(std::uint64_t segment, Descriptor file, SegmentHeader header, std::uint64_t offset)
        : number_(segment), file_(std::move(file)), header_(std::move(header)), offset_(offset), read_to_(offset) {}

    // The next event, or null when there is none now.
    const LoginEvent* peek(ReaderCounters& counters) {
        if (events_.empty() && !done_) fill(counters);
        return events_.empty() ? nullptr : &events_.front().event;
    }
    void pop() {
        offset_ = events_.front().end;
        events_.pop_front();
    }
    [[nodiscard]] bool done() const { return done_ && events_.empty(); }
    [[nodiscard]] std::uint64_t number() const { return number_; }
    [[nodiscard]] std::uint64_t offset() const { return offset_; }
    [[nodiscard]] Time created() const { return header_.created; }

  private:
    struct Read {
        LoginEvent event;
        std::uint64_t end;
    };

    void fill(ReaderCounters& counters);
    std::size_t decode(std::span<const std::uint8_t> bytes, bool complete, ReaderCounters& counters);
    bool no_more_writes();
    // A hole before a record is a lost one; zeros at the very end are just the unused rest.
    void leave_hole(ReaderCounters& counters, bool record_follows) {
        if (in_hole_ && (record_follows || hole_written_)) ++counters.torn;
        in_hole_ = hole_written_ = false;
    }
    [[nodiscard]] std::uint64_t end() const { return header_.sealed_end != 0 ? header_.sealed_end : header_.size; }

    const std::uint64_t number_;
    Descriptor file_;
    SegmentHeader header_;
    std::uint64_t offset_;   // behind the last event that was passed over
    std::uint64_t read_to_;  // behind the last one in events_
    std::deque<Read> events_;
    bool in_hole_ = false, hole_written_ = false;  // behind read_to_: no whole record; some of it not zero
    bool complete_ = false;  // nobody will write to it any more
    bool done_ = false;      // and all of it was read
};

// Sealed, or its writer is gone. Once true it stays true, and what was written before is then seen by a read.
bool Reader::SegmentCursor::no_more_writes() {
    if (complete_) return true;
    if (const auto header = read_header(file_.get()); header && header->sealed_end != 0) {
        header_ = *header;
        complete_ = true;
    } else if (flock(file_.get(), LOCK_SH | LOCK_NB) == 0) {
        flock(file_.get(), LOCK_UN);
        // Between the two looks the writer may have sealed and gone.
        if (const auto again = read_header(file_.get()); again) header_ = *again;
        complete_ = true;
    }
    return complete_;
}

// Decodes what the front of `bytes` holds and returns how much of it is dealt with. While the writer lives, the first
// place without a whole record is where to wait; afterwards such a place is a hole to step over.
std::size_t Reader::SegmentCursor::decode(std::span<const std::uint8_t> bytes, bool complete, ReaderCounters& counters) {
    std::size_t at = 0;
    while (at + kRecordAlignment <= bytes.size()) {
        const auto record = decode_record(bytes.subspan(at), header_.epoch);
        if (record) {
            leave_hole(counters, true);
            at += record->length;
            events_.push_back({record->event, read_to_ + at});
            continue;
        }
        const bool may_be_cut = bytes.size() - at < kMaxRecordBytes && read_to_ + bytes.size() < end();
        if (record.error() == RecordError::malformed) {
            ++counters.malformed;
            leave_hole(counters, true);
            at += get_little_endian<std::uint32_t>(bytes.data() + at);
        } else if (!complete || (record.error() == RecordError::truncated && may_be_cut)) {
            return at;
        } else {
            hole_written_ = hole_written_ || record.error() != RecordError::absent;
            in_hole_ = true;
            at += kRecordAlignment;
        }
    }
    return at;
}

void Reader::SegmentCursor::fill(ReaderCounters& counters) {
    std::vector<std::uint8_t> chunk(kChunkBytes);
    while (events_.empty()) {
        // Asked before reading: what a writer wrote before it went is then in the chunk.
        const bool complete = no_more_writes();
        if (read_to_ >= end()) {
            done_ = complete;
            if (done_) leave_hole(counters, false);
            return;
        }
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, end() - read_to_));
        const ssize_t got = pread(file_.get(), chunk.data(), wanted, static_cast<off_t>(read_to_));
        if (got < 0) return;
        const auto bytes = std::span(chunk).first(static_cast<std::size_t>(got));
        const std::size_t dealt_with = decode(bytes, complete, counters);
        read_to_ += dealt_with;
        if (complete && bytes.size() - dealt_with < kRecordAlignment && bytes.size() < wanted) read_to_ = end();
        if (dealt_with == 0 && read_to_ < end()) {
            if (complete) read_to_ = end();
            return;
        }
    }
}

Reader::Reader(std::filesystem::path directory, Position from)
    : directory_(std::move(directory)), position_(std::move(from)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;

void Reader::look_for_segments() {
    const auto numbers = list_segments(directory_);
    const std::set<std::uint64_t> present(numbers.begin(), numbers.end());
    for (const std::uint64_t segment : numbers) {
        if (segment <= position_.done_through || cursors_.contains(segment)) continue;
        const auto known = position_.offsets.find(segment);
        if (known != position_.offsets.end() && known->second == Position::kDone) continue;
        Descriptor file(::open((directory_ / segment_name(segment)).c_str(), O_RDONLY | O_CLOEXEC));
        if (!file) continue;  // just deleted, or not readable: tried again the next time
        auto header = read_header(file.get());
        if (!header) {
            ++counters_.unreadable;
            position_.offsets[segment] = Position::kDone;
            continue;
        }
        const std::uint64_t offset =
            std::max(kSegmentHeaderBytes, known == position_.offsets.end() ? 0 : known->second);
        position_.offsets[segment] = offset;
        cursors_[segment] = std::make_unique<SegmentCursor>(segment, std::move(file), std::move(*header), offset);
    }
    // A segment that is open is read to its end even when its name is gone; one that never could be opened is lost.
    std::erase_if(position_.offsets, [&](const auto& entry) {
        if (present.contains(entry.first) || cursors_.contains(entry.first)) return false;
        if (entry.second != Position::kDone) ++counters_.deleted_unread;
        return true;
    });
}

void Reader::finish(std::uint64_t segment) {
    cursors_.erase(segment);
    position_.offsets[segment] = Position::kDone;
    while (!position_.offsets.empty() && position_.offsets.begin()->second == Position::kDone) {
        position_.done_through = std::max(position_.done_through, position_.offsets.begin()->first);
        position_.offsets.erase(position_.offsets.begin());
    }
}

const LoginEvent* Reader::peek() {
    if (front_ != nullptr) return front_->peek(counters_);
    for (int look = 0; look < 2; ++look) {
        const LoginEvent* earliest = nullptr;
        std::vector<std::uint64_t> finished;
        for (const auto& [segment, cursor] : cursors_) {
            // What a later segment holds is not earlier, but for what came late.
            if (earliest != nullptr && cursor->created() > earliest->time + kReorder) break;
            const LoginEvent* event = cursor->peek(counters_);
            if (event == nullptr && cursor->done()) finished.push_back(segment);
            if (event == nullptr || (earliest != nullptr && earliest->time <= event->time)) continue;
            earliest = event;
            front_ = cursor.get();
        }
        for (const std::uint64_t segment : finished) finish(segment);
        if (earliest != nullptr) return earliest;
        look_for_segments();
    }
    return nullptr;
}

void Reader::pop() {
    if (front_ == nullptr) return;
    front_->pop();
    position_.offsets[front_->number()] = front_->offset();
    front_ = nullptr;
    ++counters_.read;
}

Position Reader::position() const { return position_; }

WriterState Reader::writers() const {
    WriterState state;
    std::map<std::uint64_t, Counters> by_writer;  // ascending numbers: the last of each is its newest
    for (const std::uint64_t segment : list_segments(directory_)) {
        const Descriptor file(::open((directory_ / segment_name(segment)).c_str(), O_RDONLY | O_CLOEXEC));
        const auto header = file ? read_header(file.get()) : unexpected("gone");
        if (!header) continue;
        by_writer[header->writer] = header->counters;
        state.id_fingerprint = header->id_fingerprint;
    }
    for (const auto& [writer, counters] : by_writer) {
        state.counters.appended += counters.appended;
        state.counters.dropped += counters.dropped;
        state.counters.unusable += counters.unusable;
        state.counters.clamped += counters.clamped;
        state.counters.duplicates += counters.duplicates;
    }
    return state;
}

}  // namespace guard::spool
