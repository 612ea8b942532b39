#include "spool/segment_cursor.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "event/little_endian.hpp"
#include "spool/record.hpp"

namespace guard::spool {
namespace {

constexpr std::size_t kChunkBytes = 65'536;

}  // namespace

const LoginEvent* SegmentCursor::peek(std::uint64_t& round, ReaderCounters& counters) {
    if (is_empty() && !done_ && asked_in_round_ != round) {
        fill(counters);
        if (!is_empty()) ++round;
        asked_in_round_ = is_empty() ? round : 0;
    }
    return is_empty() ? nullptr : &events_[next_].event;
}

void SegmentCursor::pop() {
    offset_ = events_[next_++].end;
}

// Sealed, or its writer is gone. Once true it stays true, and what was written before is then seen by a read.
void SegmentCursor::look_whether_complete() {
    if (complete_) return;
    if (const auto header = read_header(file_.get()); header && header->sealed_end != 0) {
        header_ = *header;
        complete_ = true;
    } else if (!is_held(file_.get())) {
        // Between the two looks the writer may have sealed and gone.
        if (const auto again = read_header(file_.get()); again) header_ = *again;
        complete_ = true;
    }
}

void SegmentCursor::look_whether_removed() {
    struct stat status {};
    removed_ = removed_ || (fstat(file_.get(), &status) == 0 && status.st_nlink == 0);
}

// A hole before a record is a lost one; zeros at the end of an abandoned segment are just the unused rest.
void SegmentCursor::leave_hole(bool lost, ReaderCounters& counters) {
    if (in_hole_ && (lost || hole_written_)) ++counters.torn;
    in_hole_ = hole_written_ = false;
}

void SegmentCursor::skip_lost(std::uint64_t to) {
    in_hole_ = hole_written_ = true;
    read_to_ = to;
}

// Decodes what the front of `bytes` holds and returns how much of it is dealt with.
std::size_t SegmentCursor::decode(std::span<const std::uint8_t> bytes, ReaderCounters& counters) {
    std::size_t at = 0;
    while (at + kRecordAlignment <= bytes.size()) {
        if (read_ == events_.size()) events_.emplace_back();
        const auto record = decode_record(bytes.subspan(at), header_.epoch, events_[read_].event);
        if (record) {
            leave_hole(true, counters);
            at += *record;
            events_[read_++].end = read_to_ + at;
            continue;
        }
        const bool may_be_cut = bytes.size() - at < kMaxRecordBytes && read_to_ + bytes.size() < end();
        if (record.error() == RecordError::malformed) {
            ++counters.malformed;
            leave_hole(true, counters);
            at += get_little_endian<std::uint32_t>(bytes.data() + at);
        } else if (!complete_ || (record.error() == RecordError::truncated && may_be_cut)) {
            return at;
        } else {
            hole_written_ = hole_written_ || record.error() != RecordError::absent;
            in_hole_ = true;
            at += kRecordAlignment;
        }
    }
    return at;
}

void SegmentCursor::fill(ReaderCounters& counters) {
    chunk_.resize(kChunkBytes);
    next_ = read_ = 0;
    while (is_empty()) {
        // Asked before reading: what a writer wrote before it went is then in the chunk.
        look_whether_complete();
        if (read_to_ >= end()) {
            done_ = complete_;
            if (done_) leave_hole(header_.sealed_end != 0, counters);
            return;
        }
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, end() - read_to_));
        const ssize_t got = pread(file_.get(), chunk_.data(), wanted, static_cast<off_t>(read_to_));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {  // a bad place on the disk; behind it there may be good ones
            if (!complete_) return;
            skip_lost(read_to_ + wanted);
            continue;
        }
        const auto bytes = std::span(chunk_).first(static_cast<std::size_t>(got));
        const std::size_t dealt_with = decode(bytes, counters);
        read_to_ += dealt_with;
        if (dealt_with != 0) continue;
        if (!complete_) return;
        if (bytes.size() < wanted) {  // somebody has cut the file off
            skip_lost(end());
        } else {
            read_to_ = end();  // a last piece too short for a record
        }
    }
}

}  // namespace guard::spool
