#include "analyzer/daemon/learned_file.hpp"

#include <cstring>

#include "event/crc32c.hpp"
#include "event/expected.hpp"
#include "event/little_endian.hpp"

namespace guard::daemon {
namespace {

constexpr std::string_view kMagic = "PGLEARN1";
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::size_t kHeaderBytes =
    40;  // magic 8, version 4, checksum of the rest 4, number of IDs 8, check of the key 16
constexpr std::size_t kIdBytes = 24, kRegionBytes = 16;

Hash128 key_check(const HashKey& key) {
    return keyed_hash(key, {reinterpret_cast<const std::uint8_t*>(kMagic.data()), kMagic.size()});
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

}  // namespace

Expected<std::size_t> restore_learned(detection::Detector& detector, std::span<const std::uint8_t> bytes,
                                      const HashKey& key) {
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

}  // namespace guard::daemon
