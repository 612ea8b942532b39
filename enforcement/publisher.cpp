#include "enforcement/publisher.hpp"

#include "event/file.hpp"

namespace guard::enforcement {

std::filesystem::path previous_table(const std::filesystem::path& file) {
    return file.string() + ".previous";
}

void publish(const Table& table, const std::filesystem::path& file) {
    replace_file(file, table.to_bytes(), 0640, previous_table(file));
}

}  // namespace guard::enforcement
