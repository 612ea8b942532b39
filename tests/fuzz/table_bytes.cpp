#include "tests/fuzz/table_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "event/crc32c.hpp"
#include "event/little_endian.hpp"

namespace guard::fuzz {
namespace {

constexpr std::size_t kHeaderBytes = 88, kIdsAt = 12, kSourcesAt = 16, kKeyAt = 32, kFingerprintAt = 48;
constexpr std::size_t kFingerprintBytes = 32, kChecksumAt = 84;

using IdBytes = std::array<std::uint8_t, 16>;
using SourceBytes = std::array<std::uint8_t, 32>;

constexpr std::array<ProbeId, 4> kProbes{{{Service::pppoe, "a@example.net"},
                                          {Service::smtp_auth, "a@example.net"},
                                          {Service::pppoe, "b"},
                                          {Service::pppoe, std::string_view("\0\xff", 2)}}};

HashKey key_of(std::span<const std::uint8_t> table) {
    HashKey key;
    std::copy_n(table.begin() + kKeyAt, key.size(), key.begin());
    return key;
}

IdBytes hash_of(const HashKey& key, Service service, std::string_view id) {
    std::vector<std::uint8_t> hashed{static_cast<std::uint8_t>(service)};
    hashed.insert(hashed.end(), id.begin(), id.end());
    const Hash128 hash = keyed_hash(key, hashed);
    IdBytes bytes;
    put_little_endian(hash.high, bytes.data());
    put_little_endian(hash.low, bytes.data() + 8);
    return bytes;
}

bool before(const IdBytes& a, const IdBytes& b) {
    const auto number = [](const IdBytes& id, std::size_t at) { return get_little_endian<std::uint64_t>(&id[at]); };
    return std::pair(number(a, 0), number(a, 8)) < std::pair(number(b, 0), number(b, 8));
}

// A family, a length that fits it, no bits behind the length, no IPv4 address in its IPv6 form.
void make_address(SourceBytes& source) {
    source[0] = (source[0] & 1) != 0 ? 6 : 4;
    const unsigned width = source[0] == 4 ? 32 : 128;
    source[1] = static_cast<std::uint8_t>(source[1] % (width + 1));
    for (unsigned bit = source[1]; bit < 128; ++bit)
        source[16 + bit / 8] = static_cast<std::uint8_t>(source[16 + bit / 8] & ~(0x80U >> bit % 8));
    if (source[0] == 6 && source[1] >= 96) source[16] = 0x20;
}

bool same_source(const SourceBytes& a, const SourceBytes& b) {
    return a[0] == b[0] && a[1] == b[1] && std::equal(a.begin() + 16, a.end(), b.begin() + 16);
}

bool source_before(const SourceBytes& a, const SourceBytes& b) {
    if (a[0] != b[0] || a[1] != b[1]) return std::pair(a[0], a[1]) < std::pair(b[0], b[1]);
    return std::lexicographical_compare(a.begin() + 16, a.end(), b.begin() + 16, b.end());
}

// Cuts `count` entries of one width out of the table.
template <class Entry>
std::vector<Entry> entries_at(std::span<const std::uint8_t> table, std::size_t at, std::size_t count) {
    std::vector<Entry> entries(count);
    if (count != 0) std::memcpy(entries.data(), &table[at], count * sizeof(Entry));
    return entries;
}

// What the format keeps free has to be zero.
void clear_free_places(std::vector<std::uint8_t>& bytes) {
    put_little_endian(std::uint32_t{0}, bytes.data() + 20);
    const auto fingerprint = bytes.begin() + kFingerprintAt;
    const auto behind = fingerprint + kFingerprintBytes;
    // The last byte of the fingerprint is a zero in any case.
    std::fill(std::min(std::find(fingerprint, behind, 0), behind - 1), behind, std::uint8_t{0});
    put_little_endian(std::uint32_t{0}, bytes.data() + 80);
    const std::size_t ids = get_little_endian<std::uint32_t>(bytes.data() + kIdsAt);
    for (std::size_t at = kHeaderBytes + ids * 16; at < bytes.size(); at += 32) {
        std::uint8_t* const source = bytes.data() + at;
        std::fill_n(source + 2, 6, std::uint8_t{0});
        for (unsigned bit = source[1]; bit < 128; ++bit)
            source[16 + bit / 8] = static_cast<std::uint8_t>(source[16 + bit / 8] & ~(0x80U >> bit % 8));
    }
}

}  // namespace

std::span<const ProbeId> probe_ids() {
    return kProbes;
}

void repair_table(std::vector<std::uint8_t>& bytes, TableRepair repair) {
    bytes.resize(std::max(bytes.size(), kHeaderBytes));
    std::memcpy(bytes.data(), "PGTABLE1", 8);
    put_little_endian(std::uint32_t{1}, bytes.data() + 8);
    const std::size_t room = bytes.size() - kHeaderBytes;
    const std::size_t id_count =
        repair.ids ? get_little_endian<std::uint32_t>(bytes.data() + kIdsAt) % (room / 16 + 1) : 0;
    auto ids = entries_at<IdBytes>(bytes, kHeaderBytes, id_count);
    auto sources = entries_at<SourceBytes>(bytes, kHeaderBytes + id_count * 16, (room - id_count * 16) / 32);
    if (repair.probes) {
        const HashKey key = key_of(bytes);
        for (std::size_t i = 0; i < std::min(ids.size(), kProbes.size()); ++i)
            ids[i] = hash_of(key, kProbes[i].service, kProbes[i].id);
    }
    if (repair.entries) {
        std::sort(ids.begin(), ids.end(), before);
        ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
        for (SourceBytes& source : sources) make_address(source);
        std::stable_sort(sources.begin(), sources.end(), source_before);
        sources.erase(std::unique(sources.begin(), sources.end(), same_source), sources.end());
    }
    put_little_endian(static_cast<std::uint32_t>(ids.size()), bytes.data() + kIdsAt);
    put_little_endian(static_cast<std::uint32_t>(sources.size()), bytes.data() + kSourcesAt);
    bytes.resize(kHeaderBytes);
    for (const IdBytes& id : ids) bytes.insert(bytes.end(), id.begin(), id.end());
    for (const SourceBytes& source : sources) bytes.insert(bytes.end(), source.begin(), source.end());
    if (repair.entries) clear_free_places(bytes);
    put_little_endian(std::uint32_t{0}, bytes.data() + kChecksumAt);
    put_little_endian(crc32c(bytes), bytes.data() + kChecksumAt);
}

HeldEntries::HeldEntries(std::span<const std::uint8_t> bytes)
    : bytes_(bytes), ids_(get_little_endian<std::uint32_t>(bytes.data() + kIdsAt)) {
    for (std::size_t at = kHeaderBytes + ids_ * 16; at < bytes.size(); at += 32)
        sources_.push_back({bytes[at], bytes[at + 1], bytes.subspan(at + 16, bytes[at] == 4 ? 4 : 16),
                            get_little_endian<std::int64_t>(&bytes[at + 8])});
}

bool HeldEntries::suspends(Service service, std::string_view id) const {
    const IdBytes wanted = hash_of(key_of(bytes_), service, id);
    for (std::size_t i = 0; i < ids_; ++i)
        if (std::equal(wanted.begin(), wanted.end(),
                       bytes_.begin() + static_cast<std::ptrdiff_t>(kHeaderBytes + i * 16)))
            return true;
    return false;
}

bool HeldEntries::blocks(const IpAddress& source, Time now) const {
    const auto address = source.bytes();
    for (const HeldSource& held : sources_) {
        if (held.family != static_cast<std::uint8_t>(source.family()) || held.length > source.prefix_length()) continue;
        const std::size_t whole = held.length / 8, bits = held.length % 8;
        const bool inside = std::equal(held.address.begin(), held.address.begin() + static_cast<std::ptrdiff_t>(whole),
                                       address.begin()) &&
                            (bits == 0 || (held.address[whole] ^ address[whole]) >> (8 - bits) == 0);
        if (inside && now.time_since_epoch().count() < held.expires) return true;
    }
    return false;
}

}  // namespace guard::fuzz
