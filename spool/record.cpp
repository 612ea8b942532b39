#include "spool/record.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "event/crc32c.hpp"
#include "event/little_endian.hpp"

namespace guard::spool {
namespace {

constexpr std::uint8_t kAddressIpv6 = 0x80;  // in the byte before an address; the prefix length is the other one

// Little by little from the front of a span, remembering whether the bytes ran out.
class Cursor {
  public:
    explicit Cursor(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    std::span<const std::uint8_t> take(std::size_t count) {
        if (count > bytes_.size()) {
            failed_ = true;
            return {};
        }
        const auto taken = bytes_.first(count);
        bytes_ = bytes_.subspan(count);
        return taken;
    }
    std::uint8_t byte() {
        const auto taken = take(1);
        return taken.empty() ? std::uint8_t{0} : taken[0];
    }
    [[nodiscard]] bool failed() const { return failed_; }
    [[nodiscard]] std::span<const std::uint8_t> rest() const { return bytes_; }

  private:
    std::span<const std::uint8_t> bytes_;
    bool failed_ = false;
};

std::size_t padded(std::size_t length) {
    return (length + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

// Of the record without its first 8 bytes (length and checksum), bound to the segment by its epoch and to the length.
std::uint32_t checksum(std::span<const std::uint8_t> record, std::uint64_t epoch) {
    std::array<std::uint8_t, 12> bound;
    put_little_endian(epoch, bound.data());
    put_little_endian(static_cast<std::uint32_t>(record.size()), bound.data() + 8);
    return crc32c(record.subspan(8), crc32c(bound));
}

Expected<IpAddress, RecordError> decode_address(Cursor& cursor) {
    const std::uint8_t family = cursor.byte(), length = cursor.byte();
    if (family != 0 && family != kAddressIpv6) return unexpected(RecordError::malformed);
    const auto bytes = cursor.take(family == kAddressIpv6 ? 16 : 4);
    if (cursor.failed()) return unexpected(RecordError::malformed);
    const auto address = IpAddress::from_bytes(bytes, length);
    if (!address || address->prefix_length() != length) return unexpected(RecordError::malformed);
    // Bits behind the prefix length say more than the address does.
    const auto canonical = address->bytes();
    if (!std::equal(canonical.begin(), canonical.end(), bytes.begin(), bytes.end()))
        return unexpected(RecordError::malformed);
    return *address;
}

// None: they are well formed, and in `event`.
std::optional<RecordError> decode_fields(std::span<const std::uint8_t> record, LoginEvent& event) {
    Cursor cursor(record.subspan(8));
    event.time = Time{Microseconds{get_little_endian<std::int64_t>(cursor.take(8).data())}};
    const std::uint8_t what = cursor.byte(), id_length = cursor.byte(), addresses = cursor.byte(),
                       reserved = cursor.byte();
    event.service = static_cast<Service>(what >> 4);
    event.kind = static_cast<Kind>(what & 0x0f);
    const bool known = (event.service == Service::pppoe || event.service == Service::smtp_auth) &&
                       event.kind >= Kind::accept && event.kind <= Kind::release;
    if (!known || id_length == 0 || id_length > kMaxIdBytes || addresses > kMaxAddresses || reserved != 0)
        return RecordError::malformed;
    const auto id = cursor.take(id_length);
    event.id.assign(reinterpret_cast<const char*>(id.data()), id.size());
    event.addresses.clear();
    for (unsigned i = 0; i < addresses; ++i) {
        const auto address = decode_address(cursor);
        if (!address) return address.error();
        event.addresses.push_back(*address);
    }
    const auto padding = cursor.rest();
    const bool clean = std::all_of(padding.begin(), padding.end(), [](std::uint8_t byte) { return byte == 0; });
    if (cursor.failed() || !clean || padding.size() >= kRecordAlignment) return RecordError::malformed;
    return std::nullopt;
}

}  // namespace

std::size_t encoded_length(const LoginEvent& event) {
    std::size_t length = kRecordHeaderBytes + event.id.size();
    for (const IpAddress& address : event.addresses) length += 2 + address.bytes().size();
    return padded(length);
}

std::size_t encode_record(const LoginEvent& event, std::uint64_t epoch, RecordBuffer& buffer) {
    put_little_endian(event.time.time_since_epoch().count(), buffer.data() + 8);
    buffer[16] =
        static_cast<std::uint8_t>((static_cast<unsigned>(event.service) << 4) | static_cast<unsigned>(event.kind));
    buffer[17] = static_cast<std::uint8_t>(event.id.size());
    buffer[18] = static_cast<std::uint8_t>(event.addresses.size());
    buffer[19] = 0;
    std::size_t at = kRecordHeaderBytes;
    std::memcpy(buffer.data() + at, event.id.data(), event.id.size());
    at += event.id.size();
    for (const IpAddress& address : event.addresses) {
        buffer[at++] = address.is_ipv4() ? std::uint8_t{0} : kAddressIpv6;
        buffer[at++] = static_cast<std::uint8_t>(address.prefix_length());
        const auto bytes = address.bytes();
        std::copy(bytes.begin(), bytes.end(), buffer.begin() + static_cast<std::ptrdiff_t>(at));
        at += bytes.size();
    }
    const std::size_t length = padded(at);
    std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(at), buffer.begin() + static_cast<std::ptrdiff_t>(length),
              std::uint8_t{0});
    put_little_endian(static_cast<std::uint32_t>(length), buffer.data());
    put_little_endian(checksum(std::span(buffer).first(length), epoch), buffer.data() + 4);
    return length;
}

Expected<DecodedRecord, RecordError> decode_record(std::span<const std::uint8_t> bytes, std::uint64_t epoch) {
    DecodedRecord record;
    const auto length = decode_record(bytes, epoch, record.event);
    if (!length) return unexpected(length.error());
    record.length = *length;
    return record;
}

Expected<std::size_t, RecordError> decode_record(std::span<const std::uint8_t> bytes, std::uint64_t epoch,
                                                 LoginEvent& event) {
    if (bytes.size() < 8) return unexpected(RecordError::truncated);
    const auto length = get_little_endian<std::uint32_t>(bytes.data());
    const auto expected = get_little_endian<std::uint32_t>(bytes.data() + 4);
    if (length == 0 && expected == 0) return unexpected(RecordError::absent);
    if (length < kRecordHeaderBytes || length > kMaxRecordBytes || length % kRecordAlignment != 0)
        return unexpected(RecordError::damaged);
    if (length > bytes.size()) return unexpected(RecordError::truncated);
    const auto record = bytes.first(length);
    if (checksum(record, epoch) != expected) return unexpected(RecordError::damaged);
    if (const auto error = decode_fields(record, event)) return unexpected(*error);
    return length;
}

}  // namespace guard::spool
