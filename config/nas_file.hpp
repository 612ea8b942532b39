// The NASes that can be asked to end a session (RFC 5176), with their secrets: a TOML file of its own, mode 0600. One
// table a NAS, named as in the `nas` column of the pool file:
//
//   [sapporo-bras1]
//   address = "192.0.2.1"
//   port = 3799
//   secret = "..."
//   relay = true       a relay: its ACK says that the request is queued there, not that the session is gone
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/secret.hpp"
#include "event/expected.hpp"
#include "event/ip_address.hpp"

namespace guard::config {

struct Nas {
    IpAddress address;
    std::uint16_t port = 3799;
    Secret secret;
    bool relay = false;
};
using NasList = std::map<std::string, Nas>;

// The error holds every mistake of the file; none of them repeats a secret.
[[nodiscard]] Expected<NasList, std::vector<std::string>> load_nas_file(const std::filesystem::path& file);

}  // namespace guard::config
