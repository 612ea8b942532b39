#include <map>
#include <nlohmann/json.hpp>
#include <pqxx/binarystring>
#include <stdexcept>

#include "cli/database.hpp"
#include "cli/desk.hpp"
#include "cli/rows.hpp"

namespace guard::cli {

int password_changed(const DeskOptions& options) {
    static const std::map<std::string, const char*> kAnswers{
        {"released", "suspension ended"},
        {"not suspended", "is not suspended"},
        {"untrusted", "stays suspended: release.trusted_password_channels does not name this channel"},
        {"mass", "stays suspended: many passwords were changed at once, a person decides"}};
    return with_database(
        options.database, "password-changed", [&](const config::Settings& settings, pqxx::connection& connection) {
            const auto id = settings.identity(options.id);
            if (!id) throw std::invalid_argument("an ID has 1 to 253 bytes");
            pqxx::work transaction(connection);
            const std::string result = transaction
                                           .exec_params1("SELECT guard.password_changed_by($1, $2, $3)",
                                                         options.service, pqxx::binarystring(*id), options.channel)[0]
                                           .c_str();
            transaction.commit();
            return answer(options.json, result == "released", {{"result", result}},
                          fmt::format("{} {}: {}", options.service, options.id, kAnswers.at(result)));
        });
}

}  // namespace guard::cli
