#include "tests/rlm_pppoe_guard/guarded_server.hpp"

#include <unistd.h>

#include <stdexcept>

#include "enforcement/publisher.hpp"

namespace guard::test {
namespace {

std::string instance_text(const Setup& setup, const std::filesystem::path& spool, const std::filesystem::path& table) {
    const bool pppoe = setup.service == Service::pppoe;
    return std::string("\tpppoe_guard ") + (pppoe ? "" : "guard_smtp ") + "{\n\t\tservice = \"" +
           (pppoe ? "pppoe" : "smtp-auth") + "\"\n\t\ttable = \"" + table.string() +
           "\"\n\t\tmessage = \"Please call us.\"\n" + setup.items + "\n\t\tspool {\n\t\t\tdirectory = \"" +
           spool.string() + "\"\n\t\t\tsegment_size = 64K\n" + setup.spool_items + "\n\t\t}\n\t}\n";
}

}  // namespace

const std::string_view kSubscribers = R"(
u0001	Cleartext-Password := "pw"

u0002	Cleartext-Password := "pw"
	Framed-IP-Address := 198.51.100.2,
	Framed-IPv6-Address := 2001:db8:1::2,
	Framed-IPv6-Prefix := 2001:db8:2::/64,
	Delegated-IPv6-Prefix := 2001:db8:300::/56

u0007@isp.example	Cleartext-Password := "pw"

U0007@ISP.Example	Cleartext-Password := "pw"
)";

GuardedServer::GuardedServer(const Setup& setup)
    : service_(setup.service),
      normalisation_(setup.normalisation),
      work_("guard", User::unprivileged()),
      server(config(setup)) {
    // The group of the directory becomes that of the table, which is readable for its group.
    std::filesystem::permissions(work_.path(), static_cast<std::filesystem::perms>(02755));
    if (!setup.make_spool) return;
    std::filesystem::create_directory(spool());
    std::filesystem::permissions(spool(), static_cast<std::filesystem::perms>(0700));
    const User user = User::unprivileged();
    if (geteuid() == 0 && chown(spool().c_str(), user.uid, user.gid) != 0) throw std::runtime_error("chown");
}

RadiusConfig GuardedServer::config(const Setup& setup) const {
    RadiusConfig config;
    config.modules = instance_text(setup, spool(), table());
    config.servers = !setup.site.empty() ? setup.site : setup.service == Service::pppoe ? kPppoeSite : kSmtpSite;
    config.servers += figures_site(instance());
    config.users = kSubscribers;
    config.main = setup.main;
    return config;
}

void GuardedServer::publish(const std::vector<std::string>& suspended,
                            const std::vector<enforcement::BlockedSource>& blocked) {
    std::vector<enforcement::SuspendedId> ids;
    for (const std::string& id : suspended) ids.push_back({service_, id});
    const HashKey key{1, 2, 3, 4, 5, 6, 7, 8};
    enforcement::publish(enforcement::Table::build(++generation_, key, normalisation_.fingerprint(), ids, blocked),
                         table());
}

std::vector<LoginEvent> GuardedServer::events() const {
    std::vector<LoginEvent> events;
    spool::Reader reader(spool());
    for (const LoginEvent* event = reader.peek(); event != nullptr; event = reader.peek()) {
        events.push_back(*event);
        reader.pop();
    }
    return events;
}

std::uint64_t GuardedServer::torn() const {
    spool::Reader reader(spool());
    while (reader.peek() != nullptr) reader.pop();
    return reader.counters().torn + reader.counters().malformed + reader.counters().unreadable;
}

Reply GuardedServer::login(std::string_view id, std::string_view more) {
    return send(server.auth_port(), RequestType::authentication,
                "User-Name = \"" + std::string(id) + "\", User-Password = \"pw\"" + std::string(more));
}

Reply GuardedServer::accounting(std::string_view attributes) {
    return send(server.acct_port(), RequestType::accounting, attributes);
}

std::string GuardedServer::figure(std::string_view name) {
    const Reply reply = send(server.coa_port(), RequestType::authentication,
                             "User-Name = \"figures\", Filter-Id = \"" + std::string(name) + "\"");
    if (reply.code != "Access-Accept") throw std::runtime_error("no answer about figures: " + server.log());
    return reply.value("Filter-Id");
}

Addresses addresses(std::initializer_list<std::string_view> texts) {
    Addresses result;
    for (const std::string_view text : texts) {
        const auto address = IpAddress::parse(text);
        if (!address) throw std::invalid_argument(std::string(text));
        result.push_back(*address);
    }
    return result;
}

}  // namespace guard::test
