#include "tests/support/isp.hpp"

#include <map>
#include <sstream>
#include <stdexcept>

#include "tests/support/sql_module.hpp"

namespace guard::test {
namespace {

namespace fs = std::filesystem;

constexpr std::uint8_t kUserName = 1, kFramedIpAddress = 8, kCallingStationId = 31, kNasIdentifier = 32,
                       kAcctStatusType = 40, kAcctSessionId = 44;
constexpr std::uint8_t kAccountingResponse = 5;

struct Pool {
    std::string_view region;
    unsigned second_byte;
};
constexpr Pool kPools[] = {{"JP-01", 1}, {"JP-04", 4}, {"JP-13", 13}, {"JP-46", 46}};

fs::path program(std::string_view name) {
    return fs::path(GUARD_BINARY_DIR) / "bin" / name;
}

std::string instance(std::string_view name, std::string_view service, const fs::path& directory, const fs::path& table,
                     const Isp::Options& options) {
    std::ostringstream text;
    text << "\tpppoe_guard " << name << " {\n\t\tservice = \"" << service << "\"\n\t\ttable = \"" << table.string()
         << "\"\n\t\tmessage = \"This ID is suspended. Please call us.\"\n\t\tspool {\n\t\t\tdirectory = \""
         << directory.string() << "\"\n\t\t\tsegment_size = " << options.segment_kib
         << "K\n\t\t\tquota = " << (options.spool_quota >> 10) << "K\n\t\t}\n\t}\n";
    return text.str();
}

std::string site(std::string_view name, std::uint16_t auth_port, bool accounting, std::string_view guard,
                 std::string_view passwords) {
    std::ostringstream text;
    text << "server " << name << " {\n\tlisten {\n\t\ttype = auth\n\t\tipaddr = 127.0.0.1\n\t\tport = " << auth_port
         << "\n\t}\n";
    if (accounting)
        text << "\tlisten {\n\t\ttype = acct\n\t\tipaddr = 127.0.0.1\n\t\tport = ${acct_port}\n\t}\n\tpreacct {\n\t}\n"
             << "\taccounting {\n\t\t" << guard << "\n\t}\n";
    text << "\tauthorize {\n\t\t" << guard << "\n\t\t" << passwords
         << "\n\t\tpap\n\t}\n\tauthenticate {\n\t\tpap\n\t}\n"
         << "\tpost-auth {\n\t\t" << guard << "\n\t\tPost-Auth-Type REJECT {\n\t\t\t" << guard << "\n\t\t}\n\t}\n}\n";
    return text.str();
}

}  // namespace

Isp::Isp(const Options& options, std::vector<Subscriber> subscribers)
    : postgres(options.durability), directory_("isp", user_), smtp_auth_port_(free_port(Transport::udp)) {
    make_directories();
    write_configuration(options);
    make_database(subscribers);
    radius = std::make_unique<RadiusServer>(RadiusConfig{});
    radius->configure(radius_config(options, subscribers));
    radius->start();
}

// Programs and templates are copied: the unprivileged user need not be allowed to read the build directory.
void Isp::make_directories() {
    for (const char* name : {"bin", "spool", "spool/pppoe", "spool/smtp_auth", "enforcement", "state"}) {
        fs::create_directory(directory() / name);
        if (::chown((directory() / name).c_str(), user_.uid, user_.gid) != 0)
            throw std::system_error(errno, std::generic_category(), "chown");
    }
    for (const char* name : {"guardctl", "pppoe-guard-analyzer", "pppoe-guard-notifier"})
        fs::copy_file(program(name), directory() / "bin" / name);
    fs::copy(fs::path(GUARD_SOURCE_DIR) / "notifier/templates", directory() / "templates");
}

fs::path Isp::spool(Service service) const {
    return directory() / "spool" / std::string(to_string(service));
}

void Isp::write_configuration(const Options& options) {
    std::ostringstream pools;
    pools << "# prefix,country,region,city,postal,lat,lon,radius_km,nas\n";
    for (const Pool& pool : kPools)
        pools << "10." << pool.second_byte << ".0.0/16,JP," << pool.region << ",,,,,,nas1\n";
    write_file(directory() / "pools.csv", pools.str(), user_);

    write_file(directory() / "nas.toml",
               "[nas1]\naddress = \"127.0.0.1\"\nport = " + std::to_string(nas.port()) + "\nsecret = \"" +
                   std::string(RadiusServer::kSecret) + "\"\n",
               user_);
    fs::permissions(directory() / "nas.toml", fs::perms::owner_read | fs::perms::owner_write);

    std::ostringstream text;
    text << "[spool]\ndirectories = [\"spool/pppoe\", \"spool/smtp_auth\"]\n"
         << "[database]\nconnection = \"" << postgres.connection_string("isp_analyzer") << "\"\n"
         << "[geo]\npools = \"pools.csv\"\n[enforcement]\ntable = \"enforcement/table\"\n"
         << "[analyzer]\nstate_directory = \"state\"\nmetrics_file = \"metrics.prom\"\n"
         << "[detection]\nmode = \"enforce\"\nsettle = " << options.settle.count() << "\n"
         << options.detection << "[detection.pppoe]\ndead_peer_time = " << options.dead_peer.count() << "\n"
         << "[detection.smtp_source]\nquiet = " << options.quiet.count() << "\n"
         << "[disconnect]\nnas_file = \"nas.toml\"\ntimeout = 1\n"
         << options.disconnect << "[release]\ntrusted_password_roles = [\"isp_portal\"]\n"
         << options.release << "[notice]\nsmtp_host = \"127.0.0.1\"\nsmtp_port = " << mail.port()
         << "\nmail_from = \"support@isp.example\"\n"
         << "mail_from_name = \"サンプルISP サポートセンター\"\n"
         << "mail_only = true\nretry = 1\ntemplate_directory = \"templates\"\n"
         << "operator_name = \"株式会社サンプルISP\"\noperator_phone = \"0120-000-000\"\n"
         << "operator_verify = \"https://www.isp.example/security/notices\"\n";
    write_file(config_file(), text.str(), user_);
    // The same for the notifier, under its own database role.
    std::string notifier = text.str();
    const std::string analyzer_role = postgres.connection_string("isp_analyzer");
    notifier.replace(notifier.find(analyzer_role), analyzer_role.size(), postgres.connection_string("isp_notifier"));
    write_file(directory() / "notifier.toml", notifier, user_);
}

void Isp::make_database(const std::vector<Subscriber>& subscribers) {
    // As in FreeRADIUS's own schema.
    execute(
        R"(CREATE TABLE radcheck (id serial PRIMARY KEY, username text NOT NULL DEFAULT '', attribute text NOT NULL DEFAULT '',
               op varchar(2) NOT NULL DEFAULT '==', value text NOT NULL DEFAULT '');
               CREATE INDEX radcheck_username ON radcheck (username, attribute);
               CREATE ROLE isp_radius LOGIN; GRANT SELECT ON radcheck TO isp_radius;
               CREATE ROLE isp_portal LOGIN; GRANT SELECT, UPDATE ON radcheck TO isp_portal)");
    const auto migrated = run({program("guardctl").string(), "migrate", "--database", postgres.connection_string(),
                               "--watch-passwords", "public.radcheck"});
    if (migrated.status != 0) throw std::runtime_error("guardctl migrate: " + migrated.output);
    execute(
        "CREATE ROLE isp_analyzer LOGIN IN ROLE guard_analyzer; CREATE ROLE isp_notifier LOGIN IN ROLE guard_notifier; "
        "CREATE ROLE staff_sato LOGIN IN ROLE guard_desk");
    pqxx::connection connection(postgres.connection_string());
    pqxx::work transaction(connection);
    for (const Subscriber& subscriber : subscribers) {
        transaction.exec_params(
            "INSERT INTO radcheck (username, attribute, op, value) VALUES ($1, 'Cleartext-Password', ':=', $2)",
            subscriber.id, subscriber.password);
        if (subscriber.mail.empty()) continue;
        transaction.exec_params(
            "INSERT INTO guard.subscriber (service, id, name, mail, language) VALUES ($1, "
            "guard.normalise_id($2::text), $3, $4, $5)",
            std::string(to_string(subscriber.service)), subscriber.id, subscriber.name, subscriber.mail,
            subscriber.language);
    }
    transaction.commit();
}

