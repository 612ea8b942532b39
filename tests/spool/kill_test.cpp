// radiusd is killed at any instant: every event whose append returned is read exactly once, whoever reads and however
// often the reader itself starts anew.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <map>
#include <random>
#include <thread>

#include "tests/spool/spool_fixture.hpp"

using namespace guard;
using namespace guard::spool;
using namespace guard::test;
using std::chrono::milliseconds;

namespace {

constexpr int kRounds = 50;
constexpr unsigned kThreads = 3;
constexpr std::uint64_t kPerRound = 1'000'000;
constexpr unsigned kKillAfter = 2500;  // acknowledged events at most: about two segments

// A process that appends from several threads and reports each acknowledged number through a pipe, until it is killed.
class AppendingProcess {
  public:
    AppendingProcess(const WriterOptions& options, std::uint64_t first, Time now) {
        BOOST_REQUIRE(pipe(pipe_.data()) == 0);
        pid_ = fork();
        BOOST_REQUIRE(pid_ >= 0);
        if (pid_ == 0) run(options, first, now);
        close(pipe_[1]);
    }
    ~AppendingProcess() {
        if (pid_ > 0) end();
        close(pipe_[0]);
    }
    AppendingProcess(const AppendingProcess&) = delete;
    AppendingProcess& operator=(const AppendingProcess&) = delete;

    // 0 when there is no more.
    [[nodiscard]] std::uint64_t acknowledged() const {
        std::uint64_t number = 0;
        return read(pipe_[0], &number, sizeof number) == ssize_t{sizeof number} ? number : 0;
    }
    // True when it died of the signal, and not of itself before.
    bool end() {
        int status = 0;
        kill(pid_, SIGKILL);
        waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }

  private:
    [[noreturn]] void run(const WriterOptions& options, std::uint64_t first, Time now) const {
        Writer writer(options, {});
        const auto append = [&](unsigned thread) {
            for (std::uint64_t number = first + thread; number < first + kPerRound; number += kThreads)
                // Arrivals seconds apart, so that the header too is being written all the time.
                if (!writer.append(numbered_event(number, now), now + std::chrono::seconds{2 * (number % 2)}) ||
                    write(pipe_[1], &number, sizeof number) != ssize_t{sizeof number})
                    _exit(1);
        };
        std::vector<std::thread> threads;
        for (unsigned thread = 1; thread < kThreads; ++thread) threads.emplace_back(append, thread);
        append(0);
        _exit(2);
    }

    std::array<int, 2> pipe_{};
    pid_t pid_ = -1;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(spool_kill)

BOOST_AUTO_TEST_CASE(every_acknowledged_event_is_read_exactly_once) {
    const std::uint64_t seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    SpoolDirectory directory;
    std::map<std::uint64_t, unsigned> times_read;
    std::vector<std::uint64_t> acknowledged;
    std::string position = "0";
    std::uint64_t torn = 0;
    const auto read_some = [&](std::uint64_t most) {
        Reader reader(directory.path(), Position::parse(position).value());
        for (; most > 0; --most) {
            const LoginEvent* event = reader.peek();
            if (event == nullptr) break;
            const std::uint64_t number = number_of(*event);
            BOOST_REQUIRE(*event == numbered_event(number, event->time));
            ++times_read[number];
            reader.pop();
        }
        position = reader.position().to_string();
        torn += reader.counters().torn;
        BOOST_TEST(reader.counters().malformed + reader.counters().unreadable == 0U);
    };
    for (int round = 1; round <= kRounds; ++round) {
        const Time now = kStart + milliseconds{round};
        AppendingProcess process(directory.options(), static_cast<std::uint64_t>(round) * kPerRound, now);
        for (std::uint64_t left = random() % kKillAfter; left > 0; --left) {
            acknowledged.push_back(process.acknowledged());
            BOOST_REQUIRE(acknowledged.back() != 0U);
        }
        if (round % 4 == 0) read_some(random() % 1000);  // beside the living writer
        BOOST_TEST(process.end(), "seed " << seed << " round " << round);
        while (const std::uint64_t number = process.acknowledged()) acknowledged.push_back(number);
        read_some(random() % 3000);
    }
    read_some(~std::uint64_t{0});
    for (const std::uint64_t number : acknowledged)
        BOOST_TEST(times_read.contains(number), "seed " << seed << ": lost " << number);
    for (const auto& [number, times] : times_read)
        BOOST_TEST(times == 1U, "seed " << seed << ": " << number << " was read " << times << " times");
    BOOST_TEST(acknowledged.size() > 10'000U);
    BOOST_TEST_MESSAGE(acknowledged.size() << " acknowledged, " << times_read.size() << " read, " << torn << " torn");
}

BOOST_AUTO_TEST_SUITE_END()
