#include "spool/writer.hpp"

#include <exception>
#include <system_error>
#include <utility>

#include "event/keyed_hash.hpp"
#include "spool/record.hpp"
#include "spool/retention.hpp"

namespace guard::spool {
namespace {

constexpr auto kRetryInterval = std::chrono::seconds{1};
constexpr auto kWarnInterval = std::chrono::seconds{60};
constexpr auto kCareInterval = std::chrono::seconds{1};
// Retention deletes whole segments by the time of their beginning: one that takes days to fill would keep its first
// events too long, or lose its last ones too early.
constexpr auto kMaxAge = std::chrono::hours{1};

// Whether `interval` has passed since `last`. Threads come with times that are slightly out of order; only a clock that
// was set back by as much counts as passed.
bool passed(Time last, std::chrono::seconds interval, Time now) {
    return now >= last + interval || now <= last - interval;
}

}  // namespace

Writer::Writer(WriterOptions options, Warn warn)
    : options_(std::move(options)), warn_(std::move(warn)), writer_(random_number()) {}

Writer::~Writer() {
    seal();
}

bool Writer::open(Time now) {
    const std::lock_guard lock(mutex_);
    if (!segment_) begin_segment(now);
    return segment_ != nullptr;
}

// Called with mutex_ held. When other threads still write to the segment, the last of them seals it.
void Writer::seal() {
    if (!segment_) return;
    segment_->set_end(end_);
    segment_.reset();
    ended_ = false;
}

// Called with mutex_ held. Goes over to a new segment; when there is none to be had, all stays as it is. The one before
// is let go only then: its header is where the counters of dropped events can be seen.
void Writer::begin_segment(Time now) {
    if (last_failure_ && !passed(*last_failure_, kRetryInterval, now)) return;
    last_failure_ = now;
    const std::string loss = segment_ && !ended_ ? ", no new segment can be begun" : ", events are dropped";
    try {
        delete_expired(options_.directory, options_.retention, now);
        if (used_bytes(options_.directory) + options_.segment_bytes > options_.quota_bytes) {
            warn_once_a_minute(
                Trouble::quota, now,
                in_spool() + "quota of " + std::to_string(options_.quota_bytes) + " bytes reached" + loss);
            return;
        }
        SegmentHeader header;
        header.writer = writer_;
        header.size = options_.segment_bytes;
        header.created = now;
        header.id_fingerprint = options_.id_fingerprint;
        auto next = Segment::create(options_.directory, std::move(header), counters_);
        seal();
        segment_ = std::move(next);
        end_ = kSegmentHeaderBytes;
        begun_ = now;
        last_failure_.reset();
        if (!std::exchange(had_first_, true)) warn_if_shared();
    } catch (const std::exception& error) {
        warn_once_a_minute(Trouble::segment, now, in_spool() + error.what() + loss);
    }
}

Writer::Reservation Writer::reserve(std::size_t length, Time now) {
    const std::lock_guard lock(mutex_);
    if (segment_ && length > segment_->size() - end_) ended_ = true;
    // Whatever else fails: what is past its term gets no more events, for it may be deleted although it is held.
    if (segment_ && passed(begun_, options_.retention, now)) seal();
    if (!segment_ || ended_ || passed(begun_, kMaxAge, now)) begin_segment(now);
    if (!segment_ || ended_) return {};
    Reservation reservation{segment_, end_};
    end_ += length;
    return reservation;
}

// After a failed write there is a hole in the segment: end it, so that the reader may step over the hole.
void Writer::end_failed(const std::shared_ptr<Segment>& segment, Time now) {
    const std::lock_guard lock(mutex_);
    if (segment_ != segment) return;
    ended_ = true;
    last_failure_ = now;
}

bool Writer::write(const LoginEvent& event, Time now) {
    // The length does not depend on the epoch, which is known only with the reservation.
    const Reservation place = reserve(encoded_length(event), now);
    if (!place.segment) return false;
    RecordBuffer buffer;
    const std::size_t length = encode_record(event, place.segment->epoch(), buffer);
    if (place.segment->write(std::span(buffer).first(length), place.offset)) return true;
    const int error = errno;
    end_failed(place.segment, now);
    warn_once_a_minute(Trouble::write, now,
                       in_spool() + "cannot write: " + std::generic_category().message(error) + ", events are dropped");
    return false;
}

bool Writer::append(const LoginEvent& event, Time now) noexcept {
    if (event.id.empty() || event.id.size() > kMaxIdBytes) {
        count_unusable(now);
        return false;
    }
    bool due = false, written = false;
    try {
        due = care_is_due(now);
        if (due) replace_removed(now);
        written = write(event, now);
    } catch (...) {
        // Out of memory, or a mutex that cannot be locked: the event is dropped like any other that cannot be written.
    }
    (written ? counters_->appended : counters_->dropped).fetch_add(1, std::memory_order_relaxed);
    if (due) refresh_header();  // with this event
    return written;
}

void Writer::count_unusable(Time now) noexcept {
    count(counters_->unusable, now);
}

void Writer::count_duplicate(Time now) noexcept {
    count(counters_->duplicates, now);
}

void Writer::count(std::atomic<std::uint64_t>& counter, Time now) noexcept {
    counter.fetch_add(1, std::memory_order_relaxed);
    if (!care_is_due(now)) return;
    try {
        replace_removed(now);
    } catch (...) {
        // As in append(): the next second comes.
    }
    refresh_header();
}

// True for one thread a second, as far as anybody asks.
bool Writer::care_is_due(Time now) noexcept {
    Time last = last_care_.load(std::memory_order_relaxed);
    return passed(last, kCareInterval, now) && last_care_.compare_exchange_strong(last, now, std::memory_order_relaxed);
}

// Events in a file that has no name any more would be read by nobody who does not have it open already.
void Writer::replace_removed(Time now) {
    std::shared_ptr<Segment> segment;
    {
        const std::lock_guard lock(mutex_);
        segment = segment_;
    }
    if (!segment || segment->has_name()) return;
    const std::lock_guard lock(mutex_);
    if (segment_ != segment) return;
    const bool at_term = passed(begun_, options_.retention, now);  // the analyzer has done its duty
    seal();
    begin_segment(now);
    if (!at_term)
        warn_once_a_minute(Trouble::removed, now,
                           in_spool() + "the segment in use was removed, events of the last second may be lost" +
                               (segment_ ? "; a new one is begun" : "; no new one can be begun, events are dropped"));
}

// The file is written outside mutex_, which every append needs.
void Writer::refresh_header() noexcept {
    try {
        std::shared_ptr<Segment> segment;
        std::uint64_t end = 0;
        {
            const std::lock_guard lock(mutex_);
            segment = segment_;
            // Ended, so that nobody gets a place in it, and no reference but these two: nobody writes to one either.
            if (ended_ && segment_.use_count() == 2) end = end_;
        }
        if (segment) segment->refresh(end);
    } catch (...) {
        // As in append(): the next second comes.
    }
}

// Called with mutex_ held, when the first segment was begun.
void Writer::warn_if_shared() const {
    if (warn_ && is_shared(options_.directory, writer_))
        warn_(in_spool() + "another instance writes here too, and they share the quota of " +
              std::to_string(options_.quota_bytes) + " bytes: give each instance a directory of its own");
}

std::string Writer::in_spool() const {
    return "spool " + options_.directory.string() + ": ";
}

void Writer::warn_once_a_minute(Trouble trouble, Time now, const std::string& text) {
    {
        const std::lock_guard lock(warn_mutex_);
        auto& last = last_warned_.at(static_cast<std::size_t>(trouble));
        if (last && !passed(*last, kWarnInterval, now)) return;
        last = now;
    }
    if (warn_) warn_(text);
}

}  // namespace guard::spool
