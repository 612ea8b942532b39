// What is kept of one (service, ID) that has been quiet: 56 bytes, of which a stream is made again, as if it had never
// been packed, when an event asks for more. docs/decisions/0012-packed-state.md says what may be packed when and what
// is lost by it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "analyzer/detection/familiarity.hpp"
#include "event/login_event.hpp"
#include "event/time.hpp"
#include "geo/place.hpp"

namespace guard::detection {

// The one session of a line that may still be up, or was the last, and the stay it belongs to.
struct PackedLine {
    static constexpr std::uint64_t kNoTime = (std::uint64_t{1} << 52) - 1;
    static constexpr std::uint32_t kNoPool = 0, kPoolByAddress = 0xff'ffff;

    std::uint64_t began : 52;         // microseconds since 1970
    std::uint64_t v6_length : 7;      // 1 to 64; 0: no IPv6 prefix
    std::uint64_t has_v4 : 1;         //
    std::uint64_t v6_first : 1;       // the order the events name them in
    std::uint64_t begin_unknown : 1;  //
    std::uint64_t accepted : 1;
    std::uint64_t assigned : 1;
    std::uint64_t last : 52;      // the last evidence of life, microseconds since 1970
    std::uint64_t last_kind : 3;  // of Kind
    std::uint64_t confirmed : 1;  // by it
    std::uint64_t ended : 1;      // by it
    std::uint64_t discounted : 1;
    std::uint64_t first_tells : 1;  // the first address, by itself, is in the pool that tells where the session is
    std::uint64_t gap : 5;          // number of the gap to the sign of life before `last`; 0: none is known
    std::uint64_t v6;               // upper half of the (longer) prefix, host order
    std::uint32_t v4;               // host order
    std::uint32_t pool : 24;  // of the stay, 1 + its number in the table; kNoPool: no stay; kPoolByAddress: look it up
    std::uint32_t wider_length : 7;  // of a second prefix around the first, as a delegated one often is; 0: none
    std::uint32_t wider_first : 1;   // the order the events name the two in

    [[nodiscard]] Time began_at() const { return Time{Microseconds{began}}; }
    [[nodiscard]] Time last_at() const { return Time{Microseconds{last}}; }
    // The sign of life before `last`, as before_sign() has it.
    [[nodiscard]] std::optional<Time> before_last() const;
    void set_before_last(std::optional<Time> before);
    [[nodiscard]] Addresses addresses() const;
    // False: they are not of a form that fits (two prefixes beside each other, one longer than /64).
    [[nodiscard]] bool set_addresses(std::span<const IpAddress> addresses);
    [[nodiscard]] std::size_t address_count() const {
        return has_v4 + (v6_length != 0 ? 1U : 0U) + (wider_length != 0 ? 1U : 0U);
    }
    // The event names the session's addresses, or the first of them alone.
    [[nodiscard]] bool is_at(std::span<const IpAddress> addresses) const;
};
static_assert(sizeof(PackedLine) == 32);

struct PackedStream {
    enum class Form : std::uint8_t {
        bare,  // nothing but what was learned
        line,  // PPPoE
        mail,  // SMTP-AUTH
        open,  // all of it is in a Stream
    };
    static constexpr std::uint32_t kMaxGap = (1U << 22) - 1;
    static constexpr std::uint32_t kMaxHour = (1U << 20) - 1;

    std::uint64_t key = 0;
    std::uint32_t first_seen = 0;  // seconds since 1970; 0: not yet
    std::uint32_t hour : 20;       // in which it was last active
    std::uint32_t home : 12;       // number of the region it is learning or familiar with; 0: none
    std::uint32_t newer;           // of that region, as Familiarity::Region has it
    std::uint32_t gap : 22;        // newer - older; 0: no older one
    std::uint32_t form_ : 2;
    std::uint32_t more_regions : 1;  // all of them are kept beside; `home` then is only a copy of one, or none
    std::uint32_t suspended : 1;
    std::uint32_t released : 1;  // a suspension was once lifted: a session whose beginning nobody saw does not count
    std::uint32_t unused : 5;
    union {
        PackedLine line;
        std::array<std::uint32_t, 8> networks;  // hashes, the one not seen for longest first; 0: none
        std::uint32_t open;                     // number of the Stream
    };

    PackedStream()
        : hour(0),
          home(0),
          newer(0),
          gap(0),
          form_(0),
          more_regions(0),
          suspended(0),
          released(0),
          unused(0),
          networks{} {}
    [[nodiscard]] Form form() const { return static_cast<Form>(form_); }
    void set_form(Form form) { form_ = static_cast<std::uint32_t>(form) & 3U; }
};
static_assert(sizeof(PackedStream) == 56);

// Regions and countries as small numbers. At most 4,095: what comes later has none.
class RegionNumbers {
  public:
    static constexpr std::uint32_t kMask = 4095;

    // 0: there is none left, or the code is empty.
    [[nodiscard]] std::uint32_t number(const geo::Code& code);
    [[nodiscard]] const geo::Code& code(std::uint32_t number) const { return codes_[number]; }
    // Number 0 included.
    [[nodiscard]] std::size_t count() const { return codes_.size(); }

  private:
    friend struct StateFields;
    static constexpr std::size_t kMost = 4096;
    std::vector<geo::Code> codes_{geo::Code{}};
};

// The sign of life before the one at `sign`, as exact as a packed line holds it, so that it does not matter whether a
// stream was packed: with the usual intervals of Interim-Updates, earlier by a fifth with others. None: longer ago than
// two days.
[[nodiscard]] std::optional<Time> before_sign(Time sign, Time before);

// Times that a packed stream can hold; of 1970 to 2112.
[[nodiscard]] std::optional<std::uint64_t> packed_time(Time time);
[[nodiscard]] std::uint32_t seconds_since_1970(Time time);

}  // namespace guard::detection
