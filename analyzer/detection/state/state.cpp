#include "analyzer/detection/state/state.hpp"

#include "analyzer/detection/state/fields.hpp"
#include "event/crc32c.hpp"

namespace guard::detection {
namespace {

std::span<std::uint8_t> bytes_of(std::span<PackedStream> records) {
    return {reinterpret_cast<std::uint8_t*>(records.data()), records.size_bytes()};
}

// To be written a value is only read, but one function a type has to do for both directions.
template <class Value>
Value& to_write(const Value& value) {
    return const_cast<Value&>(value);
}

// What the places of the state are by.
using PoolRows = std::vector<std::pair<IpAddress, std::optional<geo::Place>>>;

PoolRows rows_of(const geo::PoolTable& table) {
    PoolRows rows;
    for (const geo::Pool& pool : table.pools()) rows.emplace_back(pool.prefix, pool.place);
    return rows;
}

geo::PoolTable table_of(const PoolRows& rows) {
    std::vector<geo::Pool> pools;
    for (const auto& [prefix, place] : rows) {
        geo::Pool& pool = pools.emplace_back();
        pool.prefix = prefix;
        pool.place = place;
    }
    return geo::PoolTable::of(std::move(pools));
}

}  // namespace

std::uint32_t packed_layout() {
    PackedStream record;
    record.key = 0x0123'4567'89ab'cdef;
    record.first_seen = 0x1234'5678;
    record.hour = 0x5'4321;
    record.home = 0x123;
    record.newer = 0x8765'4321;
    record.gap = 0x12'3456;
    record.set_form(PackedStream::Form::mail);
    record.suspended = 1;
    PackedLine line{};
    line.began = 0x000a'bcde'f012'3456;
    line.v6_length = 56;
    line.v6_first = 1;
    line.accepted = 1;
    line.last = 0x0006'5432'10fe'dcba;
    line.last_kind = 4;
    line.ended = 1;
    line.gap = 21;
    line.v6 = 0xfedc'ba98'7654'3210;
    line.v4 = 0x0a01'0203;
    line.pool = 0x45'6789;
    line.wider_length = 48;
    record.line = line;
    return crc32c(bytes_of(std::span(&record, 1)));
}

void DetectorState::write_learned(StateWriter& writer, const Detector& detector) {
    const StreamTable& table = detector.streams_;
    archive_all(writer, to_write(table.regions_), to_write(table.more_regions_));
    writer.count(table.size_);
    for (const auto& page : table.pages_) writer.raw(bytes_of(std::span(to_write(page))));
    writer.count(table.open_.size());
    for (std::uint32_t slot = 0; slot < table.open_.size(); ++slot) {
        Stream& stream = to_write(table.open_[slot]);
        bool in_use = stream.due != 0;
        archive_all(writer, in_use);
        if (in_use) archive_all(writer, stream.key, stream.learned);
    }
}

bool DetectorState::read_learned(StateReader& reader, Detector& detector) {
    StreamTable& table = detector.streams_;
    archive_all(reader, table.regions_, table.more_regions_);
    read_records(reader, table);
    for (std::size_t left = reader.count(0); left > 0 && !reader.failed(); --left) {
        bool in_use = false;
        archive_all(reader, in_use);
        Stream& stream = table.open_.add();
        if (!in_use) continue;
        archive_all(reader, stream.key, stream.learned);
        stream.due = 1;
    }
    if (reader.failed() || reader.left() != 0 || !index_records(table)) return false;
    detector.number_regions();
    return true;
}

void DetectorState::read_records(StateReader& reader, StreamTable& table) {
    const std::size_t size = reader.count(0);
    reader.require(size <= reader.left() / sizeof(PackedStream) && size < StreamIndex::kNone);
    if (reader.failed()) return;
    table.index_ = StreamIndex(size);
    while (table.size_ < size) {
        constexpr std::size_t kMost = std::size_t{1} << StreamTable::kPageBits;
        auto& page = table.pages_.emplace_back();
        page.reserve(kMost);
        page.resize(std::min(kMost, size - table.size_));
        reader.raw(bytes_of(std::span(page)));
        table.size_ += static_cast<std::uint32_t>(page.size());
    }
}

// False: they contradict each other, or there is not what they refer to.
bool DetectorState::index_records(StreamTable& table) {
    std::vector<bool> referred(table.open_.size());
    for (std::uint32_t number = 0; number < table.size_; ++number) {
        constexpr std::uint32_t kAhead = 16;
        if (number + kAhead < table.size_) table.index_.prefetch(table.record(number + kAhead).key);
        const PackedStream& record = table.record(number);
        if (table.find(record.key) != nullptr) return false;
        table.index_.insert(record.key, number, table.key_of());
        if (record.home >= table.regions_.count()) return false;
        if (record.form() == PackedStream::Form::open) {
            if (record.open >= referred.size() || referred[record.open]) return false;
            const Stream& stream = table.open_[record.open];
            if (stream.due == 0 || stream.key != record.key) return false;
            referred[record.open] = true;
        } else if (record.more_regions != 0 && !table.more_regions_.contains(record.key)) {
            return false;
        }
    }
    for (std::uint32_t slot = 0; slot < referred.size(); ++slot)
        if (!referred[slot] && table.open_[slot].due != 0) return false;
    return true;
}

void DetectorState::keep_learned(Detector& detector) {
    StreamTable& table = detector.streams_;
    for (std::uint32_t number = 0; number < table.size_; ++number) {
        PackedStream& record = table.record(number);
        Learned* const learned =
            record.form() == PackedStream::Form::open ? &table.open_[record.open].learned : nullptr;
        record.set_form(PackedStream::Form::bare);
        record.hour = 0;
        record.suspended = 0;
        record.released = 0;
        record.networks = {};
        if (learned != nullptr) table.pack_learned(record, std::move(*learned), 0);
    }
    table.open_.clear();
}

void DetectorState::write_rest(StateWriter& writer, const Detector& detector) {
    const geo::Locator& locator = *detector.locator_;
    PoolRows rows = rows_of(locator.pools());
    Time built = locator.database_built();
    archive_all(writer, rows, to_write(locator.database_type()), built);
    const StreamTable& table = detector.streams_;
    for (std::uint32_t slot = 0; slot < table.open_.size(); ++slot)
        if (Stream& stream = to_write(table.open_[slot]); stream.due != 0) archive_all(writer, stream);
    archive_all(writer, to_write(table.free_), to_write(table.first_look_), to_write(table.next_look_),
                to_write(table.late_look_), to_write(table.now_), to_write(table.packed_lossily_), to_write(detector));
}

bool DetectorState::read_rest(StateReader& reader, Detector& detector) {
    PoolRows rows;
    std::string database;
    Time built{};
    archive_all(reader, rows, database, built);
    StreamTable& table = detector.streams_;
    for (std::uint32_t slot = 0; slot < table.open_.size(); ++slot)
        if (Stream& stream = table.open_[slot]; stream.due != 0 && !reader.failed()) archive_all(reader, stream);
    archive_all(reader, table.free_, table.first_look_, table.next_look_, table.late_look_, table.now_,
                table.packed_lossily_, detector);
    if (reader.failed() || reader.left() != 0) return false;
    if (!waiting_is_sound(table) || !lines_are_sound(table, rows.size())) return false;

    const geo::Locator& locator = *detector.locator_;
    const bool same_pools = rows == rows_of(locator.pools());
    const bool same_database = database == locator.database_type() && built == locator.database_built();
    if (!same_pools || !same_database) ++detector.generation_;
    if (same_pools) return true;
    detector.note_changed_pools(table_of(rows));
    table.relocate_packed();
    return true;
}

// Each stream that is open is waiting to be looked at, and each that is not can be taken.
bool DetectorState::waiting_is_sound(const StreamTable& table) {
    std::vector<bool> known(table.open_.size());
    for (const std::uint32_t slot : table.free_) {
        if (slot >= known.size() || known[slot] || table.open_[slot].due != 0) return false;
        known[slot] = true;
    }
    for (const auto* const queue : {&table.first_look_, &table.next_look_, &table.late_look_})
        for (const auto& waiting : *queue) {
            if (waiting.slot >= known.size()) return false;
            if (!table.is_stale(waiting)) known[waiting.slot] = true;
        }
    return std::find(known.begin(), known.end(), false) == known.end();
}

bool DetectorState::lines_are_sound(const StreamTable& table, std::size_t pools) {
    for (std::uint32_t number = 0; number < table.size_; ++number) {
        const PackedStream& record = table.record(number);
        if (record.form() != PackedStream::Form::line) continue;
        const PackedLine& line = record.line;
        if (line.pool > pools && line.pool != PackedLine::kPoolByAddress) return false;
        if (line.last_kind > static_cast<unsigned>(Kind::release) || line.address_count() == 0) return false;
    }
    return true;
}

}  // namespace guard::detection
