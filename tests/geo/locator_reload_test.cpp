// Snapshots replaced while others look up; the tsan preset sees what is not synchronised.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <mutex>
#include <thread>

#include "geo/locator.hpp"
#include "tests/geo/mmdb_writer.hpp"
#include "tests/support/process.hpp"

namespace guard::geo {
namespace {

using test::MmdbMap;

constexpr int kThreads = 4;
constexpr std::uint64_t kReloads = 60;

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}

MmdbMap in(const char* country, double latitude) {
    return {
        {"country", MmdbMap{{"iso_code", country}}},
        {"location", MmdbMap{{"accuracy_radius", std::uint16_t{10}}, {"latitude", latitude}, {"longitude", 127.0}}}};
}

// Two states of the operator's files. An even generation is made of the one, an odd one of the other.
struct States {
    test::TemporaryDirectory directory{"reload"};
    std::array<std::filesystem::path, 2> pools, databases;

    States() {
        for (std::size_t i = 0; i < 2; ++i) {
            pools[i] = directory.path() / ("pools" + std::to_string(i) + ".csv");
            databases[i] = directory.path() / ("city" + std::to_string(i) + ".mmdb");
        }
        test::write_file(pools[0], "192.0.2.0/24,JP,JP-01\n2001:db8::/56,JP,JP-01\n");
        test::write_file(pools[1], "192.0.2.0/25,JP,JP-46\n2001:db8::1,JP,JP-46\n198.51.100.0/24,JP,JP-13\n");
        test::MmdbWriter first, second;
        first.insert(address("203.0.113.0/24"), in("KR", 37));
        second.insert(address("203.0.0.0/16"), in("TW", 25));
        first.write(databases[0]);
        second.write(databases[1]);
    }
    [[nodiscard]] std::shared_ptr<const Locator> load(std::uint64_t generation) const {
        auto locator = Locator::load(pools[generation % 2], databases[generation % 2], generation);
        if (!locator) throw std::runtime_error(locator.error().front());
        return *locator;
    }
};

// What every address is in a generation.
bool consistent(const Locator& locator) {
    const bool even = locator.generation() % 2 == 0;
    const auto country = [&](const char* at) { return locator.locate(address(at)).country_text(); };
    const auto region = [&](const char* at) {
        const auto place = locator.in_pools(address(at));
        return place ? std::string(place->region.view()) : "";
    };
    return region("192.0.2.7") == (even ? "JP-01" : "JP-46") && country("203.0.113.9") == (even ? "KR" : "TW") &&
           region("192.0.2.200") == (even ? "JP-01" : "") && region("2001:db8::1") == (even ? "JP-01" : "JP-46") &&
           region("198.51.100.1") == (even ? "" : "JP-13") && country("203.0.114.1") == (even ? "" : "TW");
}

BOOST_FIXTURE_TEST_SUITE(locator_reload, States)

BOOST_AUTO_TEST_CASE(four_threads_look_up_while_snapshots_are_replaced) {
    std::mutex mutex;
    std::shared_ptr<const Locator> current = load(0);
    std::atomic<bool> stop{false};
    std::array<std::atomic<std::uint64_t>, kThreads> looked{}, wrong{};
    const auto read = [&](std::size_t number) {
        std::uint64_t newest = 0;
        while (!stop) {
            std::shared_ptr<const Locator> snapshot;
            {
                const std::scoped_lock lock(mutex);
                snapshot = current;
            }
            const bool backwards = snapshot->generation() < newest;
            newest = snapshot->generation();
            if (backwards || !consistent(*snapshot)) ++wrong[number];
            ++looked[number];
        }
    };
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) threads.emplace_back(read, i);
    std::exception_ptr failure;
    try {
        for (std::uint64_t generation = 1; generation <= kReloads; ++generation) {
            auto next = load(generation);
            const std::scoped_lock lock(mutex);
            current = std::move(next);
        }
    } catch (...) {
        failure = std::current_exception();
    }
    const bool all_looked =
        test::wait_until([&] { return std::ranges::all_of(looked, [](const auto& count) { return count > 0; }); },
                         std::chrono::seconds(30));
    stop = true;
    threads.clear();
    if (failure) std::rethrow_exception(failure);
    BOOST_TEST(all_looked);
    for (const auto& count : wrong) BOOST_TEST(count == 0U);
    BOOST_TEST(current->generation() == kReloads);
}

BOOST_AUTO_TEST_CASE(bad_new_files_leave_the_old_snapshot) {
    const auto before = load(1);
    std::filesystem::resize_file(databases[1], 100);
    auto bad = Locator::load(pools[1], databases[1], 3);
    BOOST_REQUIRE(!bad.has_value());
    BOOST_TEST(bad.error().front().starts_with(databases[1].string() + ": found "), bad.error().front());
    test::write_file(pools[1], "192.0.2.0/25,JP,JP-99\n");
    bad = Locator::load(pools[1], databases[0], 3);
    BOOST_REQUIRE(!bad.has_value());
    BOOST_TEST(bad.error().front().starts_with(pools[1].string() + ":1: found \"JP-99\""), bad.error().front());
    std::filesystem::remove(databases[1]);
    BOOST_TEST(!Locator::load(pools[0], databases[1], 3).has_value());
    BOOST_TEST(consistent(*before));
    BOOST_TEST(before->generation() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::geo
