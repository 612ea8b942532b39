#include "analyzer/daemon/enforcer.hpp"

#include <optional>
#include <pqxx/binarystring>
#include <thread>

#include "analyzer/daemon/once_a_minute.hpp"
#include "analyzer/daemon/wakeup.hpp"
#include "enforcement/publisher.hpp"
#include "event/file.hpp"

namespace guard::daemon {
namespace {

constexpr auto kShortestInterval = std::chrono::milliseconds{50};
constexpr std::uint64_t kMaxTableBytes = 1 << 30;

// Its only purpose is to end await_notification().
class Woken final : public pqxx::notification_receiver {
  public:
    using pqxx::notification_receiver::notification_receiver;
    void operator()(const std::string&, int) override {}
};

std::uint64_t published_generation(const std::filesystem::path& file) {
    try {
        const auto table = enforcement::Table::from_bytes(read_file(file, kMaxTableBytes));
        return table ? table->generation() : 0;
    } catch (const std::system_error&) {
        return 0;  // none yet
    }
}

std::string bytes_of(const enforcement::Table& table) {
    const auto bytes = table.to_bytes();
    return {bytes.begin(), bytes.end()};
}

}  // namespace

Enforcer::Enforcer(const config::Settings& settings)
    : settings_(settings), link_(settings, "pppoe-guard-enforcer"), generation_(published_generation(settings.table)) {}

void Enforcer::run(const std::stop_token& stop) {
    OnceAMinute trouble;
    Wakeup pause;
    while (!stop.stop_requested()) {
        try {
            serve(link_.get(), stop);
        } catch (const std::exception& error) {
            link_.drop();
            if (stop.stop_requested()) return;
            ++status_.failures;
            trouble.warn(std::string("event=enforcer_waits detail=\"the published table stays as it is: ") +
                         error.what() + '"');
            pause.wait_for(std::chrono::seconds{1}, stop);
        }
    }
}

void Enforcer::serve(pqxx::connection& connection, const std::stop_token& stop) {
    std::optional<Woken> woken;
    {
        const sql::DatabaseLink::Use use(link_);
        woken.emplace(connection, "guard_enforcement");
    }
    while (!stop.stop_requested()) {
        const auto began = std::chrono::steady_clock::now();
        {
            const sql::DatabaseLink::Use use(link_);
            refresh(connection);
        }
        // Returns at once, and with nothing, when the connection is lost: the refresh after the pause then throws.
        connection.await_notification(1, 0);
        const auto spent = std::chrono::steady_clock::now() - began;
        if (spent < kShortestInterval) std::this_thread::sleep_for(kShortestInterval - spent);
    }
}

Enforcer::Content Enforcer::read(pqxx::connection& connection) {
    Content content;
    pqxx::read_transaction transaction(connection);
    for (const auto& row :
         transaction.exec("SELECT service, id FROM guard.suspension WHERE released_at IS NULL ORDER BY 1, 2"))
        if (const auto service = parse_service(row[0].c_str()))
            content.ids.push_back({*service, pqxx::binarystring(row[1]).str()});
    for (const auto& row : transaction.exec(
             "SELECT host(source), masklen(source), (extract(epoch FROM expires_at) * 1000000)::bigint FROM "
             "guard.block "
             "WHERE enforced AND ended_at IS NULL AND expires_at > clock_timestamp() ORDER BY source, expires_at"))
        if (const auto source = IpAddress::parse(std::string(row[0].c_str()) + '/' + row[1].c_str()))
            content.sources.push_back({*source, Time{Microseconds{row[2].as<std::int64_t>()}}});
    return content;
}

void Enforcer::refresh(pqxx::connection& connection) {
    if (paused_) return;
    const Content content = read(connection);
    // The same content under a fixed key and generation gives the same bytes.
    const auto fingerprint = settings_.identity.fingerprint();
    std::string compared = bytes_of(enforcement::Table::build(0, HashKey{}, fingerprint, content.ids, content.sources));
    if (any_published_ && compared == published_) return;
    publish(content);
    published_ = std::move(compared);
    any_published_ = true;
}

void Enforcer::publish(const Content& content) {
    const auto table = enforcement::Table::build(generation_ + 1, random_key(), settings_.identity.fingerprint(),
                                                 content.ids, content.sources);
    enforcement::publish(table, settings_.table);
    ++generation_;
    status_.generation = generation_;
    status_.suspended = table.suspended_count();
    status_.blocked = table.blocked_count();
    ++status_.published;
    spdlog::debug("event=table_published generation={} suspended={} blocked={}", generation_, table.suspended_count(),
                  table.blocked_count());
}

}  // namespace guard::daemon
