// A whole small ISP of one's own: PostgreSQL, FreeRADIUS with our module for PPPoE and SMTP-AUTH, a NAS, a mail server,
// the analyzer and the notifier, all real and private. For the tests of the chain and for the demo; lives on one
// thread, gone with the object.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <vector>

#include "event/login_event.hpp"
#include "tests/support/mail_server.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/radius_client.hpp"
#include "tests/support/radius_server.hpp"

namespace guard::test {

struct Subscriber {
    std::string id, password, region{};  // "JP-01": its home
    Service service = Service::pppoe;
    std::string name{}, mail{}, language = "ja";
};

class Isp {
  public:
    struct Options {
        bool passwords_in_sql = true;  // radcheck, as most operators have it; else the users file
        std::chrono::seconds settle{4}, dead_peer{3}, quiet{8};
        std::string detection;            // more lines of [detection]
        std::string disconnect, release;  // and of these sections
        Postgres::Durability durability = Postgres::Durability::off;
        std::uint64_t spool_quota = 64 << 20;
        unsigned segment_kib = 1024;
    };

    // Starts PostgreSQL, the NAS, the mail server and radiusd, migrates the database, writes all configuration.
    Isp(const Options& options, std::vector<Subscriber> subscribers);

    // --- the daemons of PPPoE Guard
    void launch_analyzer();
    void start_analyzer();  // and waits until it has read again what was recorded
    void start_notifier();
    void stop_analyzer(int signal = 15);
    [[nodiscard]] Process& analyzer() { return *analyzer_; }
    [[nodiscard]] Process& notifier() { return *notifier_; }
    Result guardctl(std::vector<std::string> arguments);

    // --- what a NAS and a mail server do. The answer's code, RFC 2865 section 3; none: no answer.
    std::optional<std::uint8_t> login(std::string_view id, std::string_view password);
    bool start_session(std::string_view id, const std::string& address);
    bool interim(std::string_view id, const std::string& address);
    bool stop_session(std::string_view id, const std::string& address);
    std::optional<std::uint8_t> mail_login(std::string_view id, std::string_view password, const std::string& client);

    // --- what can be seen
    // One value of the first row; empty if there is none. As the database's owner.
    std::string query(const std::string& sql);
    void execute(const std::string& sql, const std::string& role = "postgres");
    [[nodiscard]] bool is_suspended(const std::string& id);
    // A fresh address of the region's pool: "JP-01" Hokkaido, "JP-04" Miyagi, "JP-13" Tokyo, "JP-46" Kagoshima.
    std::string address(std::string_view region);

    [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }
    [[nodiscard]] std::filesystem::path config_file() const { return directory() / "pppoe-guard.toml"; }
    [[nodiscard]] std::filesystem::path spool(Service service) const;
    [[nodiscard]] std::uint16_t smtp_auth_port() const { return smtp_auth_port_; }
    [[nodiscard]] std::filesystem::path table() const { return directory() / "enforcement/table"; }

    Postgres postgres;
    MailServer mail;
    NasStandIn nas;

  private:
    void make_directories();
    void make_database(const std::vector<Subscriber>& subscribers);
    void write_configuration(const Options& options);
    [[nodiscard]] RadiusConfig radius_config(const Options& options, const std::vector<Subscriber>& subscribers) const;
    [[nodiscard]] std::unique_ptr<Process> daemon(const std::string& program) const;
    bool account(std::string_view id, const std::string& address, std::uint32_t status);

    User user_ = User::unprivileged();
    TemporaryDirectory directory_;
    std::uint16_t smtp_auth_port_;
    RawClient client_;
    std::uint8_t identifier_ = 0;
    unsigned addresses_ = 0;

  public:
    std::unique_ptr<RadiusServer> radius;

  private:
    std::unique_ptr<Process> analyzer_, notifier_;
};

}  // namespace guard::test
