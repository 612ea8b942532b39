// The operator's pool file. Input: a byte, the text; the byte and the last bytes of the text choose what is looked up.
#include <algorithm>
#include <sstream>

#include "event/text.hpp"
#include "geo/pool_table.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace guard;
using fuzz::require;

fuzz::Reached refused("refused"), loaded("loaded"), found("found"), nested("nested"), located("located");

// The longest pool that holds the address, by looking at every one.
const geo::Pool* scan(const geo::PoolTable& table, const IpAddress& address) {
    const geo::Pool* longest = nullptr;
    for (const geo::Pool& pool : table.pools())
        if (pool.prefix.contains(address) &&
            (longest == nullptr || pool.prefix.prefix_length() > longest->prefix.prefix_length()))
            longest = &pool;
    return longest;
}

void look_up(const geo::PoolTable& table, const IpAddress& address) {
    const geo::Pool* const pool = table.find(address);
    require(pool == scan(table, address), "an address is in the longest pool that holds it");
    if (pool != nullptr) found.count();
}

void check_pool(const geo::PoolTable& table, const geo::Pool& pool) {
    require(is_plain_utf8(pool.city) && is_plain_utf8(pool.nas), "no control characters in a name");
    if (pool.place) {
        located.count();
        const auto& at = pool.place->coordinates;
        require(at.latitude >= -90 && at.latitude <= 90 && at.longitude >= -180 && at.longitude <= 180,
                "coordinates are on the Earth");
        require(pool.place->radius >= 0 && pool.place->radius <= geo::kMaxRadius, "a radius within the Earth");
        require(pool.place->network == pool.prefix, "the place is that of the pool");
    }
    require(table.find(pool.prefix) == &pool, "each prefix is there once");
    if (pool.prefix.prefix_length() == 0) return;
    if (table.find(pool.prefix.prefix(pool.prefix.prefix_length() - 1)) != nullptr) nested.count();
    look_up(table, pool.prefix.prefix(pool.prefix.prefix_length() - 1));
    std::vector<std::uint8_t> last(pool.prefix.bytes().begin(), pool.prefix.bytes().end());
    for (unsigned bit = pool.prefix.prefix_length(); bit < pool.prefix.width(); ++bit)
        last[bit / 8] = static_cast<std::uint8_t>(last[bit / 8] | 0x80U >> bit % 8);
    if (const auto address = IpAddress::from_bytes(last, pool.prefix.width())) look_up(table, *address);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::uint8_t choice = input.byte();
    const auto bytes = input.rest();
    std::istringstream text{std::string(fuzz::text_of(bytes))};
    const auto table = geo::PoolTable::parse(text, "pools.csv");
    if (!table) {
        refused.count();
        require(!table.error().empty(), "who refuses says why");
        for (const std::string& mistake : table.error()) require(is_plain_utf8(mistake), "a message is plain text");
        return 0;
    }
    if (!table->pools().empty()) loaded.count();
    for (const geo::Pool& pool : table->pools()) check_pool(*table, pool);
    for (const std::string& warning : table->warnings()) require(is_plain_utf8(warning), "a warning is plain text");
    if (bytes.size() < 16) return 0;
    if (const auto address = IpAddress::from_bytes(bytes.last(4), choice % 33U)) look_up(*table, *address);
    if (const auto address = IpAddress::from_bytes(bytes.last(16), choice % 129U)) look_up(*table, *address);
    return 0;
}
