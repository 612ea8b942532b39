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

// Whether `interval` has passed since `last`; a clock that was set back counts as passed.
bool passed(Time last, std::chrono::seconds interval, Time now) { return now >= last + interval || now < last; }

}  // namespace

Writer::Writer(WriterOptions options, Warn warn)
    : options_(std::move(options)), warn_(std::move(warn)), writer_(random_number()) {}

Writer::~Writer() {
    if (segment_) segment_->set_end(end_, counters());
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
    return segment_ != nullptr || rotate(now);
}

// Called with mutex_ held. The old segment is sealed when the last thread that writes to it is done.
bool Writer::rotate(Time now) {
    if (segment_) {
        segment_->set_end(end_, counters());
        segment_.reset();
    }
    if (!passed(last_try_, kRetryInterval, now)) return false;
    last_try_ = now;
    try {
        delete_expired(options_.directory, options_.retention, now);
        if (used_bytes(options_.directory) + options_.segment_bytes > options_.quota_bytes) {
            warn_once_a_minute(now, "spool " + options_.directory.string() + ": quota of " +
                                        std::to_string(options_.quota_bytes) + " bytes reached, events are dropped");
            return false;
        }
        SegmentHeader header;
        header.writer = writer_;
        header.size = options_.segment_bytes;
        header.created = now;
        header.counters = counters();
        header.id_fingerprint = options_.id_fingerprint;
        segment_ = Segment::create(options_.directory, std::move(header));
        end_ = kSegmentHeaderBytes;
        last_try_ = Time{};
        return true;
    } catch (const std::exception& error) {
        warn_once_a_minute(now, std::string("spool: events are dropped: ") + error.what());
        return false;
    }
}

Writer::Reservation Writer::reserve(std::size_t length, Time now) {
    const std::lock_guard lock(mutex_);
    if (!segment_ || length > segment_->size() - end_)
        if (!rotate(now)) return {};
    Reservation reservation{segment_, end_};
    end_ += length;
    return reservation;
}

// After a failed write there is a hole in the segment: end it, so that the reader may step over the hole.
void Writer::retire_failed(const std::shared_ptr<Segment>& segment) {
    const std::lock_guard lock(mutex_);
    if (segment_ != segment) return;
    segment_->set_end(end_, counters());
    segment_.reset();
}

bool Writer::append(const LoginEvent& event, Time now) noexcept {
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
            retire_failed(place.segment);
            warn_once_a_minute(now, "spool " + options_.directory.string() +
                                        ": events are dropped: " + std::generic_category().message(error));
        }
    } catch (...) {
        // Out of memory, or a mutex that cannot be locked: the event is dropped like any other that cannot be written.
    }
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return false;
}

void Writer::warn_once_a_minute(Time now, const std::string& text) {
    {
        const std::lock_guard lock(warn_mutex_);
        if (!passed(last_warned_, kWarnInterval, now) && text == last_warning_) return;
        last_warned_ = now;
        last_warning_ = text;
    }
    if (warn_) warn_(text);
}

}  // namespace guard::spool
