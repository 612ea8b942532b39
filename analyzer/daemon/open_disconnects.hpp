// The addresses at which a session is to be ended. When another ID is given such an address the session is gone, and a
// request that came afterwards could meet a stranger. Used by the pipeline's thread; what is taken is recorded in the
// transaction of the events that show it.
#pragma once

#include <pqxx/pqxx>
#include <string>
#include <unordered_map>
#include <vector>

#include "analyzer/detection/finding.hpp"

namespace guard::daemon {

// The address is another's now.
struct TakenAddress {
    IpAddress address;
    Service service = Service::pppoe;
    std::string id;  // whose it is
};

class OpenDisconnects {
  public:
    // A request will be queued for a session of this ID at this address.
    void expect(Service service, const std::string& id, const IpAddress& address, Time since);
    // Adds the addresses that this event gives to another ID. An event from before the request was due says nothing:
    // it may be of the session before.
    void seen(const LoginEventView& event, std::vector<TakenAddress>& taken);
    // What is open in the database, and nothing else. Throws pqxx exceptions.
    void read(pqxx::connection& connection);

  private:
    struct Holder {
        Service service = Service::pppoe;
        std::string id;
        Time since{};
    };
    std::unordered_map<IpAddress, Holder, IpAddressHash> holders_;
};

}  // namespace guard::daemon
