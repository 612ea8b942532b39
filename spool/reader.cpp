#include "spool/reader.hpp"

#include <fcntl.h>

#include <algorithm>
#include <vector>

#include "event/descriptor.hpp"
#include "spool/segment_cursor.hpp"

namespace guard::spool {
namespace {

constexpr auto kReorder = std::chrono::seconds{120};
constexpr std::uint64_t kLateNaming = Microseconds{kReorder}.count();
// The rest waits, lest a long backlog take the descriptors that the database connection needs.
constexpr std::size_t kMaxOpen = 64;

Descriptor open_to_read(const std::filesystem::path& directory, std::uint64_t segment) {
    return Descriptor(::open((directory / segment_name(segment)).c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace

Reader::Reader(std::filesystem::path directory, Position from)
    : directory_(std::move(directory)), position_(std::move(from)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;

// False: not now, to be tried again.
bool Reader::open_segment(std::uint64_t segment) {
    Descriptor file = open_to_read(directory_, segment);
    if (!file) return false;
    auto header = read_header(file.get());
    if (!header) {
        if (is_held(file.get())) return false;  // its writer may be about to replace it
        header = read_header(file.get());
    }
    if (!header) {
        ++counters_.unreadable;
        position_.offsets[segment] = Position::kDone;
        return true;
    }
    std::uint64_t& offset = position_.offsets[segment];
    offset = std::max(offset, kSegmentHeaderBytes);
    cursors_[segment] = std::make_unique<SegmentCursor>(segment, std::move(file), std::move(*header), offset);
    return true;
}

void Reader::look_for_segments() {
    ++round_;
    std::error_code error;
    const auto numbers = list_segments(directory_, error);
    if (error) return;  // what cannot be seen now is not gone
    const std::set<std::uint64_t> present(numbers.begin(), numbers.end());
    for (const auto& [segment, cursor] : cursors_)
        if (!present.contains(segment)) cursor->look_whether_removed();
    for (const std::uint64_t segment : waiting_)
        if (!present.contains(segment)) position_.offsets.try_emplace(segment, kSegmentHeaderBytes);
    waiting_.clear();
    for (const std::uint64_t segment : numbers) {
        if (segment <= position_.done_through || cursors_.contains(segment)) continue;
        const auto known = position_.offsets.find(segment);
        if (known == position_.offsets.end() || known->second != Position::kDone) waiting_.insert(segment);
    }
    for (auto it = waiting_.begin(); it != waiting_.end() && cursors_.size() < kMaxOpen;)
        it = open_segment(*it) ? waiting_.erase(it) : std::next(it);
    // A segment that is open is read to its end even when its name is gone; one that was never opened is lost.
    std::erase_if(position_.offsets, [&](const auto& entry) {
        if (present.contains(entry.first) || cursors_.contains(entry.first)) return false;
        if (entry.second != Position::kDone) ++counters_.deleted_unread;
        return true;
    });
}

void Reader::finish(std::uint64_t segment) {
    cursors_.erase(segment);
    position_.offsets[segment] = Position::kDone;
    // Two writers may name segments at the same time, and the later number may be seen, even read, before the earlier
    // one is there. So nothing is passed over for good until a segment much younger exists.
    const std::uint64_t newest = position_.offsets.rbegin()->first;
    for (auto it = position_.offsets.begin(); it != position_.offsets.end(); it = position_.offsets.erase(it)) {
        if (it->second != Position::kDone || newest - it->first < kLateNaming) return;
        if (!waiting_.empty() && *waiting_.begin() < it->first) return;
        position_.done_through = std::max(position_.done_through, it->first);
    }
}

const LoginEvent* Reader::peek() {
    if (front_ != nullptr) return front_->peek(round_, counters_);
    for (bool looked = false;;) {
        const LoginEvent* earliest = nullptr;
        SegmentCursor* holder = nullptr;
        std::vector<std::uint64_t> finished;
        const std::uint64_t round_before = round_;
        for (const auto& [segment, cursor] : cursors_) {
            // What a later segment holds is not earlier, but for what came late.
            if (earliest != nullptr && cursor->created() > earliest->time + kReorder) break;
            if (!within_limit(*cursor)) continue;
            const LoginEvent* event = cursor->peek(round_, counters_);
            if (event == nullptr && cursor->done()) finished.push_back(segment);
            if (event == nullptr || (earliest != nullptr && earliest->time <= event->time)) continue;
            earliest = event;
            holder = cursor.get();
        }
        // Who was found empty before another one read on may hold earlier events by now.
        if (round_ != round_before) continue;
        if (finished.empty() && (earliest != nullptr || looked)) {
            if (earliest == nullptr) ++round_;  // at the next call all are asked again
            front_ = holder;
            return earliest;
        }
        // The writer of a finished segment has gone on in another, which may hold the earliest event.
        for (const std::uint64_t segment : finished) finish(segment);
        look_for_segments();
        looked = true;
    }
}

void Reader::pop() {
    if (front_ == nullptr) return;
    front_->pop();
    position_.offsets[front_->number()] = front_->offset();
    front_ = nullptr;
    ++counters_.read;
}

void Reader::stop_at(std::optional<Position> limit) {
    limit_ = std::move(limit);
    front_ = nullptr;
}

// Whether its next event was passed over by who stood at the limit: a segment that was not known there is not.
bool Reader::within_limit(const SegmentCursor& cursor) const {
    if (!limit_ || cursor.number() <= limit_->done_through) return true;
    const auto known = limit_->offsets.find(cursor.number());
    return known != limit_->offsets.end() && known->second > cursor.offset();
}

Position Reader::position() const {
    Position position = position_;
    for (const auto& [segment, cursor] : cursors_)
        if (cursor->removed_and_read()) position.offsets[segment] = Position::kDone;
    return position;
}

WriterState Reader::writers() const {
    WriterState state;
    std::map<std::uint64_t, Counters> by_writer;  // ascending numbers: the last of each is its newest
    for (const std::uint64_t segment : list_segments(directory_)) {
        const Descriptor file = open_to_read(directory_, segment);
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
