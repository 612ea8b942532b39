// radiusd is killed at any instant, under load, again and again: whatever it had answered is in the spool, once, and
// whoever reads goes on.
#include <boost/test/unit_test.hpp>
#include <charconv>
#include <fstream>
#include <random>
#include <thread>

#include "tests/rlm_pppoe_guard/guarded_server.hpp"
#include "tests/support/radius_load.hpp"

using namespace guard;
using namespace guard::test;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint32_t kRounds = 50;
constexpr std::uint32_t kPerRound = 15'000;  // more than is answered within kLatestKill
constexpr milliseconds kEarliestKill{50}, kLatestKill{400};

// Request `number` of all rounds has an ID of its own, so that its event can be told from all others.
Kind kind_of(std::uint32_t number) {
    constexpr std::array kKinds{Kind::accept, Kind::reject, Kind::assign};
    return kKinds[number % kKinds.size()];
}

// Long, so that segments are soon full: a kill then also hits the going over from one to the next.
constexpr std::string_view kPadding =
    "-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

LoadRequest request(std::uint32_t number) {
    LoadRequest result;
    result.id = "k" + std::to_string(number) + std::string(kPadding);
    if (kind_of(number) == Kind::reject) result.password = "wrong";
    if (kind_of(number) == Kind::assign) {
        result.type = RequestType::accounting;
        result.session = "s" + std::to_string(number);
        result.address = 0x0a000000U + number;
    }
    return result;
}

std::uint8_t answer_to(std::uint32_t number) {
    constexpr std::uint8_t kAccept = 2, kReject = 3, kAccountingResponse = 5;
    const Kind kind = kind_of(number);
    return kind == Kind::accept ? kAccept : kind == Kind::reject ? kReject : kAccountingResponse;
}

// What the analyzer does: one reader from the first segment to the last, while writers come and go.
class Follower {
  public:
    explicit Follower(const std::filesystem::path& spool) : times_read_(kRounds * kPerRound), reader_(spool) {
        thread_ = std::jthread([this] { follow(); });
    }
    ~Follower() { ending_ = true; }
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    [[nodiscard]] std::uint32_t read_of_round(std::uint32_t round) const { return of_round_.at(round); }
    // Once nobody writes any more: reads the rest and ends.
    void finish() {
        ending_ = true;
        thread_.join();
    }
    // After finish().
    [[nodiscard]] unsigned times_read(std::uint32_t number) const { return times_read_.at(number); }
    [[nodiscard]] const spool::ReaderCounters& counters() const { return reader_.counters(); }
    [[nodiscard]] const std::string& failure() const { return failure_; }  // empty: none

  private:
    void follow() {
        try {
            for (;;) {
                const bool last = ending_;
                while (const LoginEvent* event = reader_.peek()) {
                    take(*event);
                    reader_.pop();
                }
                if (last) return;
                std::this_thread::sleep_for(milliseconds(1));  // the analyzer's pause, only shorter
            }
        } catch (const std::exception& error) {
            failure_ = error.what();
        }
    }
    void take(const LoginEvent& event) {
        std::uint32_t number = 0;
        const char* const end = event.id.data() + event.id.size() - std::min(event.id.size(), kPadding.size());
        const bool known = event.id.starts_with('k') && event.id.ends_with(kPadding) &&
                           std::from_chars(event.id.data() + 1, end, number).ptr == end &&
                           number < times_read_.size() && event.kind == kind_of(number);
        if (!known) throw std::runtime_error("nobody sent " + event.id);
        ++times_read_[number];
        ++of_round_.at(number / kPerRound);
    }

    std::vector<unsigned> times_read_;  // by the thread alone until finish()
    std::array<std::atomic<std::uint32_t>, kRounds> of_round_{};
    std::atomic<bool> ending_{false};
    spool::Reader reader_;
    std::string failure_;
    std::jthread thread_;
};

// One run of load beside the test. Goes with the object, whatever has become of the server.
class Sender {
  public:
    Sender(const PreparedLoad& load, const LoadOptions& options)
        : thread_([this, &load, options] { result_ = run_load(load, options, control_); }) {}
    ~Sender() { control_.abandon = true; }
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    [[nodiscard]] std::uint64_t answered() const { return control_.answered; }
    // What was answered until now.
    [[nodiscard]] const LoadResult& finish() {
        control_.abandon = true;
        thread_.join();
        return result_;
    }

  private:
    LoadControl control_;
    LoadResult result_;
    std::jthread thread_;
};

