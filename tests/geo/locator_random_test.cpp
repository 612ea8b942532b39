// The compiled look-up against the slow one, PoolTable::find() and MaxMindDatabase::lookup(), on random pools and
// networks.
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "geo/locator.hpp"
#include "geo/max_mind_database.hpp"
#include "tests/geo/random_geo.hpp"
#include "tests/support/process.hpp"

namespace guard::geo {
namespace {

using test::Random;

// The rules in words: a pool with a place has the last word, and so has one of no location on purpose; one that names
// its country takes the database's place if that is in the same country.
std::optional<Place> slowly(const PoolTable& pools, const MaxMindDatabase* database, const IpAddress& address) {
    const Pool* pool = pools.find(address);
    if (pool && (pool->place || pool->country.empty())) return pool->place;
    const auto known = database ? database->lookup(address) : std::nullopt;
    return !pool || (known && known->country == pool->country) ? known : std::nullopt;
}

// Rows of every kind for these prefixes: with a place, with only a country, of no location.
PoolTable random_pools(Random& random, const std::vector<IpAddress>& prefixes) {
    std::ostringstream rows;
    for (const IpAddress& prefix : prefixes) {
        rows << prefix.to_string();
        switch (random() % 6) {
            case 0:
                rows << ",JP";
                break;
            case 1:
                rows << ",US,US-CA";
                break;
            case 2:
                break;
            case 3:
                rows << ",DE,,," << ',' << static_cast<int>(random() % 180) - 90 << ",7.5," << random() % 400;
                break;
            default:
                rows << ",JP,JP-" << random() % 38 + 10;
        }
        rows << '\n';
    }
    std::istringstream text(rows.str());
    auto table = PoolTable::parse(text, "pools.csv");
    if (!table) BOOST_FAIL(table.error().front());
    return std::move(*table);
}

struct Sources {
    std::vector<IpAddress> prefixes, networks;
    PoolTable pools;
    std::shared_ptr<const MaxMindDatabase> database;
    std::unique_ptr<const Locator> locator;

    // Longer than /64 for the pools only: of the database's networks the locator has no more than 64 bits.
    Sources(Random& random, std::size_t count, const test::TemporaryDirectory& directory, bool with_database)
        : prefixes(test::random_prefixes4(random, count)), networks(test::random_prefixes4(random, 2000)) {
        for (const unsigned longest : {64U, 128U})
            for (const IpAddress& prefix : test::random_prefixes6(random, count, longest))
                if (std::ranges::find(prefixes, prefix) == prefixes.end()) prefixes.push_back(prefix);
        if (count > 10) {
            for (const char* all : {"0.0.0.0/0", "::/0"})
                if (random() % 2 == 0) prefixes.push_back(IpAddress::parse(all).value());
        }
        // Pools where the database has networks, and networks in the pools.
        for (std::size_t i = 0; i < count / 4; ++i) {
            const IpAddress& network = networks[random() % networks.size()];
            if (std::ranges::find(prefixes, network) == prefixes.end()) prefixes.push_back(network);
        }
        pools = random_pools(random, prefixes);
        if (with_database) write_database(random, directory.path() / "city.mmdb");
        auto ranges = database ? database->ranges() : Expected<DatabaseRanges>{};
        if (!ranges) BOOST_FAIL(ranges.error());
        // Else pools would be completed from it, which the slow way does not do.
        ranges->regions.clear();
        locator = std::make_unique<Locator>(pools, std::move(*ranges), 1);
    }
    void write_database(Random& random, const std::filesystem::path& file) {
        const auto more = test::random_prefixes6(random, 2000);
        networks.insert(networks.end(), more.begin(), more.end());
        const auto records = test::random_records(random, 100);
        test::MmdbWriter writer("Test-City", 6, 28);
        for (const IpAddress& network : networks) writer.insert(network, records[random() % records.size()]);
        writer.write(file);
        database = MaxMindDatabase::open(file).value();
    }
    [[nodiscard]] IpAddress any(Random& random) const {
        switch (random() % 8) {
            case 0:
                return test::random_address4(random);
            case 1:
                return test::random_address6(random);
            case 2:
            case 3:
                return test::address_near(random, networks[random() % networks.size()]);
            default:
                return test::address_near(random, prefixes[random() % prefixes.size()]);
        }
    }
};

BOOST_AUTO_TEST_SUITE(locator_random)

BOOST_AUTO_TEST_CASE(agrees_with_the_slow_way) {
    constexpr std::uint64_t kSeed = 61;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    Random random(kSeed);
    const test::TemporaryDirectory directory("locator");
    struct Round {
        std::size_t pools, look_ups;
        bool with_database;
    };
    for (const Round round : {Round{3, 100'000, true}, Round{40, 300'000, true}, Round{1000, 900'000, true},
                              Round{4000, 500'000, true}, Round{500, 200'000, false}}) {
        const Sources sources(random, round.pools, directory, round.with_database);
        const std::size_t look_ups = round.look_ups / test::kSlowness;
        std::size_t wrong = 0, by_pool = 0, by_database = 0;
        IpAddress first;
        for (std::size_t i = 0; i < look_ups; ++i) {
            const IpAddress at = sources.any(random);
            const auto expected = slowly(sources.pools, sources.database.get(), at);
            if (expected) ++(expected->source == Place::Source::pool ? by_pool : by_database);
            if (!test::same_place(sources.locator->locate(at), expected) && ++wrong == 1) first = at;
        }
        BOOST_TEST(wrong == 0U, wrong << " of " << look_ups << " differ with " << round.pools << " pools, the first at "
                                      << first.to_string());
        BOOST_TEST(by_pool > look_ups / 20);
        BOOST_TEST((!round.with_database || by_database > look_ups / 100));
    }
}

// What a PPPoE session got: an address, or a prefix of any length, which the pool must hold as a whole.
BOOST_AUTO_TEST_CASE(prefixes_are_where_the_pools_hold_all_of_them) {
    constexpr std::uint64_t kSeed = 62;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    Random random(kSeed);
    const test::TemporaryDirectory directory("locator");
    for (const bool with_database : {true, false}) {
        const Sources sources(random, 1000, directory, with_database);
        std::size_t wrong = 0, found = 0;
        IpAddress first;
        for (std::size_t i = 0; i < 100'000; ++i) {
            const IpAddress address = sources.any(random);
            const IpAddress at = address.prefix(static_cast<unsigned>(random() % (address.width() + 1)));
            const Pool* pool = sources.pools.find(at);
            const auto expected = pool ? pool->place : std::nullopt;
            found += expected ? 1U : 0U;
            if (sources.locator->in_pools(at) != expected && ++wrong == 1) first = at;
            const auto anywhere = sources.locator->anywhere(at);
            if (expected && anywhere != expected && ++wrong == 1) first = at;
        }
        BOOST_TEST(wrong == 0U, wrong << " differ, the first at " << first.to_string());
        BOOST_TEST(found > 10'000U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::geo
