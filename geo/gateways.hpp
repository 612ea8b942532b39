// The operator's list of sources that are never blocked: mail gateways and carrier NAT. One address or prefix a line;
// `#` begins a comment.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "event/expected.hpp"
#include "event/ip_address.hpp"

namespace guard::geo {

// The error holds every mistake of the file: `FILE:LINE: found "x", expected y`.
[[nodiscard]] Expected<std::vector<IpAddress>, std::vector<std::string>> load_prefixes(
    const std::filesystem::path& file);

}  // namespace guard::geo
