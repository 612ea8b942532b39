// Control inputs on disk: what was appended comes back, whatever the process died of.
#include "analyzer/daemon/control_journal.hpp"

#include <sys/stat.h>
#include <boost/test/unit_test.hpp>

#include <system_error>

#include "tests/support/process.hpp"

namespace guard::daemon {
namespace {

using namespace std::chrono_literals;

const Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
constexpr std::chrono::steady_clock::time_point kStart{};
const std::string kBytes("a\0\xff'\n", 5);
const SubscriberKey kKey{Service::smtp_auth, kBytes};

// One of each kind, with everything in it that has a value of its own.
std::vector<ControlInput> one_of_each() {
    detection::Contract contract{3, geo::Code::parse("JP-01").value()};
    return {Release{1, Service::smtp_auth, kBytes, kNow},
            Verdict{Verdict::Kind::ordinary, 2, Service::pppoe, kBytes, kNow, {geo::Code::parse("JP-46").value()}},
            BreakerState{true},
            Lag{true},
            Tick{kNow + 1us},
            Present{kNow},
            Present{},
            Actions{config::Mode::review, config::Profile::cautious, {{"pppoe.jump", config::Mode::enforce}}},
            AllowList{{{kKey, kNow}}},
            ContractChanges{{{kKey, std::nullopt, contract}, {kKey, contract, std::nullopt}}},
            Places{"12ab"},
            Suspensions{{{Service::pppoe, kBytes, kNow}}},
            TakenByTime{{{kNow, 1}}, {{kNow, 2}, {kNow, 3}}},
            BreakerCounts{{{Service::pppoe, kBytes, kNow, IpAddress::parse("2001:db8::/56").value()},
                           {Service::smtp_auth, kBytes, kNow, std::nullopt}}}};
}

struct Directory {
    guard::test::TemporaryDirectory state{"journal"};

