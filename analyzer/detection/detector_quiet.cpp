// The part of Detector that nearly all events take: an Interim-Update of the only session of a line that was quiet. It
// changes the packed record in place, to what the long way through History would have made of it; and whatever is not
// that simple takes the long way.
#include "analyzer/detection/detector.hpp"

namespace guard::detection {
namespace {

constexpr std::uint64_t kSameFact = 2'000'000;  // microseconds, as in History
constexpr std::uint64_t kMicrosecondsAnHour = 3'600'000'000;

// A time that the record can hold in all its fields.
std::optional<std::uint64_t> time_for_record(Time time) {
    const auto packed = packed_time(time);
    if (!packed || *packed / kMicrosecondsAnHour > PackedStream::kMaxHour) return std::nullopt;
    if (*packed / 1'000'000 >= UINT32_MAX / 2) return std::nullopt;
    return packed;
}

const geo::Pool* pool_of(std::span<const IpAddress> addresses, const geo::Locator& locator) {
    for (const IpAddress& address : addresses)
        if (const geo::Pool* pool = locator.pool_at(address); pool != nullptr && !pool->place->region.empty())
            return pool;
    return nullptr;
}

std::uint32_t number_from_one(const geo::Pool* pool, const geo::Locator& locator) {
    return pool == nullptr ? PackedLine::kNoPool : locator.number_of(*pool) + 1;
}

bool first_is_in(const geo::Pool* pool, std::span<const IpAddress> addresses) {
    return pool != nullptr && pool->place->network.contains(addresses.front());
}

}  // namespace

bool Detector::on_quiet_line(const LoginEventView& event, std::uint64_t key) {
    if (event.kind != Kind::alive && event.kind != Kind::release) return false;
    PackedStream* const record = streams_.find(key);
    if (record == nullptr || record->form() == PackedStream::Form::bare) return begins_quietly(record, event, key);
    return record->form() == PackedStream::Form::line && goes_on(*record, event);
}

void Detector::note_active(PackedStream& record, Time time) {
    std::uint32_t hour = record.hour;
    active_.seen(hour, time);
    record.hour = hour & PackedStream::kMaxHour;
    if (record.first_seen == 0) record.first_seen = seconds_since_1970(time);
}

// The pool table is another one than when it was packed.
void Detector::find_stay(PackedLine& line) const {
    const Addresses addresses = line.addresses();
    const geo::Pool* const pool = pool_of(addresses, *locator_);
    line.pool = number_from_one(pool, *locator_) & PackedLine::kPoolByAddress;
    line.first_tells = first_is_in(pool, addresses) ? 1 : 0;
}

bool Detector::goes_on(PackedStream& record, const LoginEventView& event) {
    PackedLine& line = record.line;
    const auto time = time_for_record(event.time);
    if (!time || !line.is_at(event.addresses)) return false;
    if (line.pool == PackedLine::kPoolByAddress) find_stay(line);
    const bool names_all = event.addresses.size() == line.address_count();
    if (!names_all && line.first_tells == 0) return false;
    const auto kind = static_cast<std::uint64_t>(event.kind);
    if (kind == line.last_kind && *time <= line.last + kSameFact && *time + kSameFact >= line.last) {
        note_active(record, event.time);
        ++counters_.repeated;
        return true;
    }
    const bool mapped = line.pool != PackedLine::kNoPool || pool_of(event.addresses, *locator_) != nullptr;
    if (line.discounted != 0 || line.ended != 0) {
        // It says nothing any more, but when it ended.
        if (line.ended == 0 ? event.kind == Kind::release : *time <= line.last) return false;
        if (line.pool == PackedLine::kNoPool && mapped && line.discounted == 0) return false;
    } else if (line.pool == PackedLine::kNoPool && mapped) {
        return false;  // there was no place for it until now
    } else if (!shows_life(record, event)) {
        return false;
    }
    note_active(record, event.time);
    if (!mapped) ++counters_.unmapped;
    return true;
}

bool Detector::shows_life(PackedStream& record, const LoginEventView& event) const {
    PackedLine& line = record.line;
    const auto time = static_cast<std::uint64_t>(event.time.time_since_epoch().count());
    const bool late = time <= line.last;
    // A Stop may be one of a dead session: the sign before it has to be known, if the next session is told of late.
    if (event.kind == Kind::release || (late && (line.confirmed == 0 || time < line.began))) return false;
    if (line.pool != PackedLine::kNoPool) {
        const std::uint32_t region = region_of_pool_[line.pool - 1], now = seconds_since_1970(event.time);
        if (!StreamTable::can_sight(record, region, now, settings_)) return false;
        StreamTable::sight(record, region, now, settings_);
    }
    if (late) return true;
    std::optional<Time> before = line.before_last();
    if (line.confirmed != 0 && line.last_at() + settings_.reorder < event.time) before = line.last_at();
    line.last = time & PackedLine::kNoTime;
    line.last_kind = static_cast<unsigned>(event.kind) & 7U;
    line.set_before_last(line.confirmed != 0 ? before : std::nullopt);
    line.confirmed = 1;
    return true;
}

// A session of a line of which nothing else is known, and nobody saw this one begin: after a restart that is everybody.
bool Detector::begins_quietly(PackedStream* record, const LoginEventView& event, std::uint64_t key) {
    const auto time = time_for_record(event.time);
    PackedLine line{};
    if (!time || !line.set_addresses(event.addresses)) return false;
    if (record != nullptr && record->suspended != 0) return false;
    const bool counts = record == nullptr || record->released == 0;
    const geo::Pool* const pool = pool_of(event.addresses, *locator_);
    const std::uint32_t now = seconds_since_1970(event.time);
    if (pool != nullptr && counts) {
        const std::uint32_t region = region_of_pool_[locator_->number_of(*pool)];
        if (region == 0 || locator_->number_of(*pool) + 1 >= PackedLine::kPoolByAddress) return false;
        if (record != nullptr && !StreamTable::can_sight(*record, region, now, settings_)) return false;
        if (record == nullptr) record = &streams_.add(key);
        StreamTable::sight(*record, region, now, settings_);
        line.pool = number_from_one(pool, *locator_) & PackedLine::kPoolByAddress;
    }
    if (record == nullptr) record = &streams_.add(key);
    line.began = line.last = *time & PackedLine::kNoTime;
    line.begin_unknown = 1;
    line.last_kind = static_cast<unsigned>(event.kind) & 7U;
    line.first_tells = first_is_in(pool, event.addresses) ? 1 : 0;
    line.ended = event.kind == Kind::release ? 1 : 0;
    line.discounted = counts ? 0 : 1;
    line.confirmed = counts ? 1 : 0;
    record->set_form(PackedStream::Form::line);
    record->line = line;
    note_active(*record, event.time);
    if (pool == nullptr) ++counters_.unmapped;
    return true;
}

}  // namespace guard::detection
