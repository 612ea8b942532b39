#include "analyzer/daemon/open_disconnects.hpp"

#include <pqxx/binarystring>

namespace guard::daemon {

void OpenDisconnects::expect(Service service, const std::string& id, const IpAddress& address, Time since) {
    holders_[address] = {service, id, since};
}

void OpenDisconnects::seen(const LoginEventView& event, std::vector<TakenAddress>& taken) {
    // A late Interim-Update of the session before does not take an address from anybody.
    if (holders_.empty() || event.service != Service::pppoe) return;
    if (event.kind != Kind::accept && event.kind != Kind::assign) return;
    for (const IpAddress& address : event.addresses) {
        const auto holder = holders_.find(address);
        if (holder == holders_.end() || event.time < holder->second.since) continue;
        if (holder->second.service == event.service && holder->second.id == event.id) continue;
        taken.push_back({address, event.service, std::string(event.id)});
        holders_.erase(holder);
    }
}

void OpenDisconnects::read(pqxx::connection& connection) {
    pqxx::read_transaction transaction(connection);
    const auto rows = transaction.exec(
        "SELECT service, id, host(address), masklen(address), (extract(epoch FROM created_at) * 1000000)::bigint "
        "FROM guard.disconnect WHERE done_at IS NULL AND address IS NOT NULL");
    holders_.clear();
    for (const auto& row : rows)
        if (const auto address = IpAddress::parse(std::string(row[2].c_str()) + '/' + row[3].c_str()))
            expect(parse_service(row[0].c_str()).value_or(Service::pppoe), pqxx::binarystring(row[1]).str(), *address,
                   Time{Microseconds{row[4].as<std::int64_t>()}});
}

}  // namespace guard::daemon
