#include "analyzer/detection/stream_table.hpp"

#include <algorithm>

namespace guard::detection {
namespace {

constexpr std::uint32_t kFirstLook = 135;  // minutes after it was opened: what the rules ask for is two hours and more
constexpr std::uint32_t kNextLook = 30, kLateLook = 360;  // kLateLook: of whom it is clear that it will be a day or two
constexpr int kSweptAtOnce = 4;                           // by one event, of each queue
constexpr int kLookedAtOnce = 64;                         // for one to pack lossily

std::uint32_t minute_of(Time time) {
    return static_cast<std::uint32_t>(
        std::max<std::int64_t>(0, std::chrono::floor<std::chrono::minutes>(time).time_since_epoch().count()));
}

}  // namespace

StreamTable::StreamTable(StreamLimits limits) : limits_(limits) {}

PackedStream* StreamTable::find(std::uint64_t key) {
    const std::uint32_t number = index_.find(key, key_of());
    return number == StreamIndex::kNone ? nullptr : &record(number);
}

const PackedStream* StreamTable::find(std::uint64_t key) const {
    const std::uint32_t number = index_.find(key, key_of());
    return number == StreamIndex::kNone ? nullptr : &record(number);
}

void StreamTable::prefetch_record(std::uint64_t key) const {
    const std::uint32_t number = index_.guess(key);
    if (number == StreamIndex::kNone) return;
    const auto* const begin = reinterpret_cast<const char*>(&record(number));
    __builtin_prefetch(begin, 1);
    __builtin_prefetch(begin + sizeof(PackedStream) - 1, 1);
}

PackedStream& StreamTable::add(std::uint64_t key) {
    if (size_ >> kPageBits == pages_.size()) {
        pages_.emplace_back();
        pages_.back().reserve(std::size_t{1} << kPageBits);
    }
    auto& page = pages_[size_ >> kPageBits];
    PackedStream& added = page.emplace_back();
    added.key = key;
    index_.insert(key, size_, key_of());
    ++size_;
    return added;
}

// The last one takes its number.
void StreamTable::erase(std::uint32_t number) {
    index_.erase(record(number).key, number);
    const std::uint32_t last = size_ - 1;
    if (number != last) {
        index_.renumber(record(last).key, last, number);
        record(number) = record(last);
    }
    pages_[last >> kPageBits].pop_back();
    size_ = last;
    if (pages_.back().empty()) pages_.pop_back();
}

Stream& StreamTable::open(PackedStream& record, const World& world) {
    if (record.form() == PackedStream::Form::open) return open_[record.open];
    const std::uint32_t slot = take_slot(world);
    Stream& stream = open_[slot];
    stream.key = record.key;
    stream.learned = learned(record);
    if (record.more_regions != 0) more_regions_.erase(record.key);
    stream.active_hour = record.hour;
    stream.suspended = record.suspended != 0;
    stream.located = world.generation;
    if (record.form() == PackedStream::Form::line)
        stream.history = std::make_unique<History>(History::unpack(record.line, record.released != 0, world.locator));
    if (record.form() == PackedStream::Form::mail)
        stream.networks = std::make_unique<KnownNetworks>(KnownNetworks::unpack(record.networks));
    if (record.form() == PackedStream::Form::bare && record.released != 0) {
        stream.history = std::make_unique<History>();
        stream.history->release(Time::min());
    }
    record.set_form(PackedStream::Form::open);
    record.open = slot;
    return stream;
}

std::uint32_t StreamTable::take_slot(const World& world) {
    if (open_count() >= limits_.open) pack_one_lossily(world);
    std::uint32_t slot = 0;
    if (free_.empty()) {
        slot = open_.size();
        open_.add();
    } else {
        slot = free_.back();
        free_.pop_back();
    }
    wait(first_look_, slot, kFirstLook);
    return slot;
}

void StreamTable::wait(std::deque<Waiting>& queue, std::uint32_t slot, std::uint32_t minutes) {
    open_[slot].due = minute_of(now_) + minutes;
    queue.push_back({open_[slot].due, slot});
}

void StreamTable::release_slot(std::uint32_t slot) {
    open_[slot] = Stream{};
    free_.push_back(slot);
}

void StreamTable::sweep(Time now, const World& world) {
    now_ = std::max(now_, now);
    if (!limits_.packs) return;
    for (auto* const queue : {&first_look_, &next_look_, &late_look_})
        for (int looked = 0; looked < kSweptAtOnce && sweep_one(*queue, world); ++looked) continue;
}

// False: none is due.
bool StreamTable::sweep_one(std::deque<Waiting>& queue, const World& world) {
    if (queue.empty() || queue.front().minute > minute_of(now_)) return false;
    const Waiting due = queue.front();
    queue.pop_front();
    if (is_stale(due)) return true;
    Stream& stream = open_[due.slot];
    if (stream.smtp && Time{std::chrono::hours{stream.active_hour}} + std::chrono::hours{24} > now_)
        wait(late_look_, due.slot, kLateLook);  // as pack() would find out, with what is remembered of it from memory
    else if (pack(stream, *find(stream.key), now_, world))
        release_slot(due.slot);
    else if (stream.smtp || stream.episode)
        wait(late_look_, due.slot, kLateLook);
    else
        wait(next_look_, due.slot, kNextLook);
    return true;
}

void StreamTable::pack_quiet(Time now, const World& world) {
    now_ = std::max(now_, now);
    for (std::uint32_t slot = 0; slot < open_.size(); ++slot) {
        if (open_[slot].due == 0) continue;
        PackedStream& record = *find(open_[slot].key);
        if (pack(open_[slot], record, now_, world)) release_slot(slot);
    }
}

bool StreamTable::pack(Stream& stream, PackedStream& record, Time now, const World& world) {
    const auto late = world.settings.reorder;
    if (stream.episode && stream.episode->last_finding + std::chrono::hours{24} + late + world.settings.settle >= now)
        return false;
    if (stream.active_hour > PackedStream::kMaxHour) return false;
    const auto first_seen = stream.learned.first_seen.time_since_epoch();
    if (first_seen < Microseconds{0} || first_seen / std::chrono::seconds{1} > UINT32_MAX) return false;
    if (stream.smtp) {
        if (!stream.smtp->forget(now - late)) return false;
        stream.smtp.reset();
    }
    if (stream.history && stream.networks) return false;
    if (stream.history && stream.located != world.generation) {
        stream.history->relocate(
            [&](std::span<const IpAddress> addresses) -> std::optional<geo::Place> {
                for (const IpAddress& address : addresses)
                    if (const geo::Pool* pool = world.locator.pool_at(address); pool && !pool->place->region.empty())
                        return pool->place;
                return std::nullopt;
            },
            world.settings);
        stream.located = world.generation;
    }
    PackedLine line{};
    std::array<std::uint32_t, 8> networks{};
    const bool no_session = !stream.history || stream.history->is_bare(now, world.settings);
    if (!no_session && !stream.history->pack(line, now, world.locator, world.settings)) return false;
    if (stream.networks && !stream.networks->pack(networks, seconds_since_1970(now))) return false;

    record.released = stream.history && stream.history->was_released() ? 1 : 0;
    record.set_form(PackedStream::Form::bare);
    if (!no_session) {
        record.set_form(PackedStream::Form::line);
        record.line = line;
    } else if (stream.networks) {
        record.set_form(PackedStream::Form::mail);
        record.networks = networks;
    }
    record.hour = stream.active_hour & PackedStream::kMaxHour;
    record.suspended = stream.suspended ? 1 : 0;
    const std::uint32_t stay = record.form() == PackedStream::Form::line && line.pool != PackedLine::kNoPool
                                   ? regions_.number(stream.history->visits().back().place.region)
                                   : 0;
    pack_learned(record, std::move(stream.learned), stay);
    return true;
}

// Of those whose turn it is next, one of which nothing was found, if there is one.
std::uint32_t StreamTable::waited_longest() {
    std::deque<Waiting>* first = nullptr;
    for (auto* const queue : {&first_look_, &next_look_, &late_look_}) {
        while (!queue->empty() && is_stale(queue->front())) queue->pop_front();
        if (!queue->empty() && (first == nullptr || queue->front().minute < first->front().minute)) first = queue;
    }
    auto& queue = *first;
    const auto looked = std::min<std::size_t>(queue.size(), kLookedAtOnce);
    for (std::size_t at = 0; at < looked; ++at)
        if (!is_stale(queue[at]) && !open_[queue[at].slot].episode) return queue[at].slot;
    return queue.front().slot;
}

// Too many are open: one is packed with what fits. What is lost can only be missing in findings to come: of a line,
// no session counts from then on whose beginning is not seen.
void StreamTable::pack_one_lossily(const World& world) {
    const std::uint32_t victim = waited_longest();
    Stream& stream = open_[victim];
    PackedStream& record = *find(stream.key);
    if (!pack(stream, record, now_, world)) {
        PackedLine line{};
        record.released = stream.history ? 1 : 0;
        record.suspended = stream.suspended ? 1 : 0;
        record.hour = std::min(stream.active_hour, PackedStream::kMaxHour) & PackedStream::kMaxHour;
        record.set_form(PackedStream::Form::bare);
        if (stream.history && stream.history->pack_newest(line, world.locator)) {
            record.set_form(PackedStream::Form::line);
            record.line = line;
        } else if (stream.networks) {
            record.set_form(PackedStream::Form::mail);
            record.networks = stream.networks->hashes();
        }
        pack_learned(record, std::move(stream.learned), 0);
        ++packed_lossily_;
    }
    release_slot(victim);
}

}  // namespace guard::detection
