#include "spool/writer.hpp"

#include <exception>
#include <system_error>

#include "event/keyed_hash.hpp"
#include "spool/record.hpp"
#include "spool/retention.hpp"

namespace guard::spool {
namespace {

constexpr auto kRetryInterval = std::chrono::seconds{1};
constexpr auto kWarnInterval = std::chrono::seconds{60};
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

Counters Writer::counters() const noexcept {
    Counters counters;
    counters.appended = appended_.load(std::memory_order_relaxed);
    counters.dropped = dropped_.load(std::memory_order_relaxed);
    counters.unusable = unusable_.load(std::memory_order_relaxed);
    counters.clamped = clamped_.load(std::memory_order_relaxed);
    counters.duplicates = duplicates_.load(std::memory_order_relaxed);
    return counters;
}

bool Writer::open(Time now) {
    const std::lock_guard lock(mutex_);
    if (!segment_) begin_segment(now);
    return segment_ != nullptr;
}

// Called with mutex_ held. When other threads still write to the segment, the last of them seals it.
void Writer::seal() {
    if (!segment_) return;
    segment_->set_end(end_, counters());
    segment_.reset();
}

// Called with mutex_ held. Goes over to a new segment; when there is none to be had, all stays as it is.
void Writer::begin_segment(Time now) {
    if (last_failure_ && !passed(*last_failure_, kRetryInterval, now)) return;
    last_failure_ = now;
    const std::string spool = "spool " + options_.directory.string() + ": ";
    const std::string loss = segment_ ? ", no new segment can be begun" : ", events are dropped";
    try {
        delete_expired(options_.directory, options_.retention, now);
        if (used_bytes(options_.directory) + options_.segment_bytes > options_.quota_bytes) {
            warn_once_a_minute(Trouble::quota, now,
                               spool + "quota of " + std::to_string(options_.quota_bytes) + " bytes reached" + loss);
            return;
        }
        SegmentHeader header;
        header.writer = writer_;
        header.size = options_.segment_bytes;
        header.created = now;
        header.counters = counters();
        header.id_fingerprint = options_.id_fingerprint;
        auto next = Segment::create(options_.directory, std::move(header));
        seal();
        segment_ = std::move(next);
        end_ = kSegmentHeaderBytes;
        begun_ = now;
        last_failure_.reset();
    } catch (const std::exception& error) {
        warn_once_a_minute(Trouble::segment, now, spool + error.what() + loss);
    }
}

Writer::Reservation Writer::reserve(std::size_t length, Time now) {
    const std::lock_guard lock(mutex_);
    if (segment_ && length > segment_->size() - end_) seal();
    if (!segment_ || passed(begun_, kMaxAge, now)) begin_segment(now);
    if (!segment_) return {};
    Reservation reservation{segment_, end_};
    end_ += length;
    return reservation;
}

// After a failed write there is a hole in the segment: end it, so that the reader may step over the hole.
void Writer::retire_failed(const std::shared_ptr<Segment>& segment, Time now) {
    const std::lock_guard lock(mutex_);
    if (segment_ != segment) return;
    seal();
    last_failure_ = now;
}

bool Writer::append(const LoginEvent& event, Time now) noexcept {
    if (event.id.empty() || event.id.size() > kMaxIdBytes) {
        count_unusable();
        return false;
    }
    try {
        RecordBuffer buffer;
        // The length does not depend on the epoch, which is known only with the reservation.
        const Reservation place = reserve(encoded_length(event), now);
        if (place.segment) {
            const std::size_t length = encode_record(event, place.segment->epoch(), buffer);
            if (place.segment->write(std::span(buffer).first(length), place.offset)) {
                appended_.fetch_add(1, std::memory_order_relaxed);
                return true;
            }
            const int error = errno;
            retire_failed(place.segment, now);
            warn_once_a_minute(Trouble::write, now,
                               "spool " + options_.directory.string() + ": cannot write: " +
                                   std::generic_category().message(error) + ", events are dropped");
        }
    } catch (...) {
        // Out of memory, or a mutex that cannot be locked: the event is dropped like any other that cannot be written.
    }
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return false;
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
