// All streams, by the keyed hashes of their IDs. A stream is packed into 56 bytes while it is quiet and opened when an
// event asks for more; sweep() packs again what has been quiet, by the time of the events. What comes of an event does
// not depend on which of the two a stream was, but for what docs/detection.md ("Bounds") names. Pure, one thread.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "analyzer/detection/packed_stream.hpp"
#include "analyzer/detection/stream_index.hpp"
#include "analyzer/detection/stream_slots.hpp"
#include "config/settings.hpp"
#include "event/page_allocator.hpp"
#include "geo/locator.hpp"

namespace guard::detection {

struct StreamLimits {
    std::size_t open = 1'000'000;  // streams that are open at a time; past it one is packed with what then is lost
    bool packs = true;             // false: never; for tests, what comes of the events is the same
};

class StreamTable {
  public:
    // What packing and opening a line needs to know.
    struct World {
        const geo::Locator& locator;
        std::uint32_t generation;  // of it
        const config::DetectionSettings& settings;
    };

    explicit StreamTable(StreamLimits limits);

    // Null: not known. Valid until forget().
    [[nodiscard]] PackedStream* find(std::uint64_t key);
    [[nodiscard]] const PackedStream* find(std::uint64_t key) const;
    // A new one that knows nothing; `key` is not in the table.
    PackedStream& add(std::uint64_t key);
    // The stream in full, until the next open() or sweep() at least.
    Stream& open(PackedStream& record, const World& world);
    // For the line that find() will look at, and when that is there, for the record.
    void prefetch_index(std::uint64_t key) const { index_.prefetch(key); }
    void prefetch_record(std::uint64_t key) const;

    // Packs what has been quiet until `now`, the newest event of all; a few at a time.
    void sweep(Time now, const World& world);
    // All that may be packed at `now`, at once.
    void pack_quiet(Time now, const World& world);

    [[nodiscard]] Learned learned(const PackedStream& record) const;
    void set_learned(PackedStream& record, const Learned& learned);
    // One sighting more of the region, as Familiarity::sight(). False: that takes opening the stream.
    [[nodiscard]] static bool can_sight(const PackedStream& record, std::uint32_t region, std::uint32_t now,
                                        const config::DetectionSettings& settings);
    static void sight(PackedStream& record, std::uint32_t region, std::uint32_t now,
                      const config::DetectionSettings& settings);
    [[nodiscard]] RegionNumbers& regions() { return regions_; }
    [[nodiscard]] bool knows_network(const PackedStream& record, std::uint32_t network) const;
    [[nodiscard]] bool is_suspended(const PackedStream& record) const;

    // The places of packed lines are to be looked up again: the pool table is another one.
    void relocate_packed();
    // suspended(key) tells of every stream. Returns of how many it was another than before.
    template <class Suspended>
    std::size_t set_suspended(const Suspended& suspended) {
        std::size_t changed = 0;
        for (std::uint32_t number = 0; number < size_; ++number) {
            PackedStream& record = this->record(number);
            const bool open = record.form() == PackedStream::Form::open;
            const bool before = open ? open_[record.open].suspended : record.suspended != 0;
            const bool now = suspended(record.key);
            if (before != now) ++changed;
            record.suspended = now ? 1 : 0;
            if (open) open_[record.open].suspended = now;
        }
        return changed;
    }
    // Drops what is past its term (R8), of all streams or of the `most` whose turn it is. Returns how many streams
    // went.
    std::size_t forget(Time now, const config::DetectionSettings& settings, std::size_t most = SIZE_MAX);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t open_count() const { return open_.size() - free_.size(); }
    [[nodiscard]] std::uint64_t packed_lossily() const { return packed_lossily_; }
    // Of the records and the index; what is open, or has several regions, comes on top.
    [[nodiscard]] std::size_t bytes() const;

    // f(key, learned) for each.
    template <class Function>
    void each_learned(const Function& function) const {
        for (std::uint32_t number = 0; number < size_; ++number) function(record(number).key, learned(record(number)));
    }
    // f(stream) for each that is open.
    template <class Function>
    void each_open(const Function& function) const {
        for (std::uint32_t slot = 0; slot < open_.size(); ++slot)
            if (const Stream& stream = open_[slot]; stream.due != 0) function(stream);
    }

  private:
    friend class DetectorState;
    friend struct StateFields;
    // 2^18 records of 56 bytes are seven huge pages.
    static constexpr unsigned kPageBits = 18;
    static constexpr std::uint32_t kPageMask = (1U << kPageBits) - 1;
    [[nodiscard]] PackedStream& record(std::uint32_t number) { return pages_[number >> kPageBits][number & kPageMask]; }
    [[nodiscard]] const PackedStream& record(std::uint32_t number) const {
        return pages_[number >> kPageBits][number & kPageMask];
    }
    [[nodiscard]] auto key_of() const {
        return [this](std::uint32_t number) { return record(number).key; };
    }
    bool forget_regions(PackedStream& record, Time now, const config::DetectionSettings& settings);
    void erase(std::uint32_t number);
    std::uint32_t take_slot(const World& world);
    void release_slot(std::uint32_t slot);
    struct Waiting {
        std::uint32_t minute, slot;
    };
    void wait(std::deque<Waiting>& queue, std::uint32_t slot, std::uint32_t minutes);
    bool sweep_one(std::deque<Waiting>& queue, const World& world);
    [[nodiscard]] bool is_stale(const Waiting& waiting) const { return open_[waiting.slot].due != waiting.minute; }
    std::uint32_t waited_longest();
    [[nodiscard]] bool pack(Stream& stream, PackedStream& record, Time now, const World& world);
    void pack_one_lossily(const World& world);
    void pack_learned(PackedStream& record, Learned learned, std::uint32_t stay);

    const StreamLimits limits_;
    StreamIndex index_;
    std::vector<PageVector<PackedStream>> pages_;
    std::uint32_t size_ = 0;
    StreamSlots open_;
    std::vector<std::uint32_t> free_;                                     // of open_
    boost::unordered_flat_map<std::uint64_t, Familiarity> more_regions_;  // of packed streams, where there are several
    RegionNumbers regions_;
    std::deque<Waiting> first_look_, next_look_, late_look_;  // when to see whether they can be packed; each ascending
    Time now_{};                                              // of the last sweep
    std::uint64_t packed_lossily_ = 0;
    std::uint32_t forget_at_ = 0;  // those before it are to be looked at, for their term
};

}  // namespace guard::detection
