// The bytes of one event in a segment. Called by the writer inside radiusd and by the reader; pure. README.md in this
// folder gives the format byte by byte. A record holds the fields of LoginEvent and nothing else.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "event/expected.hpp"
#include "event/login_event.hpp"

namespace guard::spool {

inline constexpr std::size_t kRecordAlignment = 8;
inline constexpr std::size_t kRecordHeaderBytes = 20;
inline constexpr std::size_t kMaxRecordBytes = 352;  // 20 + 253 + 4 * (2 + 16) = 345, rounded up

using RecordBuffer = std::array<std::uint8_t, kMaxRecordBytes>;

enum class RecordError : std::uint8_t {
    absent,     // zeros: nothing was written here, or not yet
    truncated,  // the segment ends inside the record
    damaged,    // length, checksum or padding is wrong: torn by a crash, or not ours
    malformed,  // sound bytes that are no valid event: a newer or a faulty writer
};

struct DecodedRecord {
    LoginEvent event;
    std::size_t length = 0;  // bytes up to the next record
};

// The bytes that encode_record() will use for `event`.
[[nodiscard]] std::size_t encoded_length(const LoginEvent& event);

// Encodes `event` for the segment with that epoch; returns the number of bytes used, a multiple of kRecordAlignment.
// The caller guarantees what LoginEvent states: an ID of 1 to 253 bytes.
[[nodiscard]] std::size_t encode_record(const LoginEvent& event, std::uint64_t epoch, RecordBuffer& buffer);

// Decodes the record at the beginning of `bytes`. The epoch is part of the checksum, so that bytes left over from an
// older file in the same disk blocks are never taken for a record.
[[nodiscard]] Expected<DecodedRecord, RecordError> decode_record(std::span<const std::uint8_t> bytes,
                                                                 std::uint64_t epoch);
// The same into an event whose memory is used again; what is in it after an error is of no use. Returns the length.
[[nodiscard]] Expected<std::size_t, RecordError> decode_record(std::span<const std::uint8_t> bytes, std::uint64_t epoch,
                                                               LoginEvent& event);

}  // namespace guard::spool
