// rlm_sql as it is shipped: no auto_escape, the default safe_characters.
#pragma once

#include <string>

namespace guard::test {

// The module `sql` on this database, by a connection string of libpq.
inline std::string sql_module(const std::string& database) {
    return R"(
	sql {
		driver = "rlm_sql_postgresql"
		dialect = "postgresql"
		radius_db = ")" +
           database + R"("
		sql_user_name = "%{User-Name}"
		read_groups = no
		read_profiles = no
		read_clients = no
		authorize_check_query = "SELECT id, username, attribute, value, op FROM radcheck WHERE username = '%{SQL-User-Name}' ORDER BY id"
		pool {
			start = 0
			min = 0
			max = 4
			spare = 2
			idle_timeout = 60
		}
	}
)";
}

}  // namespace guard::test
