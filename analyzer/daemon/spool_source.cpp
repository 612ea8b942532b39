#include "analyzer/daemon/spool_source.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "spool/retention.hpp"

namespace guard::daemon {

namespace {

std::optional<spool::Position> position_of(const std::filesystem::path& directory,
                                           const std::map<std::string, std::string>& positions) {
    const auto known = positions.find(directory.string());
    if (known == positions.end()) return std::nullopt;
    auto position = spool::Position::parse(known->second);
    if (!position)
        throw std::runtime_error("the position of spool " + directory.string() + " cannot be read: \"" +
                                 known->second + '"');
    return position;
}

}  // namespace

SpoolSource::SpoolSource(const std::vector<std::filesystem::path>& directories,
                         const std::map<std::string, std::string>& recorded,
                         const std::map<std::string, std::string>& from) {
    for (const auto& directory : directories) {
        const auto known = position_of(directory, recorded);
        spools_.push_back({spool::Reader(directory, position_of(directory, from).value_or(spool::Position{})),
                           known.value_or(spool::Position{}), !known});
    }
}

bool SpoolSource::caught_up() const {
    return std::all_of(spools_.begin(), spools_.end(), [](const Spool& spool) { return spool.caught_up; });
}

const LoginEvent* SpoolSource::peek() {
    if (front_ != nullptr) return front_->reader.peek();
    const LoginEvent* earliest = nullptr;
    for (Spool& spool : spools_) {
        const LoginEvent* event = spool.reader.peek();
        spool.caught_up = spool.caught_up || event == nullptr || !spool.reader.front_is_before(spool.recorded);
        if (event == nullptr || (earliest != nullptr && earliest->time <= event->time)) continue;
        earliest = event;
        front_ = &spool;
    }
    return earliest;
}

bool SpoolSource::already_recorded() const {
    return front_ != nullptr && front_->reader.front_is_before(front_->recorded);
}

void SpoolSource::pop() {
    if (front_ == nullptr) return;
    front_->reader.pop();
    front_ = nullptr;
}

std::map<std::string, std::string> SpoolSource::positions() const {
    std::map<std::string, std::string> positions;
    for (const Spool& spool : spools_)
        positions[spool.reader.directory().string()] =
            (spool.caught_up ? spool.reader.position() : spool.recorded).to_string();
    return positions;
}

std::size_t SpoolSource::keep_term(std::chrono::seconds retention, Time now) const {
    std::size_t deleted = 0;
    for (const Spool& spool : spools_)
        deleted += spool::delete_expired(spool.reader.directory(), retention, now).size();
    return deleted;
}

std::map<std::string, SpoolSource::Status> SpoolSource::status() const {
    std::map<std::string, Status> result;
    for (const Spool& spool : spools_)
        result[spool.reader.directory().string()] = {spool.reader.counters(), spool.reader.writers()};
    return result;
}

}  // namespace guard::daemon
