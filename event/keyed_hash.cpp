#include "event/keyed_hash.hpp"

#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <system_error>

#include "event/little_endian.hpp"

namespace guard {
namespace {

std::uint64_t last_word(std::span<const std::uint8_t> bytes) {
    std::array<std::uint8_t, 8> padded{};
    std::copy(bytes.begin(), bytes.end(), padded.begin());
    return get_little_endian<std::uint64_t>(padded.data());
}

struct State {
    std::uint64_t v0, v1, v2, v3;

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
};

}  // namespace

Hash128 keyed_hash(const HashKey& key, std::span<const std::uint8_t> bytes) {
    const std::uint64_t k0 = get_little_endian<std::uint64_t>(key.data()),
                        k1 = get_little_endian<std::uint64_t>(key.data() + 8);
    State state{k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU ^ 0xee, k0 ^ 0x6c7967656e657261U,
                k1 ^ 0x7465646279746573U};
    const std::size_t whole = bytes.size() / 8 * 8;
    for (std::size_t at = 0; at < whole; at += 8) state.absorb(get_little_endian<std::uint64_t>(bytes.data() + at));
    state.absorb((std::uint64_t{bytes.size()} << 56) | last_word(bytes.subspan(whole)));
    state.v2 ^= 0xee;
    state.rounds(4);
    Hash128 hash;
    hash.low = state.folded();
    state.v1 ^= 0xdd;
    state.rounds(4);
    hash.high = state.folded();
    return hash;
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
