#include "geo/mmdb_metadata.hpp"

#include <maxminddb.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace guard::geo {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Whether there is a pointer in the value that the bytes begin with. The metadata have no use for one, and a ladder of
// them makes a map of a few hundred bytes unfold to gigabytes.
bool holds_pointer(Bytes bytes) {
    constexpr unsigned kExtended = 0, kPointer = 1, kMap = 7, kArray = 11, kBoolean = 14;
    const auto take = [&](std::size_t count) {
        const Bytes taken = bytes.first(std::min(count, bytes.size()));
        bytes = bytes.subspan(taken.size());
        return taken;
    };
    for (std::uint64_t values = 1; values > 0 && !bytes.empty(); --values) {
        const std::uint8_t control = take(1)[0];
        unsigned type = control >> 5;
        if (type == kPointer) return true;
        if (type == kExtended && !bytes.empty()) type = take(1)[0] + 7U;
        std::uint64_t size = control & 31U;
        if (size >= 29) {
            // One to three bytes more, with what fewer of them can say taken off.
            constexpr std::array<std::uint64_t, 3> kLeast{29, 29 + 256, 29 + 256 + 65536};
            const std::uint64_t least = kLeast[size - 29];
            std::uint64_t more = 0;
            for (const std::uint8_t byte : take(size - 28)) more = more << 8 | byte;
            size = least + more;
        }
        if (type == kMap)
            values += 2 * size;
        else if (type == kArray)
            values += size;
        else if (type != kBoolean)
            take(size);
    }
    return false;
}

// Whether the tree that the metadata speak of fits into a file of `size` bytes. libmaxminddb before 1.9 reckons this in
// 32 bits: with a count of nodes that overflows them it reads behind the file, as early as in MMDB_open().
bool tree_fits(Bytes bytes, std::uint64_t size) {
    constexpr std::uint64_t kSeparator = 16;
    // Metadata are encoded like any record, so they can be read like one.
    MMDB_s metadata{};
    metadata.data_section = bytes.data();
    metadata.data_section_size = static_cast<std::uint32_t>(bytes.size());
    MMDB_entry_s entry{&metadata, 0};
    MMDB_entry_data_s nodes{}, bits{};
    constexpr std::array<const char*, 2> kNodes{"node_count", nullptr}, kBits{"record_size", nullptr};
    if (MMDB_aget_value(&entry, &nodes, kNodes.data()) != MMDB_SUCCESS || nodes.type != MMDB_DATA_TYPE_UINT32 ||
        MMDB_aget_value(&entry, &bits, kBits.data()) != MMDB_SUCCESS || bits.type != MMDB_DATA_TYPE_UINT16)
        return true;
    return std::uint64_t{nodes.uint32} * bits.uint16 / 4 + kSeparator <= size;
}

}  // namespace

std::string metadata_fault(const Descriptor& file) {
    constexpr std::string_view kMarker = "\xab\xcd\xefMaxMind.com";
    constexpr std::uint64_t kMostMetadata = 128 * 1024;
    constexpr std::size_t kLeastForDecoder = 3;
    struct stat status {};
    if (fstat(file.get(), &status) != 0) return {};
    const auto size = static_cast<std::uint64_t>(status.st_size), length = std::min(size, kMostMetadata);
    std::string end(length, '\0');
    if (pread(file.get(), end.data(), length, static_cast<off_t>(size - length)) != static_cast<ssize_t>(length))
        return {};
    const std::size_t marker = end.rfind(kMarker);
    if (marker == end.npos) return {};
    const std::string_view metadata = std::string_view(end).substr(marker + kMarker.size());
    if (metadata.size() < kLeastForDecoder) return {};
    const Bytes bytes(reinterpret_cast<const std::uint8_t*>(metadata.data()), metadata.size());
    if (holds_pointer(bytes)) return "pointers in the metadata";
    if (!tree_fits(bytes, size)) return "a tree larger than the file";
    return {};
}

}  // namespace guard::geo
