// The part of StreamTable that packs what was learned: one region, the usual case, in the record itself; several beside
// it.
#include <algorithm>

#include "analyzer/detection/stream_table.hpp"

namespace guard::detection {
namespace {

bool fits(std::span<const Familiarity::Region> regions) {
    if (regions.empty()) return true;
    const Familiarity::Region& only = regions[0];
    return regions.size() == 1 && only.older != Familiarity::kQuarantined && only.newer != 0 &&
           (only.older == 0 || (only.older < only.newer && only.newer - only.older <= PackedStream::kMaxGap));
}

std::uint32_t gap_of(const Familiarity::Region& region) {
    return (region.older == 0 ? 0 : region.newer - region.older) & PackedStream::kMaxGap;
}

}  // namespace

Learned StreamTable::learned(const PackedStream& record) const {
    if (record.form() == PackedStream::Form::open) return open_[record.open].learned;
    Learned result;
    result.first_seen = Time{std::chrono::seconds{record.first_seen}};
    if (record.more_regions != 0) {
        result.familiarity = more_regions_.at(record.key);
    } else if (record.home != 0) {
        const Familiarity::Region region{regions_.code(record.home), record.gap == 0 ? 0 : record.newer - record.gap,
                                         record.newer};
        result.familiarity.restore({&region, 1});
    }
    return result;
}

void StreamTable::set_learned(PackedStream& record, const Learned& learned) {
    if (record.form() == PackedStream::Form::open) {
        open_[record.open].learned = learned;
        return;
    }
    if (record.more_regions != 0) more_regions_.erase(record.key);
    pack_learned(record, learned, 0);
}

// `stay` is the region that the line is in, whose sightings will come.
void StreamTable::pack_learned(PackedStream& record, Learned learned, std::uint32_t stay) {
    record.first_seen = seconds_since_1970(learned.first_seen);
    record.home = 0;
    record.newer = 0;
    record.gap = 0;
    record.more_regions = 0;
    const auto regions = learned.familiarity.regions();
    if (fits(regions)) {
        if (regions.empty()) return;
        const std::uint32_t home = regions_.number(regions[0].region);
        if (home != 0) {
            record.home = home & RegionNumbers::kMask;
            record.newer = regions[0].newer;
            record.gap = gap_of(regions[0]) & PackedStream::kMaxGap;
            return;
        }
    }
    record.more_regions = 1;
    for (const Familiarity::Region& region : regions)
        if (stay != 0 && region.older != Familiarity::kQuarantined && regions_.number(region.region) == stay) {
            record.home = stay & RegionNumbers::kMask;
            record.newer = region.newer;
        }
    more_regions_.insert_or_assign(record.key, std::move(learned.familiarity));
}

bool StreamTable::can_sight(const PackedStream& record, std::uint32_t region, std::uint32_t now,
                            const config::DetectionSettings& settings) {
    if (region == 0) return false;
    if (record.home != region) return record.home == 0 && record.more_regions == 0;
    if (now < record.newer + static_cast<std::uint32_t>(settings.familiar_spacing.count())) return true;
    return record.more_regions == 0 && now - record.newer <= PackedStream::kMaxGap;
}

void StreamTable::sight(PackedStream& record, std::uint32_t region, std::uint32_t now,
                        const config::DetectionSettings& settings) {
    if (record.home == region) {
        if (now < record.newer + static_cast<std::uint32_t>(settings.familiar_spacing.count())) return;
        record.gap = (now - record.newer) & PackedStream::kMaxGap;
    } else {
        record.home = region & RegionNumbers::kMask;
        record.gap = 0;
    }
    record.newer = now;
}

bool StreamTable::knows_network(const PackedStream& record, std::uint32_t network) const {
    if (record.form() == PackedStream::Form::open) {
        const auto& networks = open_[record.open].networks;
        return networks && networks->contains(network);
    }
    return record.form() == PackedStream::Form::mail && network != 0 &&
           std::find(record.networks.begin(), record.networks.end(), network) != record.networks.end();
}

bool StreamTable::is_suspended(const PackedStream& record) const {
    return record.form() == PackedStream::Form::open ? open_[record.open].suspended : record.suspended != 0;
}

void StreamTable::relocate_packed() {
    for (std::uint32_t number = 0; number < size_; ++number) {
        PackedStream& record = this->record(number);
        if (record.form() != PackedStream::Form::line) continue;
        if (record.line.pool != PackedLine::kNoPool) record.line.pool = PackedLine::kPoolByAddress;
        record.line.first_tells = 0;
    }
}

// True: nothing is left.
bool StreamTable::forget_regions(PackedStream& record, Time now, const config::DetectionSettings& settings) {
    if (record.more_regions != 0) {
        Learned learned = this->learned(record);
        const std::size_t known = learned.familiarity.regions().size();
        learned.familiarity.forget(now, settings);
        if (learned.familiarity.regions().size() != known) set_learned(record, learned);
    } else if (record.home != 0 &&
               std::uint64_t{record.newer} + static_cast<std::uint64_t>(settings.familiar_window.count()) <
                   seconds_since_1970(now)) {
        record.home = 0;
        record.gap = 0;
    }
    return record.more_regions == 0 && record.home == 0;
}

std::size_t StreamTable::forget(Time now, const config::DetectionSettings& settings, std::size_t most) {
    const std::size_t before = size_;
    if (forget_at_ == 0 || forget_at_ > size_ || most >= size_) forget_at_ = size_;
    for (; forget_at_ > 0 && most > 0; --most) {
        const std::uint32_t number = --forget_at_;
        PackedStream& record = this->record(number);
        std::uint32_t hour = record.hour;
        bool bare = false, suspended = record.suspended != 0;
        if (record.form() == PackedStream::Form::open) {
            Stream& stream = open_[record.open];
            if (stream.smtp && stream.smtp->forget(now)) stream.smtp.reset();
            stream.learned.familiarity.forget(now, settings);
            bare = stream.learned.familiarity.regions().empty();
            hour = stream.active_hour;
            suspended = stream.suspended;
        } else {
            bare = forget_regions(record, now, settings);
        }
        if (!bare || suspended || Time{std::chrono::hours{hour}} + settings.familiar_window >= now) continue;
        if (record.form() == PackedStream::Form::open) release_slot(record.open);
        erase(number);
    }
    return before - size_;
}

std::size_t StreamTable::bytes() const {
    return index_.bytes() + std::size_t{size_} * sizeof(PackedStream);
}

}  // namespace guard::detection
