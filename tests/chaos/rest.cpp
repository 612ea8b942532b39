#include "tests/chaos/rest.hpp"

#include "enforcement/table.hpp"
#include "event/file.hpp"
#include "spool/reader.hpp"

namespace guard::chaos {
namespace {

using namespace std::chrono_literals;

bool waited(World& world, std::string_view what, milliseconds timeout, const std::function<bool()>& condition) {
    const auto tried = [&] {
        try {
            return condition();
        } catch (const pqxx::failure&) {
            return false;  // PostgreSQL may still be at its crash recovery
        }
    };
    if (test::wait_until(tried, timeout)) return true;
    world.violation("not at rest after " + std::to_string(timeout / 1s) + " s: " + std::string(what));
    return false;
}

void all_run(World& world) {
    if (!world.isp.analyzer().running()) {
        world.violation("the analyzer has died by itself:\n" + world.isp.analyzer().output());
        world.launch_analyzer();
    }
    if (!world.isp.notifier().running()) {
        world.violation("the notifier has died by itself:\n" + world.isp.notifier().output());
        world.launch_notifier();
    }
    if (!world.isp.radius->running()) {
        world.violation("radiusd has died by itself:\n" + world.isp.radius->log());
        world.isp.radius->start();
    }
}

// A login of somebody new; when it was sent.
Time mark(World& world, What what) {
    const std::string id = "marker" + std::to_string(world.markers++) + "@isp.example";
    const auto answered = std::make_shared<std::promise<Answer>>();
    auto answer = answered->get_future();
    world.traffic->call([&] {
        world.traffic->add(std::make_shared<Errand>(
                               std::vector<Step>{{{what, id, kPassword, what == What::login ? "" : "192.0.2.99"}}},
                               true, [answered](const Answer& got) { answered->set_value(got); }),
                           0ms);
    });
    if (answer.wait_for(20s) != std::future_status::ready) throw std::runtime_error("radiusd does not answer at rest");
    return answer.get().sent;
}

// Nothing is in the spools behind the positions in the database: one that was away is looked for every ten seconds.
bool all_is_read(World& world) {
    pqxx::connection connection(world.isp.postgres.connection_string());
    pqxx::read_transaction transaction(connection);
    for (const Service service : {Service::pppoe, Service::smtp_auth}) {
        const std::filesystem::path directory = world.isp.spool(service);
        const auto rows =
            transaction.exec_params("SELECT position FROM guard.progress WHERE spool = $1", directory.string());
        if (rows.empty()) return false;
        spool::Reader reader(directory, spool::Position::parse(rows[0][0].c_str()).value());
        if (reader.peek() != nullptr) return false;
    }
    return true;
}

// All up to now is read, and what was decided for it recorded.
void analyzer_is_in_step(World& world) {
    const auto mark_both = [&] { return std::max(mark(world, What::mail_login), mark(world, What::login)); };
    const Time last = mark_both();
    // The mark itself may be one of the events that the module drops while it tries again after a disk was full.
    auto again = std::chrono::steady_clock::now() + 5s;
    waited(world, "the analyzer is not in step", 60s, [&] {
        if (std::chrono::steady_clock::now() >= again) {
            mark_both();
            again += 5s;
        }
        return world.isp.query("SELECT coalesce(min(event_time) >= '" + format_rfc3339(last) +
                               "', false) FROM guard.progress") == "t" &&
               all_is_read(world);
    });
}

// A notifier that was killed keeps its leases for five minutes, for another one that lives: not waited for here. First
// its session has to end, since a commit that is under way counts.
void end_leases(World& world) {
    for (const pid_t pid : std::exchange(world.dead_notifiers, {}))
        world.isp.execute(
            "UPDATE guard.delivery SET lease_until = clock_timestamp() WHERE lease_until > "
            "clock_timestamp() AND leased_by LIKE '%:" +
            std::to_string(pid) + ":%'");
}

bool table_is_published(World& world) {
    const auto table = enforcement::Table::from_bytes(read_file(world.isp.table(), 1 << 24));
    if (!table) return false;
    pqxx::connection connection(world.isp.postgres.connection_string());
    pqxx::read_transaction transaction(connection);
    std::size_t suspended = 0;
    for (const auto& row :
         transaction.exec("SELECT service, convert_from(id, 'UTF8') FROM guard.suspension WHERE released_at IS NULL")) {
        ++suspended;
        if (!table->is_suspended(parse_service(row[0].c_str()).value(), row[1].c_str())) return false;
    }
    return table->suspended_count() == suspended;
}

}  // namespace

void come_to_rest(World& world) {
    waited(world, "PostgreSQL", 30s, [&] { return world.isp.query("SELECT 1") == "1"; });
    all_run(world);
    world.traffic->call([&] { world.traffic->set_loading(false); });
    waited(world, "thieves who have not done yet, or logins without an answer", 30s, [&] {
        return world.traffic->call([&] {
            return std::ranges::all_of(world.thefts, [](const auto& theft) { return theft->complete(); }) &&
                   std::ranges::all_of(world.failovers, [](const auto& group) {
                       return group->moved == (group->began == Time{} ? 0 : group->ids.size());
                   });
        });
    });
    world.traffic->call([&] {
        for (const auto& theft : world.thefts) theft->probe_on(false);
    });
    waited(world, "logins without an answer", 20s,
           [&] { return world.traffic->call([&] { return world.traffic->nas().waiting() == 0; }); });
    end_leases(world);
    analyzer_is_in_step(world);
    constexpr auto kLongest = kSettle + kReorder;
    const Time settled = SystemClock{}.now() + kLongest;
    (void)test::wait_until([&] { return SystemClock{}.now() > settled; }, 2 * kLongest);
    analyzer_is_in_step(world);  // whatever had to settle is decided
    waited(world, "the table is not that of the database", 15s, [&] { return table_is_published(world); });
    waited(world, "disconnects that are not done", 60s,
           [&] { return world.isp.query("SELECT count(*) FROM guard.disconnect WHERE done_at IS NULL") == "0"; });
    waited(world, "notices that are not sent", 60s, [&] {
        return world.isp.query(
                   "SELECT (SELECT count(*) FROM guard.delivery WHERE state IN ('queued', 'sending')) + (SELECT "
                   "count(*) FROM guard.notice WHERE state = 'queued')") == "0";
    });
    all_run(world);
}

}  // namespace guard::chaos
