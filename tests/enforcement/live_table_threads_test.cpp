// Many threads ask while tables are published and damaged: each of them always gets a whole table, never an older one.
#include <atomic>
#include <thread>

#include "tests/enforcement/table_fixture.hpp"

using namespace guard;
using namespace guard::enforcement;
using namespace guard::test;
using std::chrono::milliseconds;

BOOST_AUTO_TEST_SUITE(enforcement_live_table_threads)

BOOST_AUTO_TEST_CASE(every_thread_sees_whole_tables_in_the_order_of_publication) {
    constexpr std::uint64_t kGenerations = 300;
    const TemporaryDirectory directory("threads");
    const auto file = directory.path() / "table";
    // Generation g suspends "always" and g, and no other number.
    const auto publish_generation = [&](std::uint64_t generation) {
        publish(table_of(generation, {"always", std::to_string(generation)}), file);
    };
    publish_generation(1);
    std::atomic<unsigned> warnings{0};
    LiveTable live(file, kFingerprint, [&](const std::string&) { ++warnings; });
    std::atomic<std::int64_t> clock{0};  // in looks
    const auto now = [&] { return kStart + milliseconds{20} * clock.load(); };
    static_cast<void>(live.at(now()));

    std::atomic<bool> stop{false};
    std::atomic<std::uint64_t> wrong{0}, asked{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([&] {
            std::uint64_t last = 1;
            while (!stop) {
                const auto table = live.at(now());
                const std::uint64_t generation = table->generation();
                const bool whole = table->is_suspended(Service::pppoe, "always") &&
                                   table->is_suspended(Service::pppoe, std::to_string(generation)) &&
                                   !table->is_suspended(Service::pppoe, std::to_string(generation + 1));
                if (!whole || generation < last) ++wrong;
                last = generation;
                ++asked;
            }
        });
    for (std::uint64_t generation = 2; generation <= kGenerations; ++generation) {
        publish_generation(generation);
        ++clock;
        if (generation % 10 == 0) {
            write_file(file, "damaged");
            while (live.health() == LiveTable::Health::good) {  // a look is left out while another is under way
                ++clock;
                std::this_thread::yield();
            }
        }
    }
    publish_generation(kGenerations + 1);
    while (live.health() != LiveTable::Health::good) {
        ++clock;
        std::this_thread::yield();
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(wrong == 0U);
    BOOST_TEST(asked > kGenerations);
    BOOST_TEST(warnings > 0U);
    BOOST_TEST(live.at(now() + milliseconds{20})->generation() == kGenerations + 1);
    BOOST_TEST(!std::filesystem::exists(file.string() + ".next"));
}

BOOST_AUTO_TEST_SUITE_END()
