// The index against a std::map, through all sizes it grows through.
#include <cstdlib>
#include <map>
#include <random>

#include "analyzer/detection/stream_index.hpp"
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {

BOOST_AUTO_TEST_SUITE(stream_index)

BOOST_AUTO_TEST_CASE(finds_what_was_put_in_and_nothing_else_while_it_grows_and_shrinks) {
    const char* wanted = std::getenv("GUARD_TEST_SEED");
    const std::uint64_t seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    StreamIndex index;
    std::vector<std::uint64_t> keys;
    const auto key_of = [&](std::uint32_t number) { return keys[number]; };
    std::size_t wrong = 0;
    for (int step = 0; step < 600'000; ++step) {
        if (keys.size() > 1000 && random() % 4 == 0) {
            const auto gone = static_cast<std::uint32_t>(random() % keys.size());
            const auto last = static_cast<std::uint32_t>(keys.size() - 1);
            index.erase(keys[gone], gone);
            if (gone != last) index.renumber(keys[last], last, gone);
            keys[gone] = keys[last];
            keys.pop_back();
        } else {
            // Some share their place in the index, or the byte that is compared first.
            std::uint64_t key = random();
            if (step % 500 == 0) key = (key & 0xffff) | 0x1234'5678'0000'0000;
            if (step % 51 == 0) key &= ~std::uint64_t{0xff};
            if (index.find(key, key_of) != StreamIndex::kNone) continue;
            keys.push_back(key);
            index.insert(key, static_cast<std::uint32_t>(keys.size() - 1), key_of);
        }
        const auto some = static_cast<std::uint32_t>(random() % keys.size());
        if (index.find(keys[some], key_of) != some || index.find(random(), key_of) != StreamIndex::kNone) ++wrong;
    }
    BOOST_TEST(wrong == 0U);
    for (std::uint32_t number = 0; number < keys.size(); ++number)
        BOOST_TEST_REQUIRE(index.find(keys[number], key_of) == number);
    BOOST_TEST(index.size() == keys.size());
}

BOOST_AUTO_TEST_CASE(an_entry_costs_eight_bytes_and_twice_that_for_a_moment) {
    std::mt19937_64 random(1);
    StreamIndex index;
    std::vector<std::uint64_t> keys;
    const auto key_of = [&](std::uint32_t number) { return keys[number]; };
    std::size_t dear = 0;
    for (std::uint32_t number = 0; number < 300'000; ++number) {
        keys.push_back(random());
        index.insert(keys.back(), number, key_of);
        if (number < 10'000) continue;
        BOOST_TEST_REQUIRE(index.bytes() <= 15U * keys.size());
        if (index.bytes() > 8 * keys.size()) ++dear;
    }
    BOOST_TEST(dear < 70'000U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::detection::test
