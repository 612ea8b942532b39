// One record of the spool. Input: a byte of mode, the epoch (8 bytes), the bytes. Mode 1 puts length and checksum
// right.
#include <algorithm>

#include "spool/record.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/record_bytes.hpp"

namespace {

using namespace guard;
using fuzz::require;

fuzz::Reached decoded_records("decoded"), malformed_records("malformed"), with_addresses("with addresses");

void check_event(const LoginEvent& event) {
    require(!event.id.empty() && event.id.size() <= kMaxIdBytes, "an ID of 1 to 253 bytes");
    require(to_string(event.service) != "unknown" && to_string(event.kind) != "unknown", "service and kind are known");
    for (const IpAddress& address : event.addresses) {
        const auto again = IpAddress::from_bytes(address.bytes(), address.prefix_length());
        require(again && *again == address, "an address is in its one form");
    }
}

// What must not be taken for the record any more: too few of its bytes, one bit changed, another segment's epoch.
void check_rejections(std::span<const std::uint8_t> record, std::uint64_t epoch, std::size_t choice) {
    const auto cut = spool::decode_record(record.first(record.size() - 1), epoch);
    require(!cut && cut.error() == spool::RecordError::truncated, "a record without its last byte is truncated");
    require(!spool::decode_record(record, epoch ^ 1), "a record of another epoch is none");
    std::vector<std::uint8_t> changed(record.begin(), record.end());
    const std::size_t bit = 32 + choice % (record.size() * 8 - 32);  // behind the length
    changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ 1U << bit % 8);
    const auto other = spool::decode_record(changed, epoch);
    require(!other && other.error() == spool::RecordError::damaged, "a record with one bit changed is damaged");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::uint8_t mode = input.byte();
    const std::uint64_t epoch = input.number(8);
    const auto given = input.rest();
    std::vector<std::uint8_t> bytes(given.begin(), given.end());
    if ((mode & 1) != 0) fuzz::repair_record(bytes, epoch);

    const auto decoded = spool::decode_record(bytes, epoch);
    if (!decoded) {
        if (decoded.error() == spool::RecordError::malformed) malformed_records.count();
        return 0;
    }
    decoded_records.count();
    if (!decoded->event.addresses.empty()) with_addresses.count();
    require(decoded->length <= bytes.size() && decoded->length >= 24 && decoded->length <= spool::kMaxRecordBytes &&
                decoded->length % spool::kRecordAlignment == 0,
            "the length is within the bytes and the format");
    check_event(decoded->event);
    require(spool::encoded_length(decoded->event) == decoded->length, "encoded_length() is the length decoded");
    spool::RecordBuffer buffer;
    const std::size_t length = spool::encode_record(decoded->event, epoch, buffer);
    const auto record = std::span<const std::uint8_t>(bytes).first(decoded->length);
    require(std::ranges::equal(std::span(buffer).first(length), record), "encoded again it is the same bytes");
    check_rejections(record, epoch, size > 9 ? data[9] * std::size_t{256} + mode : mode);
    return 0;
}