    [[nodiscard]] ControlJournal begun(std::uint64_t number = 0, Time now = kNow) const {
        ControlJournal journal(state.path());
        journal.begin(number, now, kStart);
        return journal;
    }
    [[nodiscard]] std::vector<std::filesystem::path> files() const {
        std::vector<std::filesystem::path> found;
        for (const auto& file : std::filesystem::directory_iterator(state.path())) found.push_back(file.path());
        std::ranges::sort(found);
        return found;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(control_journal, Directory)

BOOST_AUTO_TEST_CASE(every_kind_comes_back_as_it_was_with_its_place) {
    const Positions positions{{"/spool/a", "12 13:4096"}, {kBytes, kBytes}};
    {
        ControlJournal journal = begun();
        std::uint64_t number = 0;
        for (const auto& input : one_of_each()) BOOST_TEST(journal.append(input, positions, kNow) == ++number);
        journal.sync();
    }
    struct stat status {};
    BOOST_REQUIRE(::stat(files()[0].c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777U) == 0600U);
    ControlJournal again(state.path());
    const auto entries = again.take_entries();
    BOOST_REQUIRE(entries.size() == one_of_each().size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        BOOST_TEST((entries[i].input == one_of_each()[i]), "kind " << entries[i].input.index());
        BOOST_TEST(entries[i].number == i + 1);
        BOOST_TEST((entries[i].positions == positions && entries[i].at == kNow));
    }
    BOOST_TEST(again.last() == entries.size());
    BOOST_TEST(again.damaged() == 0U);
}

BOOST_AUTO_TEST_CASE(cut_off_anywhere_what_is_whole_comes_back_and_it_goes_on_behind_it) {
    std::vector<std::uint64_t> ends;
    {
        ControlJournal journal = begun();
        for (const auto& input : one_of_each()) {
            journal.append(input, {{"a", "1"}}, kNow);
            ends.push_back(journal.bytes());
        }
    }
    const auto file = files()[0];
    for (auto size = std::filesystem::file_size(file); size > 0; --size) {
        std::filesystem::resize_file(file, size - 1);
        ControlJournal journal(state.path());
        const auto whole = static_cast<std::uint64_t>(
            std::count_if(ends.begin(), ends.end(), [&](std::uint64_t end) { return end <= size - 1; }));
        BOOST_TEST_REQUIRE(journal.take_entries().size() == whole);
        BOOST_TEST_REQUIRE(journal.last() == whole);
        const bool at_an_end = size - 1 == 32 || std::ranges::find(ends, size - 1) != ends.end();
        BOOST_TEST_REQUIRE(journal.damaged() == (at_an_end ? 0U : 1U));
    }
    // The number of what was lost is given again, in a file of its own.
    ControlJournal journal(state.path());
    journal.begin(0, kNow, kStart);
    BOOST_TEST(journal.append(Lag{true}, {}, kNow) == 1U);
}

BOOST_AUTO_TEST_CASE(a_changed_byte_ends_its_file_and_not_the_next) {
    {
        ControlJournal journal = begun();
        for (int n = 0; n < 3; ++n) journal.append(Lag{true}, {}, kNow);
        journal.begin(0, kNow, kStart);
        journal.append(BreakerState{true}, {}, kNow);
    }
    std::string bytes = guard::test::read_file(files()[0]);
    bytes[bytes.size() - 2] ^= 1;
    guard::test::write_file(files()[0], bytes);
    ControlJournal journal(state.path());
    const auto entries = journal.take_entries();
    BOOST_REQUIRE(entries.size() == 3U);
    BOOST_TEST((entries[2].input == ControlInput(BreakerState{true})));
    BOOST_TEST(entries[2].number == 4U);
    BOOST_TEST(journal.damaged() == 1U);
}

BOOST_AUTO_TEST_CASE(numbers_go_on_above_what_is_recorded_even_when_the_journal_is_gone) {
    ControlJournal journal = begun(700);
    BOOST_TEST(journal.append(Lag{true}, {}, kNow) == 701U);
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_no_input) {
    for (const auto& input : one_of_each()) {
        const auto bytes = encode(input);
        for (std::size_t size = 0; size < bytes.size(); ++size)
            BOOST_TEST_REQUIRE(!decode(std::span(bytes).first(size)), "kind " << input.index() << " of " << size);
        auto longer = bytes;
        longer.push_back(0);
        BOOST_TEST(!decode(longer));
        // Whatever a byte says: no more is made room for than there is, and nothing is out of range.
        for (std::size_t at = 0; at < bytes.size(); ++at)
            for (const int value : {0x00, 0x01, 0x7f, 0xff}) {
                auto other = bytes;
                other[at] = static_cast<std::uint8_t>(value);
                if (const auto decoded = decode(other)) BOOST_TEST_REQUIRE(decode(encode(*decoded)).has_value());
            }
    }
}

BOOST_AUTO_TEST_CASE(files_go_when_all_of_them_is_past_the_term) {
    ControlJournal journal(state.path());
    for (int hour = 0; hour < 5; ++hour) {
        journal.begin(0, kNow + hour * 1h, kStart);
        journal.append(Lag{true}, {}, kNow + hour * 1h);
    }
    journal.keep_term(48h, kNow + 49h - 1s);
    BOOST_TEST(files().size() == 5U);
    // The second was begun 48 h ago: all of the first is older.
    journal.keep_term(48h, kNow + 49h);
    BOOST_TEST(files().size() == 4U);
    journal.keep_term(48h, kNow + 100h);
    BOOST_TEST(files().size() == 1U);
    BOOST_TEST(journal.append(Lag{false}, {}, kNow) == 6U);
}

BOOST_AUTO_TEST_CASE(begun_while_the_clock_was_ahead_it_goes_with_the_next) {
    ControlJournal journal(state.path());
    for (const auto time : {kNow + 365 * 24h, kNow, kNow + 1h}) {
        journal.begin(0, time, kStart);
        journal.append(Lag{true}, {}, time);
    }
    journal.keep_term(48h, kNow + 50h);
    BOOST_TEST(files().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_new_file_is_wanted_after_an_hour_or_a_mebibyte) {
    ControlJournal journal(state.path());
    BOOST_TEST(journal.wants_new_file(kStart));
    journal.begin(0, kNow, kStart);
    BOOST_TEST(!journal.wants_new_file(kStart + 1h - 1ns));
    BOOST_TEST(journal.wants_new_file(kStart + 1h));
    journal.append(Places{std::string(1 << 20, 'x')}, {}, kNow);
    BOOST_TEST(journal.wants_new_file(kStart));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::daemon
