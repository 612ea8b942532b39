#include "enforcement/publisher.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace guard::enforcement {
namespace {

[[noreturn]] void fail(const char* what, const std::filesystem::path& path) {
    throw std::system_error(errno, std::generic_category(), std::string(what) + ' ' + path.string());
}

void write_synced(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
    const int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0640);
    if (file < 0) fail("cannot create", path);
    bool written = true;
    while (written && !bytes.empty()) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        written = count > 0;
        if (written) bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    written = written && fchmod(file, 0640) == 0 && fsync(file) == 0;
    const int error = errno;
    ::close(file);
    errno = error;
    if (!written) fail("cannot write", path);
}

void sync_directory(const std::filesystem::path& directory) {
    const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) fail("cannot open", directory);
    fsync(descriptor);  // some file systems cannot sync a directory: the rename is in order all the same
    ::close(descriptor);
}

}  // namespace

std::filesystem::path previous_table(const std::filesystem::path& file) { return file.string() + ".previous"; }

void publish(const Table& table, const std::filesystem::path& file) {
    const std::filesystem::path next = file.string() + ".next", kept = file.string() + ".kept";
    write_synced(next, table.to_bytes());
    // By link and rename, so that at no instant either name is missing.
    ::unlink(kept.c_str());
    if (::link(file.c_str(), kept.c_str()) == 0) {
        if (::rename(kept.c_str(), previous_table(file).c_str()) != 0) fail("cannot rename", kept);
    } else if (errno != ENOENT) {
        fail("cannot link", file);
    }
    if (::rename(next.c_str(), file.c_str()) != 0) fail("cannot rename", next);
    sync_directory(file.has_parent_path() ? file.parent_path() : ".");
}

}  // namespace guard::enforcement
