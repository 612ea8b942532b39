#include "tests/chaos/release.hpp"

#include <algorithm>

namespace guard::chaos {
namespace {

using namespace std::chrono_literals;

constexpr auto kGiveUp = 30s;
constexpr auto kPause = 100ms;

}  // namespace

Releaser::Releaser(World& world, unsigned most, std::uint64_t seed)
    : world_(world), most_(most), random_(seed), thread_([this](const std::stop_token& stop) { run(stop); }) {}

std::set<Key> Releaser::finish() {
    thread_.request_stop();
    thread_.join();
    return done_;
}

void Releaser::run(const std::stop_token& stop) {
    for (unsigned count = 0; count < most_ && !stop.stop_requested();) {
        std::this_thread::sleep_for(between(random_, 200ms, 1500ms));  // the moment is the matter of the test
        try {
            pqxx::connection connection(world_.isp.postgres.connection_string());
            pqxx::nontransaction transaction(connection);
            const auto rows = transaction.exec(
                "SELECT service, convert_from(id, 'UTF8') FROM guard.suspension WHERE released_at IS NULL ORDER BY "
                "random() LIMIT 1");
            if (rows.empty()) continue;
            release(parse_service(rows[0][0].c_str()).value(), rows[0][1].c_str());
            ++count;
        } catch (const pqxx::failure&) {
        }
    }
}

// Said twice, it is done once: so a commit in doubt is simply asked for again.
void Releaser::release(Service service, const std::string& id) {
    // From here on it may be accepted.
    world_.traffic->call([&] {
        for (const auto& theft : world_.thefts)
            if (theft->key() == Key{service, id}) theft->begin_release();
    });
    const bool password = service == Service::pppoe && random_() % 2 == 0;
    const auto end = std::chrono::steady_clock::now() + kGiveUp;
    while (std::chrono::steady_clock::now() < end) {
        try {
            pqxx::connection connection(world_.isp.postgres.connection_string(password ? "isp_portal" : "staff_sato"));
            pqxx::work transaction(connection);
            if (password)
                transaction.exec_params("UPDATE radcheck SET value = 'new' WHERE username = $1", id);
            else
                transaction.exec_params("SELECT guard.staff_release($1, guard.normalise_id($2::text), 'called')",
                                        std::string(to_string(service)), id);
            transaction.commit();
            // A portal's change always goes through; whether it was seen is another matter, as on a disk that is full.
            // Then a person is asked, within the minute.
            if (is_released(service, id))
                done_.emplace(service, id);
            else
                world_.password_unseen = true;
            return;
        } catch (const pqxx::failure&) {
            std::this_thread::sleep_for(kPause);
        }
    }
}

bool Releaser::is_released(Service service, const std::string& id) const {
    pqxx::connection connection(world_.isp.postgres.connection_string());
    pqxx::nontransaction transaction(connection);
    return transaction
        .exec_params(
            "SELECT FROM guard.suspension WHERE service = $1 AND id = guard.normalise_id($2::text) AND released_at IS "
            "NULL",
            std::string(to_string(service)), id)
        .empty();
}

}  // namespace guard::chaos
