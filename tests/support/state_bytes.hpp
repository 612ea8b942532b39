// The state of the detectors as bytes in memory, both ways.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "analyzer/detection/state/state.hpp"

namespace guard::test {

// What `write(writer)` writes.
template <class Write>
std::vector<std::uint8_t> written(const Write& write) {
    std::vector<std::uint8_t> bytes;
    detection::StateWriter writer(
        [&](std::span<const std::uint8_t> some) { bytes.insert(bytes.end(), some.begin(), some.end()); });
    write(writer);
    writer.flush();
    return bytes;
}

// `bytes` must outlive it.
inline detection::StateReader reader_of(std::span<const std::uint8_t> bytes) {
    const std::uint64_t size = bytes.size();
    return {[bytes](std::span<std::uint8_t> to) mutable {
                const auto some = bytes.first(std::min(bytes.size(), to.size()));
                std::copy(some.begin(), some.end(), to.begin());
                bytes = bytes.subspan(some.size());
                return some.size();
            },
            size};
}

}  // namespace guard::test
