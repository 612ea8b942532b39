// The core behind its C border, without a server: the rules of time to the microsecond, faults, threads.
#include "rlm_pppoe_guard/guard_core.h"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <cstring>
#include <new>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "enforcement/publisher.hpp"
#include "event/identity.hpp"
#include "spool/reader.hpp"
#include "tests/support/process.hpp"

namespace {

thread_local bool out_of_memory = false;

}  // namespace

// Memory runs out when the test says so.
void* operator new(std::size_t size) {
    if (out_of_memory) throw std::bad_alloc();
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

using namespace guard;

namespace {

constexpr std::int64_t kReceived = 1'772'323'200'500'000;  // half a second past a full one
constexpr std::uint32_t kSecond = 1'772'323'200;
const std::string kLongId = "a-subscriber-with-a-name-that-no-small-string-holds@isp.example";

std::atomic<int> warnings{0};
void count_warning(const char*, const char*) {
    ++warnings;
}

guard_text_t text(std::string_view value) {
    return {value.data(), value.size()};
}

struct Core {
    explicit Core(guard_service_t service = GUARD_SERVICE_PPPOE) : work("core") {
        warnings = 0;
        options.service = service;
        options.table = table.c_str();
        options.spool_directory = work.path().c_str();
        options.segment_bytes = 1 << 20;
        options.quota_bytes = 64 << 20;
        options.retention = 48 * 3600;
        options.max_skew = 300;
        options.warn = count_warning;
        options.name = "test";
        core = guard_core_open(&options);
        BOOST_REQUIRE(core != nullptr);
        guard_core_start(core);
    }
    ~Core() { guard_core_close(core); }
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    std::string figure(const char* name) {
        char buffer[64];
        const int length = guard_core_figure(core, name, buffer, sizeof buffer);
        return length < 0 ? "none" : std::string(buffer, static_cast<std::size_t>(length));
    }
    // A Start that differs from all others by its session.
    static guard_message_t start(const std::string& session) {
        guard_message_t message;
        std::memset(&message, 0, sizeof message);
        message.kind = GUARD_KIND_ASSIGN;
        message.id = text("u0001");
        message.session = text(session);
        message.received = kReceived;
        message.nas.width = message.nas.prefix_length = 32;
        return message;
    }
    std::vector<LoginEvent> events() {
        std::vector<LoginEvent> events;
        spool::Reader reader(work.path());
        for (; reader.peek() != nullptr; reader.pop()) events.push_back(*reader.peek());
        return events;
    }
    // Suspends `id` and blocks 203.0.113.66.
    void suspend(const std::string& id) {
        enforcement::publish(enforcement::Table::build(1, HashKey{}, IdNormalisation{}.fingerprint(),
                                                       {{static_cast<Service>(options.service), id}},
                                                       {{*IpAddress::parse("203.0.113.66"), Time::max()}}),
                             table);
        // The core looks every 20 ms.
        BOOST_REQUIRE(test::wait_until([&] { return figure("generation") == "1"; }, std::chrono::seconds{5}));
    }

    test::TemporaryDirectory work;
    const std::string table = work.path() / "table";
    guard_options_t options{};
    guard_core_t* core = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(core)

BOOST_AUTO_TEST_CASE(time_is_event_timestamp_or_arrival_less_delay) {
    struct Case {
        bool has_timestamp;
        std::uint32_t timestamp, delay;
        std::int64_t time;
        bool clamped;
    };
    constexpr std::int64_t kUnit = 1'000'000;
    const Case cases[] = {
        {false, 0, 0, kReceived, false},
        {false, 0, 30, kReceived - 30 * kUnit, false},
        {true, kSecond - 5, 0, (kSecond - 5) * kUnit, false},
        {true, kSecond - 5, 5, kReceived - 5 * kUnit, false},      // the same second: arrival is finer
        {true, kSecond - 5, 4, (kSecond - 5) * kUnit, false},      // the second before: the NAS knows better
        {true, kSecond + 300, 0, (kSecond + 300) * kUnit, false},  // 299.5 s
        {true, kSecond + 301, 0, kReceived, true},                 // 300.5 s
        {true, kSecond - 299, 0, (kSecond - 299) * kUnit, false},  // 299.5 s
        {true, kSecond - 300, 0, kReceived, true},                 // 300.5 s
        {true, 0, 0, kReceived, true},
        {true, 0xffffffff, 10, kReceived - 10 * kUnit, true},
        {false, 0, 86400, kReceived - 86400 * kUnit, false},
        {false, 0, 86401, kReceived, true},
    };
    int number = 0, clamped = 0;
    for (const Case& one : cases) {
        const std::string session = "s" + std::to_string(++number);
        auto message = Core::start(session);
        message.has_timestamp = one.has_timestamp;
        message.timestamp = one.timestamp;
        message.delay = one.delay;
        // One event a core: the reader gives them in the order of their times.
        Core fresh;
        BOOST_TEST(guard_core_record(fresh.core, &message));
        const auto events = fresh.events();
        BOOST_REQUIRE_EQUAL(events.size(), 1U);
        BOOST_TEST(events[0].time.time_since_epoch().count() == one.time, "case " << number);
        BOOST_TEST(fresh.figure("clamped") == (one.clamped ? "1" : "0"), "case " << number);
        clamped += one.clamped ? 1 : 0;
    }
    BOOST_TEST(clamped == 5);
}

BOOST_FIXTURE_TEST_CASE(out_of_memory_lets_everybody_in_and_is_counted, Core) {
    suspend(kLongId);
    BOOST_TEST(guard_core_check(core, text(kLongId), text("")) == GUARD_VERDICT_SUSPENDED);
    auto message = start("s1");
    message.id = text(kLongId);

    out_of_memory = true;
    const auto verdict = guard_core_check(core, text(kLongId), text(""));
    const bool recorded = guard_core_record(core, &message);
    char buffer[16];
    const int length = guard_core_figure(core, "a-figure-whose-name-is-too-long-to-be-one", buffer, sizeof buffer);
    out_of_memory = false;

    BOOST_TEST(verdict == GUARD_VERDICT_PASS);
    BOOST_TEST(!recorded);
    BOOST_TEST(length == -1);
    BOOST_TEST(figure("faults") == "2");
    // And nothing is left broken.
    BOOST_TEST(guard_core_check(core, text(kLongId), text("")) == GUARD_VERDICT_SUSPENDED);
    BOOST_TEST(guard_core_record(core, &message));
    BOOST_TEST(events().size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_address_is_blocked_for_smtp_alone) {
    for (const auto service : {GUARD_SERVICE_PPPOE, GUARD_SERVICE_SMTP_AUTH}) {
        Core core(service);
        core.suspend("u0001");
        const auto check = [&](std::string_view id, std::string_view client) {
            return guard_core_check(core.core, text(id), text(client));
        };
        BOOST_TEST(check("u0002", "203.0.113.66") ==
                   (service == GUARD_SERVICE_PPPOE ? GUARD_VERDICT_PASS : GUARD_VERDICT_BLOCKED));
        BOOST_TEST(check("u0002", "203.0.113.67") == GUARD_VERDICT_PASS);
        BOOST_TEST(check("U0001", "203.0.113.66") == GUARD_VERDICT_SUSPENDED);
        // Nothing to go by is no reason to refuse.
        BOOST_TEST(check("", "") == GUARD_VERDICT_PASS);
        BOOST_TEST(guard_core_check(core.core, guard_text_t{nullptr, 0}, guard_text_t{nullptr, 0}) ==
                   GUARD_VERDICT_PASS);
        BOOST_TEST(core.figure("faults") == "0");
    }
}

BOOST_AUTO_TEST_CASE(without_memory_there_is_no_core) {
    Core other;
    out_of_memory = true;
    guard_core_t* core = guard_core_open(&other.options);
    out_of_memory = false;
    BOOST_TEST(core == nullptr);
    guard_core_close(nullptr);  // as detach does when the server only checked the configuration
}

BOOST_FIXTURE_TEST_CASE(figures_have_names_and_fit, Core) {
    for (const char* name :
         {"appended", "dropped", "unusable", "clamped", "duplicates", "suspended", "blocked", "faults", "generation"})
        BOOST_TEST(figure(name) == "0");
    BOOST_TEST(figure("table") == "absent");
    BOOST_TEST(figure("") == "none");
    BOOST_TEST(figure("tables") == "none");
    char one[1];
    BOOST_TEST(guard_core_figure(core, "appended", one, sizeof one) == -1);
}

BOOST_FIXTURE_TEST_CASE(more_addresses_than_a_session_has_are_unusable, Core) {
    auto message = start("s1");
    message.address_count = GUARD_MAX_ADDRESSES + 1;
    BOOST_TEST(!guard_core_record(core, &message));
    message = start("s2");
    message.address_count = 1;
    message.addresses[0].width = 64;
    BOOST_TEST(!guard_core_record(core, &message));
    BOOST_TEST(figure("unusable") == "2");
}

BOOST_FIXTURE_TEST_CASE(any_number_of_threads_may_ask, Core) {
    constexpr int kThreads = 8, kEach = 2000;
    suspend(kLongId);
    std::atomic<int> suspended{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&, thread] {
            for (int i = 0; i < kEach; ++i) {
                const std::string session = std::to_string(thread) + "-" + std::to_string(i);
                const auto message = start(session);
                guard_core_record(core, &message);
                guard_core_record(core, &message);
                if (guard_core_check(core, text(kLongId), text("")) == GUARD_VERDICT_SUSPENDED) ++suspended;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    BOOST_TEST(suspended == kThreads * kEach);
    BOOST_TEST(figure("appended") == std::to_string(kThreads * kEach));
    BOOST_TEST(figure("duplicates") == std::to_string(kThreads * kEach));
    BOOST_TEST(figure("dropped") == "0");
    BOOST_TEST(events().size() == std::size_t{kThreads * kEach});
    BOOST_TEST(warnings == 1);  // of the table that was not there at the start
}

BOOST_AUTO_TEST_SUITE_END()
