// Databases that are damaged or written to do harm: a clear error or some answer, never a crash, a hang, or memory
// without bound. What reads past an end is seen in the asan preset.
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <numeric>

#include "event/descriptor.hpp"
#include "geo/locator.hpp"
#include "geo/max_mind_database.hpp"
#include "tests/geo/random_geo.hpp"
#include "tests/support/process.hpp"

namespace guard::geo {
namespace {

using test::MmdbArray;
using test::MmdbMap;
using test::Random;

constexpr std::size_t kMutations = 10'000 / test::kSlowness;
constexpr double kMostSeconds = 2;  // of processor time, for one small file

double cpu_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// A sound database of a few kilobytes with everything that the real ones have.
struct Sound {
    std::string bytes;
    std::uint16_t record_size;
    std::uint32_t nodes = 0;
    std::size_t data = 0, metadata = 0;  // where they begin
    std::vector<IpAddress> networks;

    explicit Sound(Random& random, std::uint16_t ip_version, std::uint16_t size) : record_size(size) {
        constexpr std::array<std::uint8_t, 2> kSixToFour{0x20, 0x02};
        const auto records = test::random_records(random, 12);
        test::MmdbWriter writer("Test-City", ip_version, size);
        networks = test::random_prefixes4(random, 20);
        if (ip_version == 6) {
            const auto more = test::random_prefixes6(random, 10, 80);
            networks.insert(networks.end(), more.begin(), more.end());
        }
        for (const IpAddress& network : networks) writer.insert(network, records[random() % records.size()]);
        if (ip_version == 6) writer.alias(kSixToFour, 16);
        bytes = writer.bytes();
        metadata = bytes.rfind("\xab\xcd\xefMaxMind.com");
        const std::size_t at = value_of("node_count");
        for (std::size_t i = 0; i < 4; ++i) nodes = nodes << 8U | static_cast<std::uint8_t>(bytes[at + 1 + i]);
        data = nodes * node_bytes() + 16;
    }
    [[nodiscard]] std::size_t node_bytes() const { return record_size / 4U; }
    // Where the control byte of a value of the metadata is.
    [[nodiscard]] std::size_t value_of(std::string_view key) const {
        const std::size_t at = bytes.find(key, metadata);
        if (at == std::string::npos) throw std::logic_error("no such key");
        return at + key.size();
    }
};

std::size_t below(Random& random, std::size_t limit) {
    return limit == 0 ? 0 : random() % limit;
}

void flip_bits(Random& random, std::string& bytes) {
    for (std::size_t flips = random() % 8 + 1; flips > 0; --flips)
        bytes[below(random, bytes.size())] ^= static_cast<char>(1U << random() % 8);
}

void splice(Random& random, std::string& bytes) {
    const std::string block = bytes.substr(below(random, bytes.size()), random() % 200 + 1);
    const std::size_t at = below(random, bytes.size());
    if (random() % 2 == 0) {
        bytes.insert(at, block);
    } else {
        bytes.replace(at, block.size(), block);
    }
    if (random() % 4 == 0) bytes.erase(below(random, bytes.size()), random() % 50);
}

// One of a node's two references: up, to itself, out of the file, between the nodes and the data, into the data.
void refer_elsewhere(Random& random, const Sound& sound, std::string& bytes) {
    const std::size_t node = below(random, sound.nodes);
    const std::array<std::uint64_t, 10> targets{0,
                                                node,
                                                below(random, node + 1),
                                                node == 0 ? 0 : node - 1,
                                                below(random, sound.nodes),
                                                sound.nodes - std::uint64_t{1},
                                                sound.nodes + random() % 17,
                                                sound.nodes + 16 + random() % (sound.metadata - sound.data + 40),
                                                random(),
                                                ~std::uint64_t{0}};
    const std::uint64_t target = targets[random() % targets.size()];
    const std::size_t at = node * sound.node_bytes(), half = sound.node_bytes() / 2;
    const std::size_t begin = random() % 2 == 0 ? at : at + sound.node_bytes() - half;
    for (std::size_t i = 0; i < half; ++i) bytes[begin + i] = static_cast<char>(target >> 8 * (half - 1 - i));
}

void change_metadata(Random& random, const Sound& sound, std::string& bytes) {
    constexpr std::array<const char*, 6> kKeys{"node_count",  "record_size",   "ip_version",
                                               "build_epoch", "database_type", "binary_format_major_version"};
    const std::size_t at = sound.value_of(kKeys[random() % kKeys.size()]);
    const auto size = std::min<std::size_t>(static_cast<std::uint8_t>(bytes[at]) & 0x1fU, 8);
    if (random() % 4 == 0) bytes[at] = static_cast<char>(random());  // another type or length
    constexpr std::array<std::uint64_t, 14> kValues{0,  1,  2,  4,  5,      6,          24,
                                                    28, 32, 33, 64, 0xffff, 0x7fffffff, 0xffffffff};
    std::uint64_t value = random() % 3 == 0 ? random() : kValues[random() % kValues.size()];
    if (random() % 4 == 0) value = sound.nodes + random() % 9 - 4;
    for (std::size_t i = 0; i < size && at + 1 + i < bytes.size(); ++i)
        bytes[at + 1 + i] = static_cast<char>(value >> 8 * (size - 1 - i));
}

// Pointers to themselves, to each other and out of the data; maps, arrays and texts of millions of elements.
void corrupt_data(Random& random, const Sound& sound, std::string& bytes) {
    for (std::size_t changes = random() % 6 + 1; changes > 0; --changes) {
        const std::size_t length = sound.metadata - sound.data, to = below(random, length);
        const std::size_t at = sound.data + below(random, length - 5);
        const std::size_t self = at - sound.data;
        const std::size_t target = random() % 3 == 0 ? self : random() % 3 == 0 ? random() % 2048 : to;
        switch (random() % 4) {
            case 0:  // a pointer of 11 bits
                bytes[at] = static_cast<char>(0x20U | (target >> 8U & 7U));
                bytes[at + 1] = static_cast<char>(target);
                break;
            case 1:  // a pointer of 32 bits
                bytes[at] = '\x38';
                for (std::size_t i = 0; i < 4; ++i)
                    bytes[at + 1 + i] = static_cast<char>((random() % 5 == 0 ? random() : target) >> 8 * (3 - i));
                break;
            case 2:  // a size of 2^24 with a type: text, bytes, map
                bytes[at] = static_cast<char>((random() % 2 == 0 ? 0xe0U : random() % 8 << 5U) | 0x1fU);
                for (std::size_t i = 1; i < 4; ++i) bytes[at + i] = '\xff';
                break;
            default:  // an array of 2^24
                bytes[at] = '\x1f';
                bytes[at + 1] = '\x04';
                for (std::size_t i = 2; i < 5; ++i) bytes[at + i] = '\xff';
        }
    }
}

std::string mutated(Random& random, const Sound& sound) {
    std::string bytes = sound.bytes;
    for (std::size_t rounds = random() % 4 == 0 ? 2 + random() % 6 : 1; rounds > 0; --rounds) {
        switch (random() % 8) {
            case 0:
                flip_bits(random, bytes);
                break;
            case 1:
                if (rounds == 1) bytes.resize(below(random, bytes.size()));
                break;
            case 2:
                if (rounds == 1) splice(random, bytes);
                break;
            case 3:
                change_metadata(random, sound, bytes);
                break;
            case 4:
            case 5:
                corrupt_data(random, sound, bytes);
                break;
            default:
                refer_elsewhere(random, sound, bytes);
        }
    }
    return bytes;
}

// A file in memory: ten thousand files on a disk would take a minute.
class MemoryFile {
  public:
    [[nodiscard]] std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(file_.get()); }
    void write(std::string_view bytes) const {
        if (ftruncate(file_.get(), 0) != 0 ||
            pwrite(file_.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
            throw std::runtime_error("cannot write a file in memory");
    }

  private:
    Descriptor file_{memfd_create("hostile", MFD_CLOEXEC)};
};

void within_limits(const Place& place) {
    if (std::abs(place.coordinates.latitude) <= 90 && std::abs(place.coordinates.longitude) <= 180 &&
        place.radius >= 0 && place.radius <= kMaxRadius && place.country.view().size() == 2)
        return;
    BOOST_ERROR("a place at " << place.coordinates.latitude << ", " << place.coordinates.longitude << " radius "
                              << place.radius);
}

struct Outcome {
    std::size_t refused = 0, bad_tree = 0, answered = 0, places = 0;
};

void look(const Sound& sound, Random& random, const MemoryFile& file, Outcome& outcome) {
    const std::string named = file.path().string() + ": found ";
    const auto clear = [&](const std::string& error) {
        BOOST_REQUIRE_MESSAGE(error.starts_with(named) && error.size() > named.size() + 20, "unclear: " << error);
    };
    const auto database = MaxMindDatabase::open(file.path());
    if (!database) {
        ++outcome.refused;
        return clear(database.error());
    }
    const auto near = [&] {
        return random() % 4 != 0   ? test::address_near(random, sound.networks[random() % sound.networks.size()])
               : random() % 2 == 0 ? test::random_address4(random)
                                   : test::random_address6(random);
    };
    for (int i = 0; i < 100; ++i)
        if (const auto place = (*database)->lookup(near())) within_limits(*place);
    auto ranges = (*database)->ranges();
    if (!ranges) {
        ++outcome.bad_tree;
        return clear(ranges.error());
    }
    // Every reference of a node makes two borders at most.
    const std::size_t most = 8 * sound.bytes.size() + 10'000;
    BOOST_REQUIRE(ranges->v4.size() + ranges->v6.size() + ranges->locations.size() + ranges->regions.size() < most);
    ++outcome.answered;
    const Locator locator({}, std::move(*ranges), 1);
    for (int i = 0; i < 100; ++i)
        if (const auto place = locator.anywhere(near())) {
            within_limits(*place);
            ++outcome.places;
        }
}

BOOST_AUTO_TEST_SUITE(hostile_database)

BOOST_AUTO_TEST_CASE(ten_thousand_mutations) {
    constexpr std::uint64_t kSeed = 51;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    Random random(kSeed);
    const std::array<Sound, 4> sounds{Sound(random, 6, 24), Sound(random, 6, 28), Sound(random, 6, 32),
                                      Sound(random, 4, 24)};
    const MemoryFile file;
    Outcome sound_ones, outcome;
    for (const Sound& sound : sounds) {
        file.write(sound.bytes);
        look(sound, random, file, sound_ones);
    }
    BOOST_TEST(sound_ones.answered == 4U);
    BOOST_TEST(sound_ones.places > 40U);
    double slowest = 0;
    for (std::size_t i = 0; i < kMutations; ++i) {
        const Sound& sound = sounds[random() % sounds.size()];
        file.write(mutated(random, sound));
        const double before = cpu_seconds();
        look(sound, random, file, outcome);
        slowest = std::max(slowest, cpu_seconds() - before);
        BOOST_REQUIRE_MESSAGE(slowest < kMostSeconds, "mutation " << i << " took " << slowest << " s");
    }
    BOOST_TEST_MESSAGE(outcome.refused << " refused, " << outcome.bad_tree << " with a bad tree, " << outcome.answered
                                       << " answered; the slowest took " << slowest << " s");
    // Each way out was taken often, or the mutations are not what they are meant to be.
    for (const std::size_t way : {outcome.refused, outcome.bad_tree, outcome.answered})
        BOOST_TEST(way > kMutations / 20);
}

// A tree of 40 nodes, each of which has both references to the next one: 2^40 ways to walk it.
BOOST_AUTO_TEST_CASE(a_tree_whose_branches_meet_again) {
    test::MmdbWriter writer("Test-City", 6, 32);
    writer.insert(IpAddress::parse("2001:db8::/60").value(), MmdbMap{});
    std::string bytes = writer.bytes();
    for (std::size_t node = 0; node < 59; ++node)
        for (std::size_t half = 0; half < 2; ++half) {
            const std::size_t next = node + 1;
            for (std::size_t i = 0; i < 4; ++i) bytes[node * 8 + half * 4 + i] = static_cast<char>(next >> 8 * (3 - i));
        }
    const MemoryFile file;
    file.write(bytes);
    const auto database = MaxMindDatabase::open(file.path()).value();
    BOOST_TEST(!database->lookup(IpAddress::parse("2001:db8::1").value()).has_value());
    const auto ranges = database->ranges();
    BOOST_REQUIRE(!ranges.has_value());
    BOOST_TEST(ranges.error() ==
               file.path().string() + ": found a tree that refers to itself, expected a sound MaxMind DB");
}

BOOST_AUTO_TEST_CASE(a_reference_behind_the_data) {
    test::MmdbWriter writer("Test-City", 4, 32);
    writer.insert(IpAddress::parse("0.0.0.0/1").value(), MmdbMap{});
    std::string bytes = writer.bytes();
    for (const std::string_view reference : {std::string_view("\x7f\xff\xff\xff"), std::string_view("\0\0\0\x07", 4)}) {
        bytes.replace(0, 4, reference);
        const MemoryFile file;
        file.write(bytes);
        const auto database = MaxMindDatabase::open(file.path()).value();
        BOOST_TEST(!database->lookup(IpAddress::parse("1.2.3.4").value()).has_value());
        const auto ranges = database->ranges();
        BOOST_REQUIRE(!ranges.has_value());
        BOOST_TEST(ranges.error().find(": found a record outside the data, expected") != std::string::npos);
    }
}

// libmaxminddb 1.7 reckons the size of the tree in 32 bits: these counts of nodes make it small again, and reading
// begins some gigabytes behind the file.
BOOST_AUTO_TEST_CASE(a_tree_larger_than_the_file) {
    Random random(53);
    for (const std::uint16_t ip_version : std::initializer_list<std::uint16_t>{4, 6}) {
        for (const std::uint16_t record_size : std::initializer_list<std::uint16_t>{24, 28, 32}) {
            Sound sound(random, ip_version, record_size);
            const std::uint64_t wrap = (std::uint64_t{1} << 32U) / sound.node_bytes();
            const std::size_t at = sound.value_of("node_count") + 1;
            for (const std::uint64_t count :
                 {wrap, wrap + 1, wrap + sound.nodes, 2 * wrap + 9, std::uint64_t{0x7fff'ffff},
                  std::uint64_t{0xffff'ffff}, (sound.bytes.size() - 16) / sound.node_bytes() + 1}) {
                for (std::size_t i = 0; i < 4; ++i) sound.bytes[at + i] = static_cast<char>(count >> 8 * (3 - i));
                const MemoryFile file;
                file.write(sound.bytes);
                const auto database = MaxMindDatabase::open(file.path());
                BOOST_REQUIRE(!database.has_value());
                BOOST_TEST(database.error().find(": found a tree larger than the file, expected") != std::string::npos,
                           database.error());
            }
        }
    }
}

// A map of pointers to a map of pointers to ... of a few hundred bytes unfolds to gigabytes in libmaxminddb.
BOOST_AUTO_TEST_CASE(pointers_in_the_metadata_are_refused) {
    const std::string text = "made by a test", text_value = std::string(1, '\x4e') + text;
    for (const std::string& pointer : {std::string("\x20\x00", 2), std::string("\x38\x00\x00\x00\x00", 5)}) {
        std::string bytes = test::MmdbWriter().bytes();
        const std::size_t at = bytes.rfind(text_value);
        BOOST_REQUIRE(at != std::string::npos);
        bytes.replace(at, text_value.size(), pointer);
        const MemoryFile file;
        file.write(bytes);
        const auto database = MaxMindDatabase::open(file.path());
        BOOST_REQUIRE(!database.has_value());
        BOOST_TEST(database.error().find(": found pointers in the metadata, expected") != std::string::npos,
                   database.error());
    }
}

// A database of neither IPv4 nor IPv6 would be walked one way and looked up in another.
BOOST_AUTO_TEST_CASE(an_unknown_version_of_ip_is_refused) {
    for (const std::uint16_t version : std::initializer_list<std::uint16_t>{0, 5, 7}) {
        const MemoryFile file;
        file.write(test::MmdbWriter("Test-City", version).bytes());
        const auto database = MaxMindDatabase::open(file.path());
        BOOST_REQUIRE(!database.has_value());
        BOOST_TEST(database.error().find("metadata") != std::string::npos, database.error());
    }
}

// Copying over the file instead of renaming a new one cuts it off while it is in use.
BOOST_AUTO_TEST_CASE(a_file_cut_off_while_it_is_in_use) {
    Random random(52);
    const Sound sound(random, 6, 28);
    const test::TemporaryDirectory directory("hostile");
    const auto path = directory.path() / "city.mmdb";
    test::write_file(path, sound.bytes);
    const auto database = MaxMindDatabase::open(path).value();
    std::vector<std::optional<Place>> before;
    for (const IpAddress& network : sound.networks) before.push_back(database->lookup(network));
    BOOST_TEST(std::ranges::any_of(before, [](const auto& place) { return place.has_value(); }));
    const auto ranges_before = database->ranges().value();
    for (const std::size_t size : {sound.bytes.size() / 2, std::size_t{0}}) {
        std::filesystem::resize_file(path, size);
        for (std::size_t i = 0; i < sound.networks.size(); ++i)
            BOOST_TEST((database->lookup(sound.networks[i]) == before[i]));
        const auto ranges = database->ranges();
        BOOST_REQUIRE(ranges.has_value());
        BOOST_TEST((ranges->v4 == ranges_before.v4 && ranges->v6 == ranges_before.v6));
        BOOST_TEST((ranges->locations == ranges_before.locations));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::geo