RadiusConfig Isp::radius_config(const Options& options, const std::vector<Subscriber>& subscribers) const {
    RadiusConfig config;
    config.modules = instance("pppoe_guard", "pppoe", spool(Service::pppoe), table(), options) +
                     instance("guard_smtp", "smtp-auth", spool(Service::smtp_auth), table(), options);
    if (options.passwords_in_sql)
        config.modules += sql_module(postgres.connection_string("isp_radius"));
    else
        for (const Subscriber& subscriber : subscribers)
            config.users += subscriber.id + " Cleartext-Password := \"" + subscriber.password + "\"\n";
    const std::string_view passwords = options.passwords_in_sql ? "sql" : "files";
    config.servers = site("pppoe", radius->auth_port(), true, "pppoe_guard", passwords) +
                     site("smtp", smtp_auth_port_, false, "guard_smtp", passwords);
    config.main = "cleanup_delay = 0";
    return config;
}

std::unique_ptr<Process> Isp::daemon(const std::string& name) const {
    ProcessOptions options;
    options.user = user_;
    options.directory = directory();
    const auto config = name == "pppoe-guard-notifier" ? directory() / "notifier.toml" : config_file();
    return std::make_unique<Process>(
        std::vector<std::string>{(directory() / "bin" / name).string(), "--config", config.string()}, options);
}

