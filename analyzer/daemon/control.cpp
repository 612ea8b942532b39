#include "analyzer/daemon/control.hpp"

#include <pqxx/binarystring>
#include <sstream>

namespace guard::daemon {
namespace {

SubscriberKey key_of(const pqxx::row& row) {
    return {parse_service(row[0].c_str()).value_or(Service::pppoe), pqxx::binarystring(row[1]).str()};
}

Time time_of(const pqxx::field& microseconds) {
    return Time{Microseconds{microseconds.as<std::int64_t>()}};
}

}  // namespace

std::vector<Release> releases_since(pqxx::connection& connection, Time since) {
    std::vector<Release> releases;
    pqxx::read_transaction transaction(connection);
    const auto rows = transaction.exec_params(
        "SELECT service, id, (extract(epoch FROM released_at) * 1000000)::bigint, suspension_id "
        "FROM guard.suspension WHERE released_at >= $1 ORDER BY released_at",
        format_rfc3339(since));
    for (const auto& row : rows) {
        auto [service, id] = key_of(row);
        releases.push_back({row[3].as<std::int64_t>(), service, std::move(id), time_of(row[2])});
    }
    return releases;
}

std::vector<Verdict> verdicts_since(pqxx::connection& connection, Time since) {
    std::vector<Verdict> verdicts;
    pqxx::read_transaction transaction(connection);
    const auto rows = transaction.exec_params(
        "SELECT i.service, i.id, (extract(epoch FROM r.decided_at) * 1000000)::bigint, r.outcome, "
        "(SELECT string_agg(DISTINCT e.region, ' ') FROM guard.finding AS f JOIN guard.evidence AS e USING "
        "(finding_id) "
        "WHERE f.incident_id = r.incident_id), r.incident_id "
        "FROM guard.review AS r JOIN guard.incident AS i USING (incident_id) "
        "WHERE r.decided_at >= $1 AND (r.outcome <> 'misuse' OR i.state IN ('suspended', 'released')) "
        "ORDER BY r.decided_at",
        format_rfc3339(since));
    for (const auto& row : rows) {
        auto [service, id] = key_of(row);
        const std::string outcome = row[3].c_str();
        Verdict verdict{outcome == "misuse"     ? Verdict::Kind::suspended
                        : outcome == "ordinary" ? Verdict::Kind::ordinary
                                                : Verdict::Kind::dismissed,
                        row[5].as<std::int64_t>(),
                        service,
                        std::move(id),
                        time_of(row[2]),
                        {}};
        std::istringstream places(row[4].as<std::string>(""));
        for (std::string place; places >> place;)
            if (const auto code = geo::Code::parse(place)) verdict.places.push_back(*code);
        verdicts.push_back(std::move(verdict));
    }
    return verdicts;
}

std::vector<detection::OpenSuspension> open_suspensions(pqxx::connection& connection) {
    std::vector<detection::OpenSuspension> open;
    pqxx::read_transaction transaction(connection);
    for (const auto& row : transaction.exec("SELECT service, id, (extract(epoch FROM suspended_at) * 1000000)::bigint "
                                            "FROM guard.suspension WHERE released_at IS NULL")) {
        auto [service, id] = key_of(row);
        open.push_back({service, std::move(id), time_of(row[2])});
    }
    return open;
}

std::vector<detection::CarriedOut> carried_out(pqxx::connection& connection) {
    std::vector<detection::CarriedOut> suspensions;
    pqxx::read_transaction transaction(connection);
    for (const auto& row : transaction.exec(
             "SELECT s.service, s.id, (extract(epoch FROM s.suspended_at) * 1000000)::bigint, "
             "(SELECT host(e.address) || '/' || masklen(e.address) FROM guard.evidence AS e "
             "WHERE e.finding_id = f.finding_id AND e.address IS NOT NULL ORDER BY e.position DESC LIMIT 1) "
             "FROM guard.suspension AS s JOIN LATERAL (SELECT finding_id FROM guard.finding "
             "WHERE incident_id = s.incident_id AND action = 'suspend' AND reason IS NULL "
             "ORDER BY finding_id LIMIT 1) AS f ON true "
             "WHERE s.suspended_at > clock_timestamp() - interval '1 day' ORDER BY s.suspension_id")) {
        auto [service, id] = key_of(row);
        suspensions.push_back({service, std::move(id), time_of(row[2]), IpAddress::parse(row[3].as<std::string>(""))});
    }
    return suspensions;
}

bool breaker_is_open(pqxx::connection& connection) {
    pqxx::read_transaction transaction(connection);
    return transaction.exec1("SELECT EXISTS (SELECT FROM guard.breaker WHERE closed_at IS NULL)")[0].as<bool>();
}

std::uint64_t rows_past_term(pqxx::connection& connection) {
    pqxx::read_transaction transaction(connection);
    return transaction.exec1("SELECT coalesce(sum(past), 0)::bigint FROM guard.check_retention('2 hours')")[0]
        .as<std::uint64_t>();
}

Contracts read_contracts(pqxx::connection& connection) {
    Contracts contracts;
    pqxx::read_transaction transaction(connection);
    for (const auto& row : transaction.exec("SELECT service, id, sessions, home_region FROM guard.subscriber")) {
        detection::Contract contract;
        contract.sessions = static_cast<unsigned>(row[2].as<int>());
        if (!row[3].is_null()) contract.home_region = geo::Code::parse(row[3].c_str()).value_or(geo::Code{});
        contracts.emplace(key_of(row), contract);
    }
    return contracts;
}

AllowList read_allowed(pqxx::connection& connection) {
    AllowList allowed;
    pqxx::read_transaction transaction(connection);
    for (const auto& row :
         transaction.exec("SELECT service, id, (extract(epoch FROM expires_at) * 1000000)::bigint FROM guard.allowed"))
        allowed.entries.emplace(key_of(row), time_of(row[2]));
    return allowed;
}

}  // namespace guard::daemon
