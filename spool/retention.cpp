#include "spool/retention.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <ctime>
#include <optional>

#include "event/descriptor.hpp"
#include "spool/segment.hpp"

namespace guard::spool {
namespace {

constexpr std::time_t kNewSeconds = 60;
// A writer begins no write to a segment at its term or later. One that it began before may take this long to end.
constexpr std::chrono::seconds kHeldSlack{60};

// What a killed radiusd left of a segment it was about to make: no events are in it.
void delete_unnamed(const std::filesystem::path& directory) {
    std::error_code error;
    for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
        const std::string stem = it->path().stem().string();
        if (it->path().extension() != kUnnamedSuffix || stem.find_first_not_of("0123456789") != std::string::npos)
            continue;
        const Descriptor file(::open(it->path().c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status {};
        if (!file || fstat(file.get(), &status) != 0) continue;
        // One so young may be between creation and lock. In the future is as old: that clock was set back.
        const bool young = std::abs(::time(nullptr) - status.st_mtime) < kNewSeconds;
        std::error_code ignored;
        if (!young && !is_held(file.get())) std::filesystem::remove(it->path(), ignored);
    }
}

struct Expired {
    std::uint64_t segment = 0;
    bool even_if_held = false;
};

bool delete_segment(const std::filesystem::path& directory, const Expired& expired) {
    const auto path = directory / segment_name(expired.segment);
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::error_code error;
    return file && (expired.even_if_held || !is_held(file.get())) && std::filesystem::remove(path, error) && !error;
}

// When a segment was begun. Its number says that as well, so that a damaged header keeps nothing beyond its term.
std::optional<Time> begun(const std::filesystem::path& directory, std::uint64_t segment) {
    const Descriptor file(::open((directory / segment_name(segment)).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return std::nullopt;
    const auto header = read_header(file.get());
    return header ? header->created : Time{Microseconds{static_cast<std::int64_t>(segment)}};
}

}  // namespace

std::vector<std::uint64_t> delete_expired(const std::filesystem::path& directory, std::chrono::seconds retention,
                                          Time now) {
    delete_unnamed(directory);
    std::vector<Expired> expired;
    std::vector<std::uint64_t> undated, deleted;
    // Numbers ascend in the order in which segments were begun.
    for (const std::uint64_t segment : list_segments(directory)) {
        const auto time = begun(directory, segment);
        if (!time) continue;
        if (*time > now) {
            // Begun while the clock was ahead: no younger than the next one with a sound date.
            undated.push_back(segment);
        } else if (*time + retention > now) {
            break;  // and all behind it are younger
        } else {
            undated.push_back(segment);
            for (const std::uint64_t old : undated) expired.push_back({old, *time + retention + kHeldSlack <= now});
            undated.clear();
        }
    }
    for (const Expired& one : expired)
        if (delete_segment(directory, one)) deleted.push_back(one.segment);
    return deleted;
}

std::uint64_t used_bytes(const std::filesystem::path& directory) {
    std::uint64_t total = 0;
    for (const std::uint64_t number : list_segments(directory)) {
        std::error_code error;
        const auto size = std::filesystem::file_size(directory / segment_name(number), error);
        if (!error) total += size;
    }
    return total;
}

}  // namespace guard::spool
