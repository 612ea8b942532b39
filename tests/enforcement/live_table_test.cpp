// The module's view: a new table within 20 ms, and none worse than the one in use.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/enforcement/table_fixture.hpp"

using namespace guard;
using namespace guard::enforcement;
using namespace guard::test;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Health = LiveTable::Health;

namespace guard::enforcement {

std::ostream& operator<<(std::ostream& out, LiveTable::Health health) {
    return out << (health == Health::good ? "good" : health == Health::stale ? "stale" : "absent");
}

}  // namespace guard::enforcement

namespace {

// A file that is there and that this process may not open; permissions do not bind root, so it is nobody meanwhile.
class Unreadable {
  public:
    explicit Unreadable(std::filesystem::path path) : path_(std::move(path)), before_(geteuid()) {
        std::filesystem::permissions(path_, std::filesystem::perms::none);
        BOOST_REQUIRE(seteuid(User::unprivileged().uid) == 0);
    }
    ~Unreadable() {
        BOOST_TEST(seteuid(before_) == 0);
        std::filesystem::permissions(path_, static_cast<std::filesystem::perms>(0640));
    }
    Unreadable(const Unreadable&) = delete;
    Unreadable& operator=(const Unreadable&) = delete;

  private:
    const std::filesystem::path path_;
    const uid_t before_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(enforcement_live_table)

BOOST_FIXTURE_TEST_CASE(without_a_table_nobody_is_refused_and_it_is_said, Published) {
    BOOST_TEST(live().health() == Health::absent);
    const auto table = next();
    BOOST_REQUIRE(table != nullptr);
    BOOST_TEST(!table->is_suspended(Service::pppoe, "a"));
    BOOST_TEST(live().health() == Health::absent);
    BOOST_REQUIRE(warnings().size() == 1U);
    BOOST_TEST(warnings().front().find("No such file") != std::string::npos);
    BOOST_TEST(warnings().front().find("nobody is refused") != std::string::npos);
    for (int i = 0; i < 120; ++i) after(seconds{1});
    BOOST_TEST(warnings().size() == 3U);  // again every minute
    publish(1, {"a"});
    BOOST_TEST(next()->is_suspended(Service::pppoe, "a"));
    BOOST_TEST(live().health() == Health::good);
}

BOOST_FIXTURE_TEST_CASE(a_published_table_is_used_within_20_ms_and_not_looked_for_before, Published) {
    publish(1, {"a"});
    BOOST_TEST(after({})->generation() == 1U);
    publish(2, {"b"});
    BOOST_TEST(after(milliseconds{20} - Microseconds{1})->generation() == 1U);
    const auto second = after(Microseconds{1});
    BOOST_TEST(second->generation() == 2U);
    BOOST_TEST(second->is_suspended(Service::pppoe, "b"));
    BOOST_TEST(!second->is_suspended(Service::pppoe, "a"));
    BOOST_TEST(live().health() == Health::good);
    BOOST_TEST(warnings().empty());
}

BOOST_FIXTURE_TEST_CASE(a_table_in_use_outlives_its_swap, Published) {
    publish(1, {"a"});
    const auto first = next();
    for (std::uint64_t generation = 2; generation < 30; ++generation) {
        publish(generation, {});
        BOOST_TEST(next()->generation() == generation);
    }
    BOOST_TEST(first->generation() == 1U);
    BOOST_TEST(first->is_suspended(Service::pppoe, "a"));
}

BOOST_FIXTURE_TEST_CASE(a_damaged_table_does_not_replace_the_one_in_use, Published) {
    publish(1, {"a"});
    BOOST_TEST(next()->generation() == 1U);
    publish(2, {"b"});
    damage(file());
    BOOST_TEST(next()->generation() == 1U);
    BOOST_TEST(live().health() == Health::stale);
    BOOST_REQUIRE(warnings().size() == 1U);
    BOOST_TEST(warnings().front().find("checksum is wrong") != std::string::npos);
    BOOST_TEST(warnings().front().find("the one before stays in use") != std::string::npos);
    for (int i = 0; i < 59; ++i) after(seconds{1});
    BOOST_TEST(warnings().size() == 1U);
    after(seconds{2});
    BOOST_TEST(warnings().size() == 2U);
    publish(3, {"c"});
    BOOST_TEST(next()->generation() == 3U);
    BOOST_TEST(live().health() == Health::good);
    after(seconds{120});
    BOOST_TEST(warnings().size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(at_the_start_a_damaged_table_gives_way_to_the_one_before, Published) {
    publish(1, {"a"});
    publish(2, {"b"});
    damage(file());
    BOOST_TEST(next()->generation() == 1U);
    BOOST_TEST(live().health() == Health::stale);
    BOOST_TEST(warnings().size() == 1U);
    publish(3, {"c"});
    BOOST_TEST(next()->generation() == 3U);
    BOOST_TEST(live().health() == Health::good);
}

BOOST_FIXTURE_TEST_CASE(at_the_start_a_missing_table_gives_way_to_the_one_before, Published) {
    publish(1, {"a"});
    publish(2, {"b"});
    std::filesystem::remove(file());
    BOOST_TEST(next()->is_suspended(Service::pppoe, "a"));
    BOOST_TEST(live().health() == Health::stale);
    BOOST_TEST(warnings().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(with_both_damaged_nobody_is_refused, Published) {
    publish(1, {"a"});
    publish(2, {"a"});
    damage(file());
    damage(previous_table(file()));
    BOOST_TEST(!next()->is_suspended(Service::pppoe, "a"));
    BOOST_TEST(live().health() == Health::absent);
    BOOST_REQUIRE(warnings().size() == 1U);
    BOOST_TEST(warnings().front().find("nobody is refused") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(with_a_damaged_table_and_none_before_nobody_is_refused, Published) {
    publish(1, {"a"});
    damage(file());
    BOOST_TEST(next()->generation() == 0U);
    BOOST_TEST(live().health() == Health::absent);
}

BOOST_FIXTURE_TEST_CASE(a_table_that_vanishes_releases_nobody, Published) {
    publish(1, {"a"});
    BOOST_TEST(next()->generation() == 1U);
    std::filesystem::remove(file());
    BOOST_TEST(next()->is_suspended(Service::pppoe, "a"));
    BOOST_TEST(live().health() == Health::stale);
    BOOST_TEST(warnings().size() == 1U);
    enforcement::publish(table_of(2, {"b"}), file());
    BOOST_TEST(next()->generation() == 2U);
    BOOST_TEST(live().health() == Health::good);
}

BOOST_FIXTURE_TEST_CASE(a_table_with_other_normalisation_is_refused, Published) {
    publish(1, {"a"});
    BOOST_TEST(next()->generation() == 1U);
    enforcement::publish(table_of(2, {"b"}, "v1,case=keep,realm=keep"), file());
    BOOST_TEST(next()->generation() == 1U);
    BOOST_TEST(live().health() == Health::stale);
    BOOST_REQUIRE(warnings().size() == 1U);
    BOOST_TEST(warnings().front().find("\"v1,case=keep,realm=keep\", here as \"v1,case=lower,realm=keep\"") !=
               std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_file_cut_off_while_it_is_in_use_does_no_harm, Published) {
    publish(1, {"a", "b", "c"});
    const auto table = next();
    for (std::uintmax_t size = std::filesystem::file_size(file()); size-- > 0;) {
        std::filesystem::resize_file(file(), size);
        BOOST_TEST(next()->generation() == 1U);
        BOOST_TEST(live().health() == Health::stale);
        BOOST_TEST(table->is_suspended(Service::pppoe, "c"));
    }
}

BOOST_FIXTURE_TEST_CASE(a_clock_set_back_does_not_stop_the_looks, Published) {
    publish(1, {"a"});
    BOOST_TEST(next()->generation() == 1U);
    publish(2, {"b"});
    BOOST_TEST(after(-hours{24 * 365})->generation() == 2U);
    publish(3, {"c"});
    // A thread a little behind the others does not look.
    BOOST_TEST(after(-milliseconds{5})->generation() == 2U);
    BOOST_TEST(after(milliseconds{25})->generation() == 3U);
}

BOOST_FIXTURE_TEST_CASE(threads_out_of_order_do_not_repeat_the_warning, Published) {
    for (int i = 0; i < 1000; ++i) {
        after(milliseconds{45});
        after(-milliseconds{30});
    }
    BOOST_TEST(warnings().size() == 1U);  // in 15 s
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_read_for_a_moment_is_read_at_the_next_look, Published) {
    publish(2, {"b"});
    const auto look_without_permission = [this] {
        const Unreadable unreadable(file());
        return next();
    };
    BOOST_TEST(look_without_permission()->generation() == 0U);
    BOOST_TEST(live().health() == Health::absent);
    BOOST_TEST(next()->generation() == 2U);
    BOOST_TEST(live().health() == Health::good);
    publish(3, {"c"});
    BOOST_TEST(look_without_permission()->generation() == 2U);
    BOOST_TEST(live().health() == Health::stale);
    BOOST_TEST(next()->generation() == 3U);
    BOOST_TEST(live().health() == Health::good);
    BOOST_TEST(warnings().size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(at_the_start_the_one_before_is_used_while_the_newest_cannot_be_read, Published) {
    publish(1, {"a"});
    publish(2, {"b"});
    std::filesystem::rename(file(), file().string() + ".aside");
    std::filesystem::create_directory(file());
    BOOST_TEST(next()->generation() == 1U);
    BOOST_TEST(live().health() == Health::stale);
    std::filesystem::remove(file());
    std::filesystem::rename(file().string() + ".aside", file());
    BOOST_TEST(next()->generation() == 2U);
    BOOST_TEST(live().health() == Health::good);
}

BOOST_FIXTURE_TEST_CASE(what_is_no_file_does_not_hold_up_a_login, Published) {
    BOOST_REQUIRE(mkfifo(file().c_str(), 0600) == 0);
    BOOST_TEST(next()->generation() == 0U);
    BOOST_TEST(live().health() == Health::absent);
    std::filesystem::remove(file());
    std::filesystem::create_directory(file());
    BOOST_TEST(next()->generation() == 0U);
    std::filesystem::remove(file());
    publish(1, {"a"});
    BOOST_TEST(next()->generation() == 1U);
}

BOOST_FIXTURE_TEST_CASE(an_immense_file_is_not_taken_into_memory, Published) {
    write_file(file(), "PGTABLE1");
    std::filesystem::resize_file(file(), std::uintmax_t{1} << 40);  // sparse
    BOOST_TEST(next()->generation() == 0U);
    BOOST_TEST(warnings().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(a_warning_that_throws_does_not_stop_a_login, Published) {
    LiveTable table(file(), kFingerprint, [](const std::string&) { throw std::bad_alloc(); });
    BOOST_TEST(table.at(kStart)->generation() == 0U);
    publish(1, {"a"});
    BOOST_TEST(table.at(kStart + milliseconds{20})->generation() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
