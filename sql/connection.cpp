#include "sql/connection.hpp"

#include <libpq-fe.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
// libpqxx 6.4.5 loses the result of a statement whose connection was cut, 2 KB each time: not for AddressSanitizer to
// fail every test that stops the server.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libpqxx-6.4\n";
}
#endif

namespace guard::sql {
namespace {

using Parameters = std::map<std::string, std::string>;

// Both forms of a connection string, "host=... dbname=..." and "postgresql://...".
Parameters parse(const std::string& text) {
    char* message = nullptr;
    const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
        PQconninfoParse(text.c_str(), &message), PQconninfoFree);
    PQfreemem(message);  // it may repeat the string, and so a password
    if (!options) throw std::runtime_error("the database connection string cannot be read");
    Parameters result;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr) result[option->keyword] = option->val;
    if (result.contains("password"))
        throw std::runtime_error("the database connection string must not hold a password: use a password file");
    return result;
}

std::string read_password(const std::filesystem::path& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) throw std::runtime_error("cannot read the password file " + path.string());
    if ((status.st_mode & S_IRWXO) != 0)
        throw std::runtime_error("the password file " + path.string() + " is open to other users");
    std::ifstream file(path);
    std::string password;
    if (!std::getline(file, password) || password.empty())
        throw std::runtime_error("there is no password in " + path.string());
    return password;
}

std::string compose(const Parameters& parameters) {
    std::string result;
    for (const auto& [key, value] : parameters) {
        result += key + "='";
        for (const char letter : value) {
            if (letter == '\'' || letter == '\\') result += '\\';
            result += letter;
        }
        result += "' ";
    }
    return result;
}

}  // namespace

std::unique_ptr<pqxx::connection> connect(const config::Settings& settings, std::string_view program,
                                          const Wants& wants) {
    auto parameters = parse(settings.database);
    if (!settings.database_password_file.empty())
        parameters["password"] = read_password(settings.database_password_file);
    parameters.try_emplace("application_name", program);
    parameters.try_emplace("connect_timeout", std::to_string(wants.connect.count()));
    if (wants.writes || parameters["host"].find(',') != std::string::npos)
        parameters.try_emplace("target_session_attrs", "read-write");
    // A machine that is gone, or a firewall that has forgotten, shows within half a minute.
    for (const auto& [key, value] : {std::pair{"keepalives_idle", "10"},
                                     {"keepalives_interval", "5"},
                                     {"keepalives_count", "3"},
                                     {"tcp_user_timeout", "20000"}})
        parameters.try_emplace(key, value);
    parameters["client_encoding"] = "UTF8";
    const auto milliseconds = [](std::chrono::seconds time) { return std::to_string(time.count() * 1000); };
    parameters["options"] += " -c TimeZone=UTC -c statement_timeout=" + milliseconds(wants.statement) +
                             " -c lock_timeout=" + milliseconds(wants.lock);
    return std::make_unique<pqxx::connection>(compose(parameters));
}

}  // namespace guard::sql
