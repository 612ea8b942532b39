#include "analyzer/daemon/snapshot.hpp"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <sstream>
#include <system_error>

#include "tests/support/process.hpp"

namespace guard::daemon {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{Microseconds{1'772'323'200'000'000}};

std::shared_ptr<const geo::Locator> locator() {
    std::istringstream rows("10.13.0.0/16,JP,JP-13\n10.46.0.0/16,JP,JP-46\n");
    return std::make_shared<const geo::Locator>(geo::PoolTable::parse(rows, "pools").value(), geo::DatabaseRanges{}, 1);
}

struct State {
    test::TemporaryDirectory directory{"snapshot"};
    std::filesystem::path newest = directory.path() / "learned.snapshot",
                          previous = directory.path() / "learned.previous";
    HashKey key = state_key(directory.path());
    std::vector<detection::Decision> decisions;

    detection::Detector empty() const { return detection::Detector({}, locator(), {}, key); }
    // `count` IDs at home in Tokyo for two days; the first of them was misused in Kagoshima.
    detection::Detector learned(unsigned count) {
        detection::Detector detector = empty();
        const auto see = [&](const std::string& id, const std::string& where, Time time) {
            detector.on_event({Service::pppoe, Kind::assign, id, {IpAddress::parse(where).value()}, time}, decisions);
        };
        for (const auto age : {48h, 24h, 0h})
            for (unsigned n = 0; n < count; ++n)
                see("id" + std::to_string(n), "10.13.0." + std::to_string(n + 1), kNow - age);
        see("id0", "10.46.0.1", kNow + 10min);
        detector.on_event({Service::smtp_auth, Kind::accept, "mail", {IpAddress::parse("192.0.2.1").value()}, kNow},
                          decisions);
        return detector;
    }
};

bool same(const detection::StreamTable& a, const detection::StreamTable& b) {
    bool same = a.size() == b.size();
    a.each_learned([&](std::uint64_t key, const detection::Learned& learned) {
        const auto* const other = b.find(key);
        if (other == nullptr || b.learned(*other).first_seen != learned.first_seen) {
            same = false;
            return;
        }
        const detection::Learned there = b.learned(*other);
        const auto left = learned.familiarity.regions(), right = there.familiarity.regions();
        same = same && std::equal(left.begin(), left.end(), right.begin(), right.end());
    });
    return same;
}

mode_t mode_of(const std::filesystem::path& file) {
    struct stat status {};
    BOOST_REQUIRE(::stat(file.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

BOOST_FIXTURE_TEST_SUITE(snapshot, State)

BOOST_AUTO_TEST_CASE(nothing_is_an_empty_state) {
    auto detector = empty();
    const LoadedState loaded = load_learned(detector, key, directory.path());
    BOOST_TEST(loaded.ids == 0U);
    BOOST_TEST(loaded.warning.empty());
    BOOST_TEST(detector.streams().empty());
}

BOOST_AUTO_TEST_CASE(comes_back_with_all_that_was_learned) {
    const auto saved = learned(50);
    BOOST_REQUIRE(!decisions.empty());  // there was a finding, so there is a region in quarantine
    save_learned(saved, key, directory.path());
    BOOST_TEST(mode_of(newest) == 0600U);
    auto detector = empty();
    const LoadedState loaded = load_learned(detector, key, directory.path());
    BOOST_TEST(loaded.warning.empty());
    BOOST_TEST(loaded.ids == 51U);
    BOOST_TEST(same(detector.streams(), saved.streams()));
    std::size_t quarantined = 0;
    detector.streams().each_learned([&](std::uint64_t, const detection::Learned& learned) {
        for (const auto& region : learned.familiarity.regions())
            if (region.older == detection::Familiarity::kQuarantined) ++quarantined;
    });
    BOOST_TEST(quarantined == 1U);
}

BOOST_AUTO_TEST_CASE(holds_no_id) {
    save_learned(learned(50), key, directory.path());
    const std::string content = test::read_file(newest);
    BOOST_TEST(content.find("id1") == std::string::npos);
    BOOST_TEST(content.find("mail") == std::string::npos);
    BOOST_TEST(content.find(std::string(reinterpret_cast<const char*>(key.data()), key.size())) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_one_before_is_kept) {
    save_learned(learned(5), key, directory.path());
    const std::string first = test::read_file(newest);
    save_learned(learned(9), key, directory.path());
    BOOST_TEST((test::read_file(previous) == first));
    BOOST_TEST(test::read_file(newest).size() > first.size());
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory.path())) ++files;
    BOOST_TEST(files == 3U);  // and the key
}

BOOST_AUTO_TEST_CASE(damaged_it_falls_back_to_the_one_before) {
    save_learned(learned(5), key, directory.path());
    save_learned(learned(9), key, directory.path());
    const std::string sound = test::read_file(newest);
    for (std::size_t at = 0; at < sound.size(); ++at) {
        std::string damaged = sound;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
        test::write_file(newest, damaged);
        auto detector = empty();
        const LoadedState loaded = load_learned(detector, key, directory.path());
        BOOST_TEST_REQUIRE(loaded.ids == 6U, "byte " << at);
        BOOST_TEST_REQUIRE(detector.streams().size() == 6U, "byte " << at);
        BOOST_TEST_REQUIRE(loaded.warning.find("learned.snapshot: ") != std::string::npos);
    }
    for (std::size_t length = 0; length < sound.size(); length += 13) {
        test::write_file(newest, std::string_view(sound).substr(0, length));
        auto detector = empty();
        BOOST_TEST_REQUIRE(load_learned(detector, key, directory.path()).ids == 6U, length << " bytes");
    }
    std::filesystem::remove(newest);
    auto detector = empty();
    BOOST_TEST(load_learned(detector, key, directory.path()).ids == 6U);
}

BOOST_AUTO_TEST_CASE(both_damaged_it_says_so_twice_and_begins_anew) {
    save_learned(learned(5), key, directory.path());
    test::write_file(newest, "rubbish");
    test::write_file(previous, "");
    auto detector = empty();
    const LoadedState loaded = load_learned(detector, key, directory.path());
    BOOST_TEST(loaded.ids == 0U);
    BOOST_TEST(loaded.warning.find("learned.snapshot: not a snapshot") != std::string::npos);
    BOOST_TEST(loaded.warning.find("learned.previous: not a snapshot") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(under_another_key_it_is_refused) {
    save_learned(learned(5), key, directory.path());
    HashKey other = key;
    other[15] ^= 1;
    detection::Detector detector({}, locator(), {}, other);
    const LoadedState loaded = load_learned(detector, other, directory.path());
    BOOST_TEST(loaded.ids == 0U);
    BOOST_TEST(detector.streams().empty());
    BOOST_TEST(loaded.warning.find("made under another key") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_key_is_made_once_and_for_the_owner_alone) {
    BOOST_TEST((state_key(directory.path()) == key));
    BOOST_TEST(mode_of(directory.path() / "hash.key") == 0600U);
    const test::TemporaryDirectory elsewhere("snapshot");
    BOOST_TEST((state_key(elsewhere.path()) != key));
    test::write_file(directory.path() / "hash.key", "short");
    BOOST_CHECK_THROW(static_cast<void>(state_key(directory.path())), std::system_error);
    BOOST_CHECK_THROW(static_cast<void>(state_key(directory.path() / "missing")), std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::daemon
