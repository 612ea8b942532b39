// An enforcement table as its README describes it, read and repaired without the code under test.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "event/ip_address.hpp"
#include "event/keyed_hash.hpp"
#include "event/login_event.hpp"

namespace guard::fuzz {

// IDs that a repaired table may hold. Their hashes cannot be found by chance.
struct ProbeId {
    Service service;
    std::string_view id;
};
[[nodiscard]] std::span<const ProbeId> probe_ids();

struct TableRepair {
    bool ids = false;      // as many IDs as the header says and fit; else none
    bool entries = false;  // every source an address in its one form, all entries in order, each once, free places zero
    bool probes = false;   // the hashes of some probe IDs in place of the first IDs
};

// Makes magic, version, numbers of entries and checksum right; what is left over at the end is cut off.
void repair_table(std::vector<std::uint8_t>& bytes, TableRepair repair);

struct HeldSource {
    std::uint8_t family = 0, length = 0;
    std::span<const std::uint8_t> address;  // 4 or 16 bytes
    std::int64_t expires = 0;
};

// The entries of a sound table, by a plain walk over its bytes, which must outlive this.
class HeldEntries {
  public:
    explicit HeldEntries(std::span<const std::uint8_t> bytes);

    [[nodiscard]] bool suspends(Service service, std::string_view id) const;
    [[nodiscard]] bool blocks(const IpAddress& source, Time now) const;
    [[nodiscard]] std::span<const HeldSource> sources() const { return sources_; }
    [[nodiscard]] std::size_t ids() const { return ids_; }

  private:
    std::span<const std::uint8_t> bytes_;
    std::size_t ids_;
    std::vector<HeldSource> sources_;
};

}  // namespace guard::fuzz
