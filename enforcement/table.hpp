// Who is refused now: a small immutable table, built by the analyzer's enforcer, looked up by the module. IDs are in it
// only as keyed 128-bit hashes; blocked sources as addresses or prefixes, each with the time its block ends by itself.
// README.md in this folder gives the file format byte by byte.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/expected.hpp"
#include "event/keyed_hash.hpp"
#include "event/login_event.hpp"
#include "event/page_allocator.hpp"

namespace guard::enforcement {

struct SuspendedId {
    Service service = Service::pppoe;
    std::string id;  // normalised
};

struct BlockedSource {
    IpAddress source;  // address or prefix
    Time expires{};
};

class Table {
  public:
    Table() = default;  // refuses nobody

    // Any order, duplicates allowed (of two blocks of one source the longer counts).
    static Table build(std::uint64_t generation, const HashKey& key, std::string id_fingerprint,
                       const std::vector<SuspendedId>& ids, const std::vector<BlockedSource>& sources);
    // The file's bytes, and back. The error says what is wrong with them.
    [[nodiscard]] std::vector<std::uint8_t> to_bytes() const;
    static Expected<Table> from_bytes(std::span<const std::uint8_t> bytes);

    [[nodiscard]] bool is_suspended(Service service, std::string_view id) const;
    [[nodiscard]] bool is_blocked(const IpAddress& source, Time now) const;

    [[nodiscard]] std::uint64_t generation() const { return generation_; }
    [[nodiscard]] const std::string& id_fingerprint() const { return id_fingerprint_; }
    [[nodiscard]] std::size_t suspended_count() const { return ids_.size(); }
    [[nodiscard]] std::size_t blocked_count() const { return sources_.size(); }

  private:
    void index();
    [[nodiscard]] std::size_t bucket_of(const Hash128& hash) const { return hash.high >> bucket_shift_; }
    [[nodiscard]] bool may_hold(const Hash128& hash) const {
        return (filter_[(hash.low >> 6) & (filter_.size() - 1)] >> (hash.low & 63) & 1) != 0;
    }

    std::uint64_t generation_ = 0;
    HashKey key_{};
    std::string id_fingerprint_;
    PageVector<Hash128> ids_;            // ascending by high, low
    PageVector<std::uint32_t> buckets_;  // where the IDs with the same upper bits begin, and where the last ones end
    unsigned bucket_shift_ = 63;         // from the upper half of a hash to its bucket
    PageVector<std::uint64_t> filter_;   // a bit for the lower half of each hash; one in sixteen is set at most
    PageVector<BlockedSource> sources_;  // ascending by address
    std::vector<std::uint8_t> prefix_lengths_[2];  // those in use for IPv4 and IPv6, longest first
};

}  // namespace guard::enforcement
