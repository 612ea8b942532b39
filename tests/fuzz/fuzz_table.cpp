// The enforcement table. Input: a byte of mode, the bytes of a table; the last of them also choose what is looked up.
// Mode 1 puts magic, version, numbers and checksum right, 2 also the entries, 4 adds IDs that are looked up, 8 keeps
// IDs.
#include <algorithm>
#include <limits>

#include "enforcement/table.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/table_bytes.hpp"

namespace {

using namespace guard;
using enforcement::Table;
using fuzz::require;

fuzz::Reached loaded("loaded"), suspended("suspended"), blocked("blocked"), expired("expired");

void look_up_id(const Table& table, const fuzz::HeldEntries& held, Service service, std::string_view id) {
    const bool found = table.is_suspended(service, id);
    require(found == held.suspends(service, id), "an ID is suspended when the table holds its hash");
    if (found) suspended.count();
}

void look_up_source(const Table& table, const fuzz::HeldEntries& held, const IpAddress& source, Time now) {
    const bool found = table.is_blocked(source, now);
    require(found == held.blocks(source, now), "a source is blocked when a block that lasts holds it");
    if (found) blocked.count();
}

// The address or prefix of each entry, one inside it, one just outside; just before and at the end of the block.
void look_up_around(const Table& table, const fuzz::HeldEntries& held, const fuzz::HeldSource& entry) {
    const Time end{Microseconds{entry.expires}};
    const Time before_end{
        Microseconds{entry.expires == std::numeric_limits<std::int64_t>::min() ? entry.expires : entry.expires - 1}};
    const auto width = static_cast<unsigned>(entry.address.size()) * 8;
    std::vector<std::uint8_t> bytes(entry.address.begin(), entry.address.end());
    const auto flip = [&](unsigned bit) {
        bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ 0x80U >> bit % 8);
    };
    const auto look = [&](unsigned length) {
        const auto source = IpAddress::from_bytes(bytes, length);
        if (!source) return;
        look_up_source(table, held, *source, before_end);
        look_up_source(table, held, *source, end);
    };
    look(entry.length);
    look(width);
    if (entry.length != 0) look(entry.length - 1U);
    if (entry.length < width) flip(width - 1);
    look(width);
    if (entry.length != 0) flip(entry.length - 1U);
    look(width);
    look(entry.length);
    expired.count();
}

void look_up(const Table& table, std::span<const std::uint8_t> bytes) {
    const fuzz::HeldEntries held(bytes);
    require(table.suspended_count() == held.ids() && table.blocked_count() == held.sources().size(),
            "as many entries as the header says");
    for (const auto& [service, id] : fuzz::probe_ids()) look_up_id(table, held, service, id);
    const auto tail = bytes.last(16);
    look_up_id(table, held, Service::pppoe, fuzz::text_of(tail));
    // One entry of a run: the plain scan for all of them would be all that the fuzzer does.
    const auto sources = held.sources();
    if (!sources.empty()) look_up_around(table, held, sources[tail[15] % sources.size()]);
    const Time now{Microseconds{static_cast<std::int64_t>(bytes.size())}};
    if (const auto source = IpAddress::from_bytes(tail.first(4), 32)) look_up_source(table, held, *source, now);
    if (const auto source = IpAddress::from_bytes(tail, tail[0] % 129U)) look_up_source(table, held, *source, now);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::uint8_t mode = input.byte();
    const auto given = input.rest();
    std::vector<std::uint8_t> bytes(given.begin(), given.end());
    if ((mode & 1) != 0)
        fuzz::repair_table(bytes, {.ids = (mode & 8) != 0, .entries = (mode & 2) != 0, .probes = (mode & 4) != 0});

    const auto table = Table::from_bytes(bytes);
    if (!table) {
        require((mode & 3) != 3, "a repaired table loads");
        return 0;
    }
    loaded.count();
    look_up(*table, bytes);
    require(table->to_bytes() == bytes, "written again it is the same bytes");
    bytes[size % bytes.size()] ^= 1;
    require(!Table::from_bytes(bytes), "a table with one bit changed is refused");
    return 0;
}
