#include "analyzer/daemon/spool_source.hpp"

#include <glob.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "spool/retention.hpp"

namespace guard::daemon {
namespace {

bool is_directory(const std::filesystem::path& path) {
    std::error_code error;
    return std::filesystem::is_directory(path, error);
}

bool is_pattern(const std::filesystem::path& path) {
    return path.filename().string().find_first_of("*?[") != std::string::npos;
}

spool::Position parsed(const std::string& directory, const std::string& text) {
    const auto position = spool::Position::parse(text);
    if (!position) throw std::runtime_error("the position of spool " + directory + " cannot be read: \"" + text + '"');
    return *position;
}

}  // namespace

std::vector<std::filesystem::path> spool_directories(const std::vector<std::filesystem::path>& paths) {
    std::set<std::filesystem::path> found;
    for (const auto& path : paths) {
        if (!is_pattern(path)) {
            found.insert(path);
            continue;
        }
        glob_t matches{};
        if (::glob(path.c_str(), GLOB_ONLYDIR | GLOB_NOSORT, nullptr, &matches) == 0)
            for (std::size_t i = 0; i < matches.gl_pathc; ++i)
                if (is_directory(matches.gl_pathv[i])) found.insert(matches.gl_pathv[i]);
        ::globfree(&matches);
    }
    return {found.begin(), found.end()};
}

SpoolSource::SpoolSource(std::vector<std::filesystem::path> directories, std::chrono::seconds retention)
    : directories_(std::move(directories)), retention_(retention) {}

void SpoolSource::open(const Positions& from) {
    for (const auto& [directory, position] : from) static_cast<void>(parsed(directory, position));
    dropped_ = from;
    look_for_spools();
}

// Looks which of the directories are there; the position of one that goes is kept for when it returns.
void SpoolSource::look_for_spools() {
    std::set<std::string> wanted;
    for (const auto& directory : spool_directories(directories_)) wanted.insert(directory.string());
    for (const std::string& directory : wanted)
        if (!spools_.contains(directory)) take_in(directory);
    for (auto it = spools_.begin(); it != spools_.end();) {
        const bool present = is_directory(it->first);
        if (present != it->second.present)
            spdlog::info("{} spool=\"{}\"", present ? "event=spool_found" : "event=spool_gone", it->first);
        it->second.present = present;
        // Of a pattern: what is open in it is read to its end first.
        if (wanted.contains(it->first) || it->second.reader->peek() != nullptr) {
            ++it;
            continue;
        }
        dropped_[it->first] = it->second.reader->position().to_string();
        if (front_ == &it->second) front_ = nullptr;
        it = spools_.erase(it);
    }
}

void SpoolSource::take_in(const std::string& directory) {
    const auto known = dropped_.find(directory);
    Spool& spool = spools_[directory];
    if (!is_directory(directory)) spdlog::info("event=spool_gone spool=\"{}\"", directory);
    spool.reader = std::make_unique<spool::Reader>(
        directory, known != dropped_.end() ? parsed(directory, known->second) : spool::Position{});
    if (known != dropped_.end()) dropped_.erase(known);
    set_limit(spool, directory);
}

void SpoolSource::set_limit(Spool& spool, const std::string& directory) {
    if (!limit_) {
        spool.reader->stop_at(std::nullopt);
        return;
    }
    const auto limit = limit_->find(directory);
    spool.reader->stop_at(limit == limit_->end() ? spool::Position{} : parsed(directory, limit->second));
}

void SpoolSource::stop_at(std::optional<Positions> limit) {
    front_ = nullptr;
    // What cannot be read now was read before: it does not come a second time when the directory returns.
    if (limit_)
        for (const auto& [directory, position] : *limit_) {
            if (const auto spool = spools_.find(directory); spool == spools_.end())
                dropped_[directory] = position;
            else if (!spool->second.present)
                spool->second.reader = std::make_unique<spool::Reader>(directory, parsed(directory, position));
        }
    limit_ = std::move(limit);
    for (auto& [directory, spool] : spools_) set_limit(spool, directory);
}

const LoginEvent* SpoolSource::peek() {
    if (front_ != nullptr) return front_->reader->peek();
    const LoginEvent* earliest = nullptr;
    for (auto& [directory, spool] : spools_) {
        const LoginEvent* event = spool.reader->peek();
        if (event == nullptr || (earliest != nullptr && earliest->time <= event->time)) continue;
        earliest = event;
        front_ = &spool;
    }
    return earliest;
}

void SpoolSource::pop() {
    if (front_ == nullptr) return;
    front_->reader->pop();
    front_ = nullptr;
}

Positions SpoolSource::positions() const {
    Positions positions = dropped_;
    for (const auto& [directory, spool] : spools_) positions[directory] = spool.reader->position().to_string();
    return positions;
}

bool SpoolSource::covers(const Positions& one, const Positions& other) const {
    return std::ranges::all_of(other, [&](const auto& stream) {
        const auto known = one.find(stream.first);
        const auto from = spool::Position::parse(stream.second);
        const auto at = known == one.end() ? std::nullopt : spool::Position::parse(known->second);
        return from && at && at->covers(*from);
    });
}

void SpoolSource::maintain(Time now) {
    look_for_spools();
    for (const auto& [directory, spool] : spools_) spool::delete_expired(directory, retention_, now);
}

std::map<std::string, StreamStatus> SpoolSource::status() const {
    std::map<std::string, StreamStatus> result;
    for (const auto& [directory, spool] : spools_) {
        const spool::ReaderCounters& read = spool.reader->counters();
        const spool::WriterState writers = spool.reader->writers();
        const spool::Counters& wrote = writers.counters;
        result[directory] = {spool.present,   read.read,           read.torn,        read.malformed,
                             read.unreadable, read.deleted_unread, wrote.appended,   wrote.dropped,
                             wrote.unusable,  wrote.clamped,       wrote.duplicates, writers.id_fingerprint};
    }
    return result;
}

}  // namespace guard::daemon
