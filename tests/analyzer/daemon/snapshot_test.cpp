#include "analyzer/daemon/snapshot.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>

#include <boost/test/unit_test.hpp>
#include <sstream>
#include <system_error>

#include "analyzer/daemon/snapshot_writer.hpp"
#include "event/crc32c.hpp"
#include "event/little_endian.hpp"
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
    std::filesystem::path newest = directory.path() / "state.snapshot", previous = directory.path() / "state.previous";
    HashKey key = state_key(directory.path());
    std::vector<detection::Decision> decisions;

    Positions positions{{"/var/spool/one", "17 18:4096"}, {"control", "5"}};

    // Nobody is being learned: what is found is graded in full, and settles.
    static config::DetectionSettings settings() {
        config::DetectionSettings settings;
        settings.learning = 0s;
        return settings;
    }
    detection::Detector empty() const { return detection::Detector(settings(), locator(), {}, key); }
    void save(const detection::Detector& detector) const {
        const std::uint64_t bytes = save_state(detector, positions, key, directory.path());
        BOOST_TEST(bytes == std::filesystem::file_size(newest));
    }
    LoadedState load(Part part = Part::all) const {
        return load_state(settings(), locator(), key, directory.path(), part);
    }
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

std::string flipped(std::string bytes, std::size_t at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    return bytes;
}

BOOST_FIXTURE_TEST_SUITE(snapshot, State)

BOOST_AUTO_TEST_CASE(nothing_is_an_empty_state) {
    const LoadedState loaded = load();
    BOOST_TEST(loaded.ids == 0U);
    BOOST_TEST(loaded.warning.empty());
    BOOST_TEST(loaded.positions.empty());
    BOOST_TEST(loaded.detector->streams().empty());
}

BOOST_AUTO_TEST_CASE(comes_back_with_all_that_was_known_and_where_it_was) {
    auto saved = learned(50);
    BOOST_REQUIRE(!decisions.empty());  // there was a finding
    save(saved);
    BOOST_TEST(mode_of(newest) == 0600U);
    LoadedState loaded = load();
    BOOST_TEST(loaded.warning.empty());
    BOOST_TEST(loaded.ids == 51U);
    BOOST_TEST((loaded.file == newest));
    BOOST_TEST((loaded.positions == positions));
    BOOST_TEST(same(loaded.detector->streams(), saved.streams()));
    BOOST_TEST(loaded.detector->counters().events == saved.counters().events);
    // What was settling settles.
    std::vector<detection::Decision> before, after;
    saved.advance(kNow + 1h, before);
    loaded.detector->advance(kNow + 1h, after);
    BOOST_TEST(!before.empty());
    BOOST_TEST(after.size() == before.size());
    // Read back and written again it is the same file.
    const std::string first = test::read_file(newest);
    save(*load().detector);
    BOOST_TEST((test::read_file(newest) == first));
}