// A server that takes any ID, and the load that it is killed under.
class Victim {
  public:
    Victim() {
        auto config = guarded.config(Setup{});
        config.users = "DEFAULT\tCleartext-Password := \"pw\"\n";
        guarded.server.configure(config);
    }

    // Kills the server at `after` from its first answer. What it had answered by then is in answers().
    void round(std::uint32_t round, milliseconds after, const Follower& follower) {
        PreparedLoad load;
        for (std::uint32_t i = 0; i < kPerRound; ++i) load.add(request(round * kPerRound + i));
        guarded.server.start();
        Sender sender(load, {.auth_port = guarded.server.auth_port(), .acct_port = guarded.server.acct_port()});
        BOOST_TEST(wait_until([&] { return sender.answered() != 0; }, seconds(30)), guarded.server.log());
        std::this_thread::sleep_for(after);  // the instant itself is what is tried out
        BOOST_TEST(guarded.server.running(), guarded.server.log());
        guarded.server.kill();
        const LoadResult& result = sender.finish();
        BOOST_TEST(result.unexpected == 0U);
        for (const LoadAnswer& answer : result.answers) {
            const std::uint32_t number = round * kPerRound + answer.number;
            BOOST_REQUIRE(answer.code == answer_to(number));
            answered_.push_back(number);
        }
        BOOST_TEST(wait_until([&] { return follower.read_of_round(round) != 0; }, seconds(30)),
                   "nothing is read of round " << round);
    }

    [[nodiscard]] const std::vector<std::uint32_t>& answered() const { return answered_; }

    GuardedServer guarded;

  private:
    std::vector<std::uint32_t> answered_;
};

std::vector<std::filesystem::path> unnamed_segments(const std::filesystem::path& spool) {
    std::vector<std::filesystem::path> result;
    for (const auto& entry : std::filesystem::directory_iterator(spool))
        if (entry.path().extension() == spool::kUnnamedSuffix) result.push_back(entry.path());
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(radius_kill)

BOOST_AUTO_TEST_CASE(what_was_answered_before_a_kill_is_in_the_spool_once) {
    const std::uint64_t seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    std::uniform_int_distribution<milliseconds::rep> instants(kEarliestKill.count(), kLatestKill.count());
    Victim victim;
    Follower follower(victim.guarded.spool());
    for (std::uint32_t round = 0; round < kRounds; ++round)
        victim.round(round, milliseconds{instants(random)}, follower);
    follower.finish();

    BOOST_TEST(follower.failure().empty(), follower.failure());
    std::size_t lost = 0, twice = 0, read = 0;
    for (const std::uint32_t number : victim.answered()) lost += follower.times_read(number) == 0 ? 1U : 0U;
    for (std::uint32_t number = 0; number < kRounds * kPerRound; ++number) {
        twice += follower.times_read(number) > 1 ? 1U : 0U;
        read += follower.times_read(number);
    }
    BOOST_TEST(lost == 0U, "seed " << seed);
    BOOST_TEST(twice == 0U, "seed " << seed);
    const auto& counters = follower.counters();
    BOOST_TEST(counters.malformed + counters.unreadable + counters.deleted_unread == 0U, "seed " << seed);
    BOOST_TEST(victim.answered().size() > kRounds * 100U);
    // Rotation must have been under way, too.
    const auto segments = spool::list_segments(victim.guarded.spool()).size();
    BOOST_TEST(segments > kRounds);
    BOOST_TEST_MESSAGE(victim.answered().size()
                       << " answered, " << read << " read, " << counters.torn << " torn, " << segments << " segments, "
                       << unnamed_segments(victim.guarded.spool()).size() << " of them never named");
}

// A kill between the making of a segment and its naming is rare: one is put there by hand.
BOOST_AUTO_TEST_CASE(segments_that_a_kill_left_without_a_name_go) {
    GuardedServer guarded;
    const auto left = guarded.spool() / ("1234567890123456789" + std::string(spool::kUnnamedSuffix));
    write_file(left, std::string(64 * 1024, '\0'), guarded.server.user());
    std::filesystem::last_write_time(left, std::filesystem::file_time_type::clock::now() - std::chrono::minutes(2));
    guarded.server.start();  // begins a segment, and looks around first
    BOOST_TEST(guarded.login("u0001").code == "Access-Accept");
    BOOST_TEST(unnamed_segments(guarded.spool()).empty());
    BOOST_TEST(guarded.events().size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
