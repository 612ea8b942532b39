// Contracts from a file, for a replay without a database: how many sessions each ID may have, and where its home is.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/detection/detector.hpp"
#include "event/expected.hpp"
#include "event/identity.hpp"

namespace guard::cli {

using ContractLookup = std::function<std::optional<detection::Contract>(Service, const std::string&)>;

// PPPoE contracts: `id,sessions` or `id,sessions,home_region` (ISO 3166-2, may be empty), and the first line says so.
// IDs are normalised. The error holds every mistake (the first 20): file, line, found, expected; never an ID. Some 30
// bytes for each row; the IDs themselves are not kept.
[[nodiscard]] Expected<ContractLookup, std::vector<std::string>> load_contracts(const std::filesystem::path& file,
                                                                                const IdNormalisation& normalise);

}  // namespace guard::cli
