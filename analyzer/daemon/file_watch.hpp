// Notices that files have been replaced. By looking at them: an inotify watch is lost with the file it is on, and does
// not work on every file system. Used by one thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace guard::daemon {

class FileWatch {
  public:
    // Takes the files as they are now for known. Empty paths are left out; a file may be missing.
    explicit FileWatch(const std::vector<std::filesystem::path>& files);

    // Whether a file is another than the known one and has stayed so since the last call, so that one that is still
    // being written is left alone. It is known from then on.
    [[nodiscard]] bool changed();
    // Takes the files as they are now for known.
    void accept();

  private:
    struct Stamp {
        std::uint64_t inode = 0, size = 0;
        std::int64_t modified = 0, status_changed = 0;  // nanoseconds since 1970
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    [[nodiscard]] std::vector<Stamp> look() const;

    std::vector<std::filesystem::path> files_;
    std::vector<Stamp> known_, last_;
};

}  // namespace guard::daemon