BOOST_AUTO_TEST_CASE(holds_no_id_but_those_of_findings) {
    save(learned(50));
    const std::string content = test::read_file(newest);
    BOOST_TEST(content.find("id0") != std::string::npos);
    BOOST_TEST(content.find("id17") == std::string::npos);
    BOOST_TEST(content.find(std::string(reinterpret_cast<const char*>(key.data()), key.size())) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(of_those_that_are_ahead_of_the_database_none_is_taken_but_what_was_learned) {
    const auto load_at_most = [&](const std::string& most) {
        return load_state(settings(), locator(), key, directory.path(), Part::all, [&](const Positions& at) {
            return std::ranges::all_of(at, [&](const auto& stream) { return stream.second <= most; });
        });
    };
    for (const auto& [at, count] : {std::pair{"1", 5U}, {"2", 9U}}) {
        positions = {{"stream", at}};
        save(learned(count));
    }
    BOOST_TEST(!load_at_most("2").ahead);
    LoadedState loaded = load_at_most("1");
    BOOST_TEST(loaded.ahead);
    BOOST_TEST((loaded.file == previous));
    BOOST_TEST(loaded.positions.at("stream") == "1");
    loaded = load_at_most("0");
    BOOST_TEST(loaded.ahead);
    BOOST_TEST((loaded.file == newest));
    BOOST_TEST(loaded.positions.empty());
    BOOST_TEST(loaded.ids == 10U);
    BOOST_TEST((loaded.warning.empty() && loaded.refused == 0));
    test::write_file(previous, "rubbish");
    loaded = load_at_most("1");
    BOOST_TEST((loaded.ahead && loaded.positions.empty() && loaded.ids == 10U && loaded.refused == 1));
}

BOOST_AUTO_TEST_CASE(the_one_before_is_kept) {
    save(learned(5));
    const std::string first = test::read_file(newest);
    save(learned(9));
    BOOST_TEST((test::read_file(previous) == first));
    BOOST_TEST(test::read_file(newest).size() > first.size());
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(directory.path())) ++files;
    BOOST_TEST(files == 3U);  // and the key
}

BOOST_AUTO_TEST_CASE(damaged_it_falls_back_to_the_one_before) {
    save(learned(5));
    save(learned(9));
    const std::string sound = test::read_file(newest);
    const auto falls_back = [&](const std::string& damaged) {
        test::write_file(newest, damaged);
        const LoadedState loaded = load();
        return loaded.ids == 6U && loaded.detector->streams().size() == 6U && loaded.file == previous &&
               loaded.positions == positions && loaded.warning.find("state.snapshot: ") != std::string::npos;
    };
    for (std::size_t at = 0; at < sound.size(); at += at < 64 ? 1 : 7)
        BOOST_TEST_REQUIRE(falls_back(flipped(sound, at)), "byte " << at);
    for (std::size_t length = 0; length < sound.size(); length += 97)
        BOOST_TEST_REQUIRE(falls_back(sound.substr(0, length)), length << " bytes");
    BOOST_TEST(falls_back(sound + '\0'));
    std::filesystem::remove(newest);
    BOOST_TEST(load().ids == 6U);
}

BOOST_AUTO_TEST_CASE(both_damaged_it_says_so_twice_and_begins_anew) {
    save(learned(5));
    test::write_file(newest, "rubbish");
    test::write_file(previous, "");
    const LoadedState loaded = load();
    BOOST_TEST(loaded.ids == 0U);
    BOOST_TEST(loaded.positions.empty());
    BOOST_TEST(loaded.warning.find("state.snapshot: not a snapshot") != std::string::npos);
    BOOST_TEST(loaded.warning.find("state.previous: not a snapshot") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(under_another_key_it_is_refused) {
    save(learned(5));
    HashKey other = key;
    other[15] ^= 1;
    const LoadedState loaded = load_state({}, locator(), other, directory.path());
    BOOST_TEST(loaded.ids == 0U);
    BOOST_TEST(loaded.warning.find("made under another key") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(of_a_newer_analyzer_what_was_learned_is_taken) {
    const auto saved = learned(5);
    save(saved);
    std::string bytes = test::read_file(newest);
    bytes[48] = 99;  // the version of the second part
    std::array<std::uint8_t, 4> checksum{};
    put_little_endian(crc32c({reinterpret_cast<const std::uint8_t*>(bytes.data()) + 12, 52}), checksum.data());
    std::copy(checksum.begin(), checksum.end(), bytes.begin() + 8);
    test::write_file(newest, bytes);
    const LoadedState loaded = load();
    BOOST_TEST(loaded.warning.find("of another version") != std::string::npos);
    BOOST_TEST(loaded.positions.empty());
    BOOST_TEST(same(loaded.detector->streams(), saved.streams()));
    BOOST_TEST(loaded.detector->counters().events == 0U);
}

// As the analyzer wrote it before 2026-11: three IDs, of which the last is in quarantine in JP-46.
BOOST_AUTO_TEST_CASE(the_format_before_is_read_and_then_goes) {
    std::vector<std::uint8_t> bytes(16);
    const auto append = [&bytes](auto value) {
        bytes.resize(bytes.size() + sizeof value);
        put_little_endian(value, bytes.data() + bytes.size() - sizeof value);
    };
    const auto region = [&](std::string_view code, std::uint32_t older, std::uint32_t newer) {
        bytes.insert(bytes.end(), code.begin(), code.end());
        bytes.resize(bytes.size() + 8 - code.size());
        append(older), append(newer);
    };
    const std::string_view magic = "PGLEARN1";
    const Hash128 check = keyed_hash(key, {reinterpret_cast<const std::uint8_t*>(magic.data()), magic.size()});
    append(std::uint64_t{3}), append(check.low), append(check.high);
    for (const std::uint64_t id : {1U, 2U, 3U}) {
        append(id), append(kNow.time_since_epoch().count()), append(id - 1);
        if (id > 1) region("JP-13", 1'772'000'000, 1'772'100'000);
        if (id > 2) region("JP-46", detection::Familiarity::kQuarantined, 1'775'000'000);
    }
    std::copy(magic.begin(), magic.end(), bytes.begin());
    put_little_endian(std::uint32_t{1}, bytes.data() + 8);
    put_little_endian(crc32c(std::span(bytes).subspan(16)), bytes.data() + 12);
    const auto old_file = directory.path() / "learned.snapshot";
    test::write_file(old_file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});

    const LoadedState loaded = load();
    BOOST_TEST(loaded.warning.empty());
    BOOST_TEST_REQUIRE(loaded.ids == 3U);
    BOOST_TEST(loaded.positions.empty());
    const auto& streams = loaded.detector->streams();
    BOOST_TEST((streams.learned(*streams.find(1)).first_seen == kNow));
    BOOST_TEST(streams.learned(*streams.find(3)).familiarity.regions().size() == 2U);
    save(*loaded.detector);
    BOOST_TEST(!std::filesystem::exists(old_file));
    test::write_file(old_file, flipped({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, 50));
    std::filesystem::remove(newest);
    BOOST_TEST(load().warning.find("learned.snapshot: checksum is wrong") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(learning_leaves_all_else_as_it_is) {
    const auto saved = learned(5);
    save(saved);
    auto other = empty();
    const LoginEvent event{Service::pppoe, Kind::assign, "id1", {IpAddress::parse("10.46.0.1").value()}, kNow + 1h};
    other.on_event(event, decisions);
    other.on_event({event.service, event.kind, "new", event.addresses, event.time}, decisions);
    save_learned(other, {}, locator(), key, directory.path());
    const LoadedState loaded = load();
    BOOST_TEST(loaded.warning.empty());
    BOOST_TEST((loaded.positions == positions));
    BOOST_TEST(loaded.ids == saved.streams().size() + 1);
    BOOST_TEST(loaded.detector->counters().events == saved.counters().events);
    BOOST_TEST(loaded.detector->streams().open_count() == saved.streams().open_count());
    other.streams().each_learned([&](std::uint64_t id, const detection::Learned& known) {
        const auto& streams = loaded.detector->streams();
        BOOST_TEST((
            std::ranges::equal(streams.learned(*streams.find(id)).familiarity.regions(), known.familiarity.regions())));
    });
}

BOOST_AUTO_TEST_CASE(learning_without_a_snapshot_makes_one_without_a_position) {
    const auto known = learned(5);
    save_learned(known, {}, locator(), key, directory.path());
    const LoadedState loaded = load();
    BOOST_TEST(loaded.warning.empty());
    BOOST_TEST(loaded.positions.empty());
    BOOST_TEST(same(loaded.detector->streams(), known.streams()));
}

BOOST_AUTO_TEST_CASE(a_child_writes_what_was_when_it_was_begun) {
    auto detector = learned(5);
    SnapshotWriter writer(directory.path(), key);
    writer.begin(detector, positions, kNow);
    BOOST_TEST(writer.is_writing());
    detector.on_event({Service::pppoe, Kind::assign, "later", {IpAddress::parse("10.13.9.9").value()}, kNow + 20min},
                      decisions);
    BOOST_REQUIRE(test::wait_until([&] { return writer.look(), !writer.is_writing(); }, 20s));
    BOOST_TEST(writer.status().written == 1U);
    BOOST_TEST(writer.status().failed == 0U);
    BOOST_TEST(load().ids == 6U);
    BOOST_TEST((load().positions == positions));
    writer.write(detector, positions, kNow);
    BOOST_TEST(writer.status().written == 2U);
    BOOST_TEST(load().ids == 7U);
}

BOOST_AUTO_TEST_CASE(a_child_that_cannot_write_is_told_of_and_the_one_before_stays) {
    auto detector = learned(5);
    save(detector);
    SnapshotWriter writer(directory.path() / "missing", key);
    writer.begin(detector, positions, kNow);
    BOOST_REQUIRE(test::wait_until([&] { return writer.look(), !writer.is_writing(); }, 20s));
    BOOST_TEST(writer.status().failed == 1U);
    writer.write(detector, positions, kNow);
    BOOST_TEST(writer.status().failed == 2U);
    BOOST_TEST(load().ids == 6U);
}

BOOST_AUTO_TEST_CASE(a_child_that_is_stuck_is_ended_at_its_deadline) {
    auto detector = learned(5);
    // Opening a pipe to write waits for a reader.
    BOOST_REQUIRE(mkfifo((directory.path() / "state.snapshot.next").c_str(), 0600) == 0);
    SnapshotWriter writer(directory.path(), key);
    const auto began = std::chrono::steady_clock::now();
    writer.begin(detector, positions, kNow);
    writer.look(began + SnapshotWriter::kDeadline - 1s);
    BOOST_TEST(writer.is_writing());
    writer.begin(detector, positions, kNow);  // one at a time
    writer.look(std::chrono::steady_clock::now() + SnapshotWriter::kDeadline);
    BOOST_TEST(!writer.is_writing());
    BOOST_TEST(writer.status().failed == 1U);
}

// What is past its term is not in the file (R8), though the pipeline has not come to it yet.
BOOST_AUTO_TEST_CASE(holds_nothing_that_is_past_its_term) {
    auto detector = learned(5);
    const Time later = kNow + 30 * 24h + 5min;
    SnapshotWriter writer(directory.path(), key);
    writer.begin(detector, positions, later);
    BOOST_REQUIRE(test::wait_until([&] { return writer.look(), !writer.is_writing(); }, 20s));
    BOOST_TEST(writer.status().written == 1U);
    BOOST_TEST(load().ids == 1U);  // its quarantine ends five minutes later
    BOOST_TEST(detector.streams().size() == 6U);
    for (int i = 0; i < 6; ++i) detector.forget(later, 1);
    BOOST_TEST(detector.streams().size() == 1U);
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
