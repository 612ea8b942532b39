// From what happened to a line of JSON, as replay/jsonl_reader.hpp wants it. One thread. Throws std::system_error when
// the output cannot be written.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "event/descriptor.hpp"
#include "event/login_event.hpp"

namespace guard::simulate {

// The addresses of one record, 0 where there is none. IPv6 as the upper half.
struct RecordAddresses {
    std::uint32_t v4 = 0;
    std::uint64_t delegated = 0;  // /56
    std::uint64_t framed = 0;     // /64
    std::uint64_t host = 0;       // ...::1, of an SMTP client
};

struct Happening {
    Time time{};
    std::uint32_t id = 0;
    Service service = Service::pppoe;
    Kind kind = Kind::accept;
    RecordAddresses addresses;
};

[[nodiscard]] std::string id_text(Service service, std::uint32_t id);  // "u0000017@isp.example"

class EventWriter {
  public:
    explicit EventWriter(Descriptor to);

    void write(const Happening& event);
    // All that was written is with the system.
    void flush();
    // Flushed, and on disk where it is a file.
    void finish();

    [[nodiscard]] std::uint64_t events() const { return events_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] std::uint32_t checksum() const { return checksum_; }  // CRC-32C of all bytes
    [[nodiscard]] std::uint64_t count(Service service, Kind kind) const;

  private:
    void put(std::string_view text);
    void put_time(Time time);
    void put_prefix(std::uint64_t upper, std::string_view end);
    void put_addresses(const RecordAddresses& addresses);

    static constexpr std::size_t kBuffer = 1U << 18U, kLongest = 512;

    Descriptor to_;
    std::string buffer_;
    char* at_;
    std::int64_t day_ = -1;
    std::array<char, 11> date_{};  // "2026-03-01T" of day_
    std::uint64_t events_ = 0, bytes_ = 0;
    std::uint32_t checksum_ = 0;
    std::array<std::array<std::uint64_t, 6>, 3> counts_{};
};

}  // namespace guard::simulate
