// The spool's bytes as an outsider reads them, from spool/README.md alone and with none of the project's code: what the
// privacy test believes, so that a codec that writes and reads back too much cannot hide it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace guard::test {

struct PlainRecord {
    std::string service;  // "pppoe", "smtp_auth"
    std::string kind;     // "accept"...
    std::string id;
    std::vector<std::string> addresses;  // as inet_ntop writes them, "/length" behind when it is a prefix
    std::int64_t microseconds = 0;       // since 1970

    friend bool operator==(const PlainRecord&, const PlainRecord&) = default;
};

struct PlainSegment {
    std::string fingerprint;
    std::vector<PlainRecord> records;
    std::vector<std::string> unexplained;  // bytes that are not zero and belong to no field, as "offset: value"
};

// Throws std::runtime_error when the file is no segment or a record does not fit its checksum.
PlainSegment read_plain_segment(const std::filesystem::path& path);

// All files below a directory, names included, as one string of bytes.
std::string all_bytes(const std::filesystem::path& directory);

}  // namespace guard::test
