#include "simulate/event_writer.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <span>
#include <system_error>

#include "event/crc32c.hpp"

namespace guard::simulate {
namespace {

// `count` digits with leading zeros.
char* put_digits(char* at, std::uint32_t value, int count) {
    for (int i = count - 1; i >= 0; --i, value /= 10) at[i] = static_cast<char>('0' + value % 10);
    return at + count;
}

char* put_v4(char* at, std::uint32_t address) {
    for (int shift = 24; shift >= 0; shift -= 8) {
        at = std::to_chars(at, at + 3, address >> static_cast<unsigned>(shift) & 0xffU).ptr;
        if (shift > 0) *at++ = '.';
    }
    return at;
}

constexpr std::size_t kIdBytes = 20;

char* put_id(char* at, Service service, std::uint32_t id) {
    *at++ = service == Service::pppoe ? 'u' : 'm';
    at = put_digits(at, id, 7);
    std::memcpy(at, "@isp.example", 12);
    return at + 12;
}

}  // namespace

std::string id_text(Service service, std::uint32_t id) {
    std::array<char, kIdBytes> text{};
    return {text.data(), put_id(text.data(), service, id)};
}

EventWriter::EventWriter(Descriptor to) : to_(std::move(to)), buffer_(kBuffer, '\0'), at_(buffer_.data()) {}

std::uint64_t EventWriter::count(Service service, Kind kind) const {
    return counts_.at(static_cast<std::size_t>(service)).at(static_cast<std::size_t>(kind));
}

void EventWriter::put(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
}

void EventWriter::put_time(Time time) {
    const std::int64_t since = time.time_since_epoch().count();
    const std::int64_t second = since / 1'000'000, day = second / 86'400;
    if (day != day_) {
        day_ = day;
        const std::string text = format_rfc3339(time);
        std::memcpy(date_.data(), text.data(), date_.size());
    }
    const auto of_day = static_cast<std::uint32_t>(second % 86'400);
    put({date_.data(), date_.size()});
    at_ = put_digits(at_, of_day / 3600, 2);
    *at_++ = ':';
    at_ = put_digits(at_, of_day / 60 % 60, 2);
    *at_++ = ':';
    at_ = put_digits(at_, of_day % 60, 2);
    *at_++ = '.';
    at_ = put_digits(at_, static_cast<std::uint32_t>(since % 1'000'000), 6);
    *at_++ = 'Z';
}

void EventWriter::put_prefix(std::uint64_t upper, std::string_view end) {
    for (int shift = 48; shift >= 0; shift -= 16) {
        at_ = std::to_chars(at_, at_ + 4, upper >> static_cast<unsigned>(shift) & 0xffffU, 16).ptr;
        if (shift > 0) *at_++ = ':';
    }
    put(end);
}

void EventWriter::put_addresses(const RecordAddresses& addresses) {
    const int count = (addresses.v4 != 0 ? 1 : 0) + (addresses.framed != 0 ? 1 : 0) +
                      (addresses.delegated != 0 ? 1 : 0) + (addresses.host != 0 ? 1 : 0);
    if (count == 0) return;
    put(count > 1 ? R"(,"address":[)" : R"(,"address":)");
    int left = count;
    const auto behind = [&] {
        *at_++ = '"';
        if (--left > 0) *at_++ = ',';
    };
    if (addresses.v4 != 0) {
        *at_++ = '"';
        at_ = put_v4(at_, addresses.v4);
        behind();
    }
    const auto put_v6 = [&](std::uint64_t upper, std::string_view end) {
        if (upper == 0) return;
        *at_++ = '"';
        put_prefix(upper, end);
        behind();
    };
    put_v6(addresses.framed, "::/64");
    put_v6(addresses.delegated, "::/56");
    put_v6(addresses.host, "::1");
    if (count > 1) *at_++ = ']';
}

void EventWriter::write(const Happening& event) {
    if (at_ + kLongest > buffer_.data() + buffer_.size()) flush();
    put(R"({"time":")");
    put_time(event.time);
    put(R"(","service":")");
    put(to_string(event.service));
    put(R"(","kind":")");
    put(to_string(event.kind));
    put(R"(","id":")");
    at_ = put_id(at_, event.service, event.id);
    *at_++ = '"';
    put_addresses(event.addresses);
    put("}\n");
    ++events_;
    ++counts_.at(static_cast<std::size_t>(event.service)).at(static_cast<std::size_t>(event.kind));
}

void EventWriter::flush() {
    const auto length = static_cast<std::size_t>(at_ - buffer_.data());
    checksum_ = crc32c({reinterpret_cast<const std::uint8_t*>(buffer_.data()), length}, checksum_);
    bytes_ += length;
    for (const char* from = buffer_.data(); from != at_;) {
        const ssize_t count = ::write(to_.get(), from, static_cast<std::size_t>(at_ - from));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw std::system_error(errno, std::generic_category(), "cannot write the events");
        from += count;
    }
    at_ = buffer_.data();
}

void EventWriter::finish() {
    flush();
    // A pipe or a terminal cannot be synced.
    if (fsync(to_.get()) != 0 && errno != EINVAL && errno != EROFS)
        throw std::system_error(errno, std::generic_category(), "cannot write the events");
}

}  // namespace guard::simulate
