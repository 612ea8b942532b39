#include "tests/chaos/moments.hpp"

#include <poll.h>
#include <sys/inotify.h>

#include <thread>

namespace guard::chaos {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 1200ms;

// False as well when the server is away; one that hangs would not even say so.
template <class Work>
bool ask(const World& world, Work work) {
    if (world.postgres_hangs) return false;
    try {
        return work();
    } catch (const pqxx::failure&) {
        return false;
    }
}

// Asks as fast as the server answers.
bool await_row(World& world, const char* sql) {
    return ask(world, [&] {
        pqxx::connection connection(world.isp.postgres.connection_string());
        const auto end = std::chrono::steady_clock::now() + kPatience;
        while (std::chrono::steady_clock::now() < end) {
            pqxx::nontransaction transaction(connection);
            if (!transaction.exec(sql).empty()) return true;
        }
        return false;
    });
}

class Heard final : public pqxx::notification_receiver {
  public:
    using pqxx::notification_receiver::notification_receiver;
    void operator()(const std::string&, int) override {}
};

}  // namespace

bool await_recording(World& world) {
    return await_row(world,
                     "SELECT 1 FROM pg_locks WHERE relation = 'guard.suspension'::regclass AND mode = "
                     "'RowExclusiveLock'");
}

bool await_sent(World& world) {
    return await_change(world.isp.mail.spool());
}

bool await_sending(World& world) {
    return await_row(world, "SELECT 1 FROM guard.delivery WHERE state = 'sending'");
}

bool await_recorded(World& world) {
    return ask(world, [&] {
        pqxx::connection connection(world.isp.postgres.connection_string());
        const Heard heard(connection, "guard_enforcement");
        return connection.await_notification(1, 200'000) > 0;
    });
}

bool await_change(const std::filesystem::path& directory) {
    const Descriptor watch(inotify_init1(IN_CLOEXEC));
    if (!watch || inotify_add_watch(watch.get(), directory.c_str(), IN_CREATE | IN_MODIFY | IN_MOVED_TO) < 0)
        return false;
    pollfd polled{watch.get(), POLLIN, 0};
    return poll(&polled, 1, static_cast<int>(kPatience.count())) > 0;
}

void a_little_later(World& world, std::chrono::microseconds most) {
    if (world.random() % 3 == 0) return;
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::uniform_int_distribution<std::int64_t>(0, most.count())(world.random)));
}

}  // namespace guard::chaos