void Isp::launch_analyzer() {
    analyzer_ = daemon("pppoe-guard-analyzer");
}

void Isp::start_analyzer() {
    launch_analyzer();
    if (!analyzer_->wait_for_output("event=replayed", std::chrono::seconds(60)))
        throw std::runtime_error("the analyzer does not start:\n" + analyzer_->output());
}

void Isp::stop_analyzer(int signal) {
    analyzer_->signal(signal);
    if (!analyzer_->wait(std::chrono::seconds(20))) throw std::runtime_error("the analyzer does not stop");
}

void Isp::start_notifier() {
    notifier_ = daemon("pppoe-guard-notifier");
}

Result Isp::guardctl(std::vector<std::string> arguments) {
    ProcessOptions options;
    options.user = user_;
    options.directory = directory();
    arguments.insert(arguments.begin(), (directory() / "bin/guardctl").string());
    return run(arguments, options, std::chrono::seconds(60));
}

std::optional<std::uint8_t> Isp::login(std::string_view id, std::string_view password) {
    RawPacket packet(RequestType::authentication, ++identifier_);
    packet.attribute(kUserName, id).password(password).attribute(kNasIdentifier, std::string_view("bras1"));
    return client_.exchange(radius->auth_port(), packet.encode());
}

std::optional<std::uint8_t> Isp::mail_login(std::string_view id, std::string_view password, const std::string& client) {
    RawPacket packet(RequestType::authentication, ++identifier_);
    packet.attribute(kUserName, id).password(password).attribute(kCallingStationId, std::string_view(client));
    return client_.exchange(smtp_auth_port_, packet.encode());
}

bool Isp::account(std::string_view id, const std::string& address, std::uint32_t status) {
    RawPacket packet(RequestType::accounting, ++identifier_);
    packet.attribute(kUserName, id)
        .attribute(kAcctStatusType, status)
        .attribute(kAcctSessionId, std::string_view("session-" + address))
        .attribute(kNasIdentifier, std::string_view("bras1"))
        .attribute(kFramedIpAddress, IpAddress::parse(address).value().bytes());
    return client_.exchange(radius->acct_port(), packet.encode()) == kAccountingResponse;
}

bool Isp::start_session(std::string_view id, const std::string& address) {
    return account(id, address, 1);
}
bool Isp::stop_session(std::string_view id, const std::string& address) {
    return account(id, address, 2);
}
bool Isp::interim(std::string_view id, const std::string& address) {
    return account(id, address, 3);
}

std::string Isp::query(const std::string& sql) {
    pqxx::connection connection(postgres.connection_string());
    pqxx::nontransaction transaction(connection);
    const auto rows = transaction.exec(sql);
    return rows.empty() || rows[0][0].is_null() ? std::string{} : rows[0][0].c_str();
}

void Isp::execute(const std::string& sql, const std::string& role) {
    pqxx::connection connection(postgres.connection_string(role));
    pqxx::work transaction(connection);
    transaction.exec(sql);
    transaction.commit();
}

bool Isp::is_suspended(const std::string& id) {
    pqxx::connection connection(postgres.connection_string());
    pqxx::read_transaction transaction(connection);
    return transaction
               .exec_params1(
                   "SELECT count(*) FROM guard.suspension WHERE released_at IS NULL AND id = "
                   "guard.normalise_id($1::text)",
                   id)[0]
               .as<int>() > 0;
}

std::string Isp::address(std::string_view region) {
    for (const Pool& pool : kPools) {
        if (pool.region != region) continue;
        ++addresses_;
        return "10." + std::to_string(pool.second_byte) + '.' + std::to_string(addresses_ / 250 % 250) + '.' +
               std::to_string(addresses_ % 250 + 1);
    }
    throw std::invalid_argument("no pool for that region");
}

}  // namespace guard::test
