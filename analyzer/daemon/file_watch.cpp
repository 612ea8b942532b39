#include "analyzer/daemon/file_watch.hpp"

#include <sys/stat.h>

namespace guard::daemon {

FileWatch::FileWatch(const std::vector<std::filesystem::path>& files) {
    for (const auto& file : files)
        if (!file.empty()) files_.push_back(file);
    accept();
}

std::vector<FileWatch::Stamp> FileWatch::look() const {
    const auto nanoseconds = [](const timespec& time) {
        return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
    };
    std::vector<Stamp> stamps;
    for (const auto& file : files_) {
        struct stat status {};
        stamps.emplace_back();
        if (::stat(file.c_str(), &status) != 0) continue;
        stamps.back() = {status.st_ino, static_cast<std::uint64_t>(status.st_size), nanoseconds(status.st_mtim),
                         nanoseconds(status.st_ctim)};
    }
    return stamps;
}

bool FileWatch::changed() {
    auto now = look();
    const bool settled = now == last_;
    last_ = std::move(now);
    if (!settled || last_ == known_) return false;
    known_ = last_;
    return true;
}

void FileWatch::accept() {
    known_ = look();
    last_ = known_;
}

}  // namespace guard::daemon
