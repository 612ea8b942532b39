#include "enforcement/table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "event/crc32c.hpp"
#include "event/little_endian.hpp"

namespace guard::enforcement {
namespace {

constexpr std::string_view kMagic = "PGTABLE1";
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kFingerprintAt = 48, kFingerprintBytes = 32;
constexpr std::size_t kHeaderBytes = 88;  // the last 4 of them: the checksum of all other bytes
constexpr std::size_t kChecksumAt = kHeaderBytes - 4;
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kSourceBytes = 32;
constexpr std::uint64_t kMaxEntries = 10'000'000;

Hash128 hash_of(const HashKey& key, Service service, std::string_view id) {
    return keyed_hash(key, static_cast<std::uint8_t>(service),
                      {reinterpret_cast<const std::uint8_t*>(id.data()), std::min(id.size(), kMaxIdBytes)});
}

bool by_high(const Hash128& a, const Hash128& b) {
    return a.high != b.high ? a.high < b.high : a.low < b.low;
}

bool by_source(const BlockedSource& a, const BlockedSource& b) {
    return a.source < b.source;
}

// Of the whole file, with zeros where the checksum is.
std::uint32_t checksum(std::span<const std::uint8_t> bytes) {
    constexpr std::array<std::uint8_t, 4> kZeros{};
    return crc32c(bytes.subspan(kHeaderBytes), crc32c(kZeros, crc32c(bytes.first(kChecksumAt))));
}

void put_source(const BlockedSource& blocked, std::uint8_t* to) {
    to[0] = static_cast<std::uint8_t>(blocked.source.family());
    to[1] = static_cast<std::uint8_t>(blocked.source.prefix_length());
    put_little_endian(blocked.expires.time_since_epoch().count(), to + 8);
    const auto address = blocked.source.bytes();
    std::copy(address.begin(), address.end(), to + 16);
}

std::optional<BlockedSource> get_source(const std::uint8_t* from) {
    const std::size_t width = from[0] == 4 ? 4 : 16;
    if (from[0] != 4 && from[0] != 6) return std::nullopt;
    const auto source = IpAddress::from_bytes({from + 16, width}, from[1]);
    if (!source) return std::nullopt;
    const BlockedSource blocked{*source, Time{Microseconds{get_little_endian<std::int64_t>(from + 8)}}};
    // No other bytes may mean the same: not behind the prefix length, and not in the places that are kept free.
    std::array<std::uint8_t, kSourceBytes> again{};
    put_source(blocked, again.data());
    return std::equal(again.begin(), again.end(), from) ? std::optional(blocked) : std::nullopt;
}

bool is_zero(std::span<const std::uint8_t> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

Table Table::build(std::uint64_t generation, const HashKey& key, std::string id_fingerprint,
                   const std::vector<SuspendedId>& ids, const std::vector<BlockedSource>& sources) {
    Table table;
    table.generation_ = generation;
    table.key_ = key;
    table.id_fingerprint_ = std::move(id_fingerprint);
    table.ids_.reserve(ids.size());
    for (const SuspendedId& suspended : ids) table.ids_.push_back(hash_of(key, suspended.service, suspended.id));
    std::sort(table.ids_.begin(), table.ids_.end(), by_high);
    table.ids_.erase(std::unique(table.ids_.begin(), table.ids_.end()), table.ids_.end());
    table.sources_.assign(sources.begin(), sources.end());
    // The longest block of a source first, so that unique() keeps that one.
    std::sort(table.sources_.begin(), table.sources_.end(), [](const BlockedSource& a, const BlockedSource& b) {
        return a.source != b.source ? a.source < b.source : a.expires > b.expires;
    });
    const auto same = [](const BlockedSource& a, const BlockedSource& b) { return a.source == b.source; };
    table.sources_.erase(std::unique(table.sources_.begin(), table.sources_.end(), same), table.sources_.end());
    table.index();
    return table;
}

void Table::index() {
    buckets_.clear();
    if (!ids_.empty()) {
        // One or two IDs each.
        const auto bits = static_cast<unsigned>(std::clamp(static_cast<int>(std::bit_width(ids_.size())) - 1, 1, 24));
        bucket_shift_ = 64 - bits;
        buckets_.assign((std::size_t{1} << bits) + 1, 0);
        filter_.assign(std::bit_ceil(ids_.size() / 4 + 1), 0);
        for (const Hash128& id : ids_) {
            ++buckets_[bucket_of(id) + 1];
            filter_[(id.low >> 6) & (filter_.size() - 1)] |= std::uint64_t{1} << (id.low & 63);
        }
        for (std::size_t i = 1; i < buckets_.size(); ++i) buckets_[i] += buckets_[i - 1];
    }
    for (auto& lengths : prefix_lengths_) lengths.clear();
    for (const BlockedSource& blocked : sources_) {
        auto& lengths = prefix_lengths_[blocked.source.is_ipv4() ? 0 : 1];
        lengths.push_back(static_cast<std::uint8_t>(blocked.source.prefix_length()));
    }
    for (auto& lengths : prefix_lengths_) {
        std::sort(lengths.rbegin(), lengths.rend());
        lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
    }
}

std::vector<std::uint8_t> Table::to_bytes() const {
    std::vector<std::uint8_t> bytes(kHeaderBytes + ids_.size() * kIdBytes + sources_.size() * kSourceBytes);
    std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
    put_little_endian(kFormatVersion, bytes.data() + 8);
    put_little_endian(static_cast<std::uint32_t>(ids_.size()), bytes.data() + 12);
    put_little_endian(static_cast<std::uint32_t>(sources_.size()), bytes.data() + 16);
    put_little_endian(generation_, bytes.data() + 24);
    std::copy(key_.begin(), key_.end(), bytes.begin() + 32);
    std::memcpy(bytes.data() + kFingerprintAt, id_fingerprint_.data(),
                std::min(id_fingerprint_.size(), kFingerprintBytes - 1));
    std::uint8_t* at = bytes.data() + kHeaderBytes;
    for (const Hash128& id : ids_) {
        put_little_endian(id.high, at);
        put_little_endian(id.low, at + 8);
        at += kIdBytes;
    }
    for (const BlockedSource& blocked : sources_) {
        put_source(blocked, at);
        at += kSourceBytes;
    }
    put_little_endian(checksum(bytes), bytes.data() + kChecksumAt);
    return bytes;
}

Expected<Table> Table::from_bytes(std::span<const std::uint8_t> bytes) {
    if (bytes.size() < kHeaderBytes) return unexpected("shorter than a table's header");
    if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) return unexpected("not an enforcement table");
    if (const auto version = get_little_endian<std::uint32_t>(bytes.data() + 8); version != kFormatVersion)
        return unexpected("table format " + std::to_string(version) + ", expected " + std::to_string(kFormatVersion));
    const std::uint64_t ids = get_little_endian<std::uint32_t>(bytes.data() + 12);
    const std::uint64_t sources = get_little_endian<std::uint32_t>(bytes.data() + 16);
    if (ids > kMaxEntries || sources > kMaxEntries ||
        bytes.size() != kHeaderBytes + ids * kIdBytes + sources * kSourceBytes)
        return unexpected("length does not fit the number of entries");
    if (get_little_endian<std::uint32_t>(bytes.data() + kChecksumAt) != checksum(bytes))
        return unexpected("checksum is wrong");

    Table table;
    table.generation_ = get_little_endian<std::uint64_t>(bytes.data() + 24);
    std::copy_n(bytes.begin() + 32, table.key_.size(), table.key_.begin());
    const auto* fingerprint = reinterpret_cast<const char*>(bytes.data() + kFingerprintAt);
    table.id_fingerprint_.assign(fingerprint, strnlen(fingerprint, kFingerprintBytes));
    const std::size_t fingerprint_end = kFingerprintAt + table.id_fingerprint_.size();
    if (!is_zero(bytes.subspan(20, 4)) || !is_zero(bytes.subspan(fingerprint_end, kChecksumAt - fingerprint_end)) ||
        fingerprint_end >= kFingerprintAt + kFingerprintBytes)
        return unexpected("bytes in places that the format keeps free");
    const std::uint8_t* at = bytes.data() + kHeaderBytes;
    table.ids_.reserve(ids);
    for (std::uint64_t i = 0; i < ids; ++i, at += kIdBytes) {
        const auto high = get_little_endian<std::uint64_t>(at), low = get_little_endian<std::uint64_t>(at + 8);
        table.ids_.push_back(Hash128{low, high});
    }
    table.sources_.reserve(sources);
    for (std::uint64_t i = 0; i < sources; ++i, at += kSourceBytes) {
        const auto blocked = get_source(at);
        if (!blocked) return unexpected("source " + std::to_string(i) + " is no address with the time its block ends");
        table.sources_.push_back(*blocked);
    }
    // Strictly: of a source that is there twice the look-up would see one block only.
    const auto no_later = [](auto less) { return [less](const auto& a, const auto& b) { return !less(a, b); }; };
    if (std::adjacent_find(table.ids_.begin(), table.ids_.end(), no_later(by_high)) != table.ids_.end() ||
        std::adjacent_find(table.sources_.begin(), table.sources_.end(), no_later(by_source)) != table.sources_.end())
        return unexpected("entries are not in order");
    table.index();
    return table;
}

bool Table::is_suspended(Service service, std::string_view id) const {
    if (ids_.empty()) return false;
    const Hash128 wanted = hash_of(key_, service, id);
    // Nearly every login: nobody who is suspended, told by one place in memory.
    if (!may_hold(wanted)) return false;
    const auto first = ids_.begin() + buckets_[bucket_of(wanted)],
               last = ids_.begin() + buckets_[bucket_of(wanted) + 1];
    return std::find(first, last, wanted) != last;
}

bool Table::is_blocked(const IpAddress& source, Time now) const {
    for (const std::uint8_t length : prefix_lengths_[source.is_ipv4() ? 0 : 1]) {
        if (length > source.prefix_length()) continue;
        const BlockedSource wanted{source.prefix(length), {}};
        const auto found = std::lower_bound(sources_.begin(), sources_.end(), wanted, by_source);
        if (found != sources_.end() && found->source == wanted.source && now < found->expires) return true;
    }
    return false;
}

}  // namespace guard::enforcement
