// Puts right what random bytes never get right by chance, so that a fuzz target gets behind it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace guard::fuzz {

// Makes the length field of the record at the front of `bytes` fit (a multiple of 8 from 24 on, within `bytes` and the
// longest record; kept when it is so already) and its checksum right under `epoch`. Returns that length, or 0 when
// `bytes` is too short for any record. Written from spool/README.md, not from spool/record.cpp.
std::size_t repair_record(std::span<std::uint8_t> bytes, std::uint64_t epoch);

}  // namespace guard::fuzz
