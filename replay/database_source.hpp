// A table of FreeRADIUS in a live PostgreSQL as an input: radacct or radpostauth, read in one read-only transaction by
// a cursor of the server and handed on as CSV, so that everything behind it is the same as for an export. The columns
// that an event needs and no other are asked for: passwords, NAS and lines stay where they are. One thread.
#pragma once

#include <string>

#include "replay/byte_source.hpp"

namespace guard::replay {

// "postgresql:service=aaa", "postgresql:host=... dbname=...", "postgresql://user@host/database".
[[nodiscard]] bool is_database(const std::string& input);
// "table radacct": nothing of the connection.
[[nodiscard]] std::string database_name(const std::string& table);

// No message repeats the connection string.
[[nodiscard]] Expected<OpenedFile> open_table(const std::string& input, const std::string& table);

}  // namespace guard::replay
