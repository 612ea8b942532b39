#include "geo/locator.hpp"

namespace guard::geo {

Locator::Locator(PoolTable pools, std::shared_ptr<const MaxMindDatabase> database, std::uint64_t generation)
    : pools_(std::move(pools)), database_(std::move(database)), generation_(generation) {}

Expected<std::shared_ptr<const Locator>> Locator::load(const std::filesystem::path& pools,
                                                       const std::filesystem::path& database,
                                                       std::uint64_t generation) {
    std::string mistakes;
    const auto note = [&](const std::string& mistake) { mistakes += (mistakes.empty() ? "" : "\n") + mistake; };
    auto table = PoolTable::load(pools);
    if (!table)
        for (const std::string& mistake : table.error()) note(mistake);
    std::shared_ptr<const MaxMindDatabase> opened;
    if (!database.empty()) {
        if (auto result = MaxMindDatabase::open(database)) {
            opened = std::move(*result);
        } else {
            note(result.error());
        }
    }
    if (!mistakes.empty()) return unexpected(std::move(mistakes));
    return std::make_shared<const Locator>(std::move(*table), std::move(opened), generation);
}

std::optional<Place> Locator::in_pools(const IpAddress& address) const {
    const Pool* pool = pools_.find(address);
    return pool ? pool->place : std::nullopt;
}

std::optional<Place> Locator::anywhere(const IpAddress& address) const {
    const Pool* pool = pools_.find(address);
    // A pool with a place has the last word, and so has one that is of no location on purpose.
    if (pool && (pool->place || pool->country.empty())) return pool->place;
    auto place = database_ ? database_->lookup(address) : std::nullopt;
    // A pool that names its country may have its coordinates completed, but not its country changed.
    if (pool && place && place->country != pool->country) return std::nullopt;
    return place;
}

}  // namespace guard::geo
