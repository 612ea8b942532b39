#include "event/keyed_hash.hpp"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <system_error>

#include "event/little_endian.hpp"

namespace guard {
namespace {

// The last bytes, fewer than 8, as the lower end of a word; `all` is what they are the end of.
std::uint64_t last_word(std::span<const std::uint8_t> all, std::size_t count) {
    if (count == 0) return 0;
    // A load that overlaps what was absorbed already is much cheaper than a copy of a length that varies.
    if (all.size() >= 8) return get_little_endian<std::uint64_t>(all.data() + all.size() - 8) >> (64 - 8 * count);
    std::array<std::uint8_t, 8> padded{};
    std::copy(all.end() - static_cast<std::ptrdiff_t>(count), all.end(), padded.begin());
    return get_little_endian<std::uint64_t>(padded.data());
}

struct State {
    std::uint64_t v0, v1, v2, v3;

    explicit State(const HashKey& key) {
        const auto k0 = get_little_endian<std::uint64_t>(key.data()), k1 = get_little_endian<std::uint64_t>(&key[8]);
        v0 = k0 ^ 0x736f6d6570736575U;
        v1 = k1 ^ 0x646f72616e646f6dU ^ 0xee;
        v2 = k0 ^ 0x6c7967656e657261U;
        v3 = k1 ^ 0x7465646279746573U;
    }
    void rounds(int count) {
        while (count-- > 0) {
            v0 += v1, v1 = std::rotl(v1, 13) ^ v0, v0 = std::rotl(v0, 32);
            v2 += v3, v3 = std::rotl(v3, 16) ^ v2;
            v0 += v3, v3 = std::rotl(v3, 21) ^ v0;
            v2 += v1, v1 = std::rotl(v1, 17) ^ v2, v2 = std::rotl(v2, 32);
        }
    }
    void absorb(std::uint64_t word) {
        v3 ^= word;
        rounds(2);
        v0 ^= word;
    }
    [[nodiscard]] std::uint64_t folded() const { return v0 ^ v1 ^ v2 ^ v3; }
    // All of `bytes` from `at` on, as the end of a text of `length` bytes.
    Hash128 finish(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t length) {
        for (; bytes.size() - at >= 8; at += 8) absorb(get_little_endian<std::uint64_t>(bytes.data() + at));
        absorb((std::uint64_t{length} << 56) | last_word(bytes, bytes.size() - at));
        v2 ^= 0xee;
        rounds(4);
        Hash128 hash;
        hash.low = folded();
        v1 ^= 0xdd;
        rounds(4);
        hash.high = folded();
        return hash;
    }
};

}  // namespace

Hash128 keyed_hash(const HashKey& key, std::span<const std::uint8_t> bytes) {
    return State(key).finish(bytes, 0, bytes.size());
}

Hash128 keyed_hash(const HashKey& key, std::uint8_t first, std::span<const std::uint8_t> rest) {
    State state(key);
    if (rest.size() >= 8) {
        state.absorb(get_little_endian<std::uint64_t>(rest.data()) << 8 | first);
        return state.finish(rest, 7, rest.size() + 1);
    }
    std::array<std::uint8_t, 8> bytes{first};
    std::copy(rest.begin(), rest.end(), bytes.begin() + 1);
    return state.finish(std::span(bytes).first(rest.size() + 1), 0, rest.size() + 1);
}

HashKey random_key() {
    HashKey key{};
    if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
        throw std::system_error(errno, std::generic_category(), "getrandom");
    return key;
}

std::uint64_t random_number() {
    return get_little_endian<std::uint64_t>(random_key().data());
}

}  // namespace guard
