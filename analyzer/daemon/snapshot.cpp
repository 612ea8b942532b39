#include "analyzer/daemon/snapshot.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <system_error>

#include "event/crc32c.hpp"
#include "event/file.hpp"
#include "event/little_endian.hpp"

namespace guard::daemon {
namespace {

constexpr std::string_view kMagic = "PGLEARN1";
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kHeaderBytes =
    40;  // magic 8, version 4, checksum of the rest 4, number of IDs 8, check of the key 16
constexpr std::size_t kIdBytes = 24, kRegionBytes = 16;
constexpr std::uint64_t kMaxBytes = 8ULL << 30;

std::filesystem::path newest(const std::filesystem::path& directory) {
    return directory / "learned.snapshot";
}
std::filesystem::path previous(const std::filesystem::path& directory) {
    return directory / "learned.previous";
}

// Tells one key from another without giving either away.
Hash128 key_check(const HashKey& key) {
    return keyed_hash(key, {reinterpret_cast<const std::uint8_t*>(kMagic.data()), kMagic.size()});
}

template <class Integer>
void append(std::vector<std::uint8_t>& bytes, Integer value) {
    bytes.resize(bytes.size() + sizeof value);
    put_little_endian(value, bytes.data() + bytes.size() - sizeof value);
}

std::vector<std::uint8_t> encode(const detection::StreamTable& streams, const HashKey& key) {
    std::vector<std::uint8_t> bytes(kHeaderBytes);
    std::uint64_t count = 0;
    bytes.reserve(kHeaderBytes + streams.size() * (kIdBytes + kRegionBytes));
    streams.each_learned([&](std::uint64_t id, const detection::Learned& learned) {
        if (learned.first_seen == Time{}) return;
        const auto regions = learned.familiarity.regions();
        ++count;
        append(bytes, id);
        append(bytes, learned.first_seen.time_since_epoch().count());
        append(bytes, static_cast<std::uint64_t>(regions.size()));
        for (const auto& region : regions) {
            const std::size_t at = bytes.size();
            bytes.resize(at + 8);
            std::memcpy(bytes.data() + at, region.region.view().data(), region.region.view().size());
            append(bytes, region.older);
            append(bytes, region.newer);
        }
    });
    std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
    put_little_endian(kFormatVersion, bytes.data() + 8);
    put_little_endian(count, bytes.data() + 16);
    put_little_endian(key_check(key).low, bytes.data() + 24);
    put_little_endian(key_check(key).high, bytes.data() + 32);
    put_little_endian(crc32c(std::span(bytes).subspan(16)), bytes.data() + 12);
    return bytes;
}

Expected<std::uint64_t> check_header(std::span<const std::uint8_t> bytes, const HashKey& key) {
    if (bytes.size() < kHeaderBytes || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
        return unexpected("not a snapshot");
    if (get_little_endian<std::uint32_t>(bytes.data() + 8) != kFormatVersion)
        return unexpected("another format version");
    if (get_little_endian<std::uint32_t>(bytes.data() + 12) != crc32c(bytes.subspan(16)))
        return unexpected("checksum is wrong");
    const Hash128 check = key_check(key);
    if (get_little_endian<std::uint64_t>(bytes.data() + 24) != check.low ||
        get_little_endian<std::uint64_t>(bytes.data() + 32) != check.high)
        return unexpected("made under another key");
    return get_little_endian<std::uint64_t>(bytes.data() + 16);
}

std::optional<detection::Familiarity::Region> decode_region(const std::uint8_t* from) {
    const auto* text = reinterpret_cast<const char*>(from);
    const auto code = geo::Code::parse({text, strnlen(text, 8)});
    if (!code) return std::nullopt;
    return detection::Familiarity::Region{*code, get_little_endian<std::uint32_t>(from + 8),
                                          get_little_endian<std::uint32_t>(from + 12)};
}

Expected<std::size_t> restore(detection::Detector& detector, std::span<const std::uint8_t> bytes, const HashKey& key) {
    const auto count = check_header(bytes, key);
    if (!count) return unexpected(count.error());
    std::size_t at = kHeaderBytes;
    for (std::uint64_t i = 0; i < *count; ++i) {
        if (bytes.size() - at < kIdBytes) return unexpected("shorter than it says");
        const auto id = get_little_endian<std::uint64_t>(bytes.data() + at);
        detection::Learned learned;
        learned.first_seen = Time{Microseconds{get_little_endian<std::int64_t>(bytes.data() + at + 8)}};
        const auto regions = get_little_endian<std::uint64_t>(bytes.data() + at + 16);
        at += kIdBytes;
        if (regions > detection::Familiarity::kMaxRegions || bytes.size() - at < regions * kRegionBytes)
            return unexpected("shorter than it says");
        std::vector<detection::Familiarity::Region> known;
        for (std::uint64_t region = 0; region < regions; ++region, at += kRegionBytes)
            if (const auto decoded = decode_region(bytes.data() + at)) known.push_back(*decoded);
        learned.familiarity.restore(known);
        detector.restore(id, learned);
    }
    return static_cast<std::size_t>(*count);
}

}  // namespace

HashKey state_key(const std::filesystem::path& state_directory) {
    const auto path = state_directory / "hash.key";
    HashKey key{};
    if (std::filesystem::exists(path)) {
        const auto bytes = read_file(path, 1024);
        if (bytes.size() != key.size())
            throw std::system_error(EINVAL, std::generic_category(), path.string() + ": not a key of 16 bytes");
        std::copy(bytes.begin(), bytes.end(), key.begin());
        return key;
    }
    key = random_key();
    replace_file(path, key, 0600);
    return key;
}

void save_learned(const detection::Detector& detector, const HashKey& key,
                  const std::filesystem::path& state_directory) {
    replace_file(newest(state_directory), encode(detector.streams(), key), 0600, previous(state_directory));
}

LoadedState load_learned(detection::Detector& detector, const HashKey& key,
                         const std::filesystem::path& state_directory) {
    LoadedState state;
    for (const auto& path : {newest(state_directory), previous(state_directory)}) {
        if (!std::filesystem::exists(path)) continue;
        const auto restored = restore(detector, read_file(path, kMaxBytes), key);
        if (restored) {
            state.ids = *restored;
            return state;
        }
        state.warning += (state.warning.empty() ? "" : "; ") + path.string() + ": " + restored.error();
    }
    return state;
}

}  // namespace guard::daemon
