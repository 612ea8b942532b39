#include "cli/database.hpp"

#include <fmt/format.h>

#include "config/options.hpp"
#include "sql/connection.hpp"

namespace guard::cli {

int with_database(const DatabaseOptions& options, const char* name,
                  const std::function<int(const config::Settings&, pqxx::connection&)>& command) {
    try {
        config::Settings settings;
        if (!options.config.empty() || options.database.empty()) {
            auto loaded = config::load(options.config.empty() ? "/etc/pppoe-guard/pppoe-guard.toml" : options.config);
            if (!loaded) {
                fmt::print(stderr, "{}\n", fmt::join(loaded.error(), "\n"));
                return kCouldNotRun;
            }
            settings = std::move(*loaded);
        }
        if (!options.database.empty()) {
            settings.database = options.database;
            settings.database_password_file.clear();
        }
        const auto connection = sql::connect(settings, "guardctl");
        return command(settings, *connection);
    } catch (const pqxx::sql_error& error) {
        fmt::print(stderr, "guardctl {}: PostgreSQL says: {}\n", name, error.what());
    } catch (const std::exception& error) {
        fmt::print(stderr, "guardctl {}: {}\n", name, error.what());
    }
    return kCouldNotRun;
}

}  // namespace guard::cli
