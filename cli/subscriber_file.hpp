// The file of `guardctl subscribers import`: whose ID it is, what the contract allows, how to reach the subscriber.
// Pure.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "event/expected.hpp"
#include "event/identity.hpp"

namespace guard::cli {

// Is told the columns (names of guard.subscriber) once, then each row: the ID normalised and in hexadecimal, the
// service filled in. After a mistake no more rows come.
struct SubscriberSink {
    std::function<void(const std::vector<std::string>&)> columns;
    std::function<void(const std::vector<std::string>&)> row;
};

// CSV with a first line that names the columns: `id`, and any of service (pppoe if it is left out), name, mail,
// language, sessions, home_region, phone, postal_code, postal_address. Returns the number of rows; the error holds
// every mistake (the first 1000): file, line, found, expected; what stands in the file is repeated only where it is no
// personal data. Memory: some 16 bytes for each row.
[[nodiscard]] Expected<std::uint64_t, std::vector<std::string>> read_subscribers(const std::filesystem::path& file,
                                                                                 const IdNormalisation& normalise,
                                                                                 const SubscriberSink& sink);

}  // namespace guard::cli
