// A private FreeRADIUS with one instance of the module, a spool and a table of its own, and three subscribers.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "enforcement/table.hpp"
#include "event/identity.hpp"
#include "event/login_event.hpp"
#include "spool/reader.hpp"
#include "tests/support/radius_client.hpp"
#include "tests/support/radius_server.hpp"

namespace guard::test {

struct Setup {
    Service service = Service::pppoe;
    std::string items{};        // more items of the instance
    std::string site{};         // virtual server; empty: the one in mods-available's order
    std::string spool_items{};  // more items of its section spool
    std::string main = "cleanup_delay = 0";
    bool make_spool = true;  // else the directory is missing
    IdNormalisation normalisation{};
};

// Subscribers, all with the password "pw":
//   u0001               no address in the reply: the NAS assigns
//   u0002               Framed-IP-Address 198.51.100.2, Framed-IPv6-Address, Framed-IPv6-Prefix and
//   Delegated-IPv6-Prefix u0007@isp.example   (also as U0007@ISP.Example) no address
extern const std::string_view kSubscribers;

class GuardedServer {
  public:
    // Starts nothing.
    explicit GuardedServer(const Setup& setup = {});

    // The configuration that `setup` makes, for RadiusServer::configure().
    [[nodiscard]] RadiusConfig config(const Setup& setup) const;

    void publish(const std::vector<std::string>& suspended,
                 const std::vector<enforcement::BlockedSource>& blocked = {});

    // All that are in the spool now, in the order of their times, and what the reader counted.
    [[nodiscard]] std::vector<LoginEvent> events() const;
    [[nodiscard]] std::uint64_t torn() const;

    // An Access-Request of `id` with the right password; `more` attributes with a comma in front.
    Reply login(std::string_view id, std::string_view more = "");
    Reply accounting(std::string_view attributes);
    // %{INSTANCE:name}, asked without a login by way of another virtual server.
    std::string figure(std::string_view name);

    [[nodiscard]] std::filesystem::path spool() const { return work_.path() / "spool"; }
    [[nodiscard]] std::filesystem::path table() const { return work_.path() / "table"; }
    [[nodiscard]] const char* instance() const { return service_ == Service::pppoe ? "pppoe_guard" : "guard_smtp"; }

  private:
    Service service_;
    IdNormalisation normalisation_;
    std::uint64_t generation_ = 0;
    TemporaryDirectory work_;

  public:
    RadiusServer server;
};

// Addresses from text.
[[nodiscard]] Addresses addresses(std::initializer_list<std::string_view> texts);

}  // namespace guard::test
