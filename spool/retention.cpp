#include "spool/retention.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <ctime>

#include "spool/descriptor.hpp"
#include "spool/segment.hpp"

namespace guard::spool {

namespace {

// What a killed radiusd left of a segment it was about to make: no events are in it.
void delete_unnamed(const std::filesystem::path& directory) {
    std::error_code error;
    for (std::filesystem::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
        if (it->path().extension() != kUnnamedSuffix) continue;
        const Descriptor file(::open(it->path().c_str(), O_RDONLY | O_CLOEXEC));
        struct stat status {};
        if (!file || fstat(file.get(), &status) != 0) continue;
        const bool fresh = status.st_mtime > ::time(nullptr) - 60;  // may be between creation and lock
        std::error_code ignored;
        if (!fresh && flock(file.get(), LOCK_SH | LOCK_NB) == 0) std::filesystem::remove(it->path(), ignored);
    }
}

}  // namespace

std::vector<std::uint64_t> delete_expired(const std::filesystem::path& directory, std::chrono::seconds retention, Time now) {
    std::vector<std::uint64_t> deleted;
    delete_unnamed(directory);
    for (const std::uint64_t number : list_segments(directory)) {
        const auto path = directory / segment_name(number);
        const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file) continue;
        const auto header = read_header(file.get());
        // Numbers ascend with time: behind the first one young enough there is nothing to delete.
        if (header && header->created + retention > now) break;
        if (flock(file.get(), LOCK_SH | LOCK_NB) != 0) continue;
        std::error_code error;
        if (header && std::filesystem::remove(path, error) && !error) deleted.push_back(number);
    }
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
