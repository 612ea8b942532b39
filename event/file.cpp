#include "event/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "event/descriptor.hpp"

namespace guard {
namespace {

[[noreturn]] void fail(const char* what, const std::filesystem::path& path) {
    throw std::system_error(errno, std::generic_category(), std::string(what) + ' ' + path.string());
}

void write_synced(const std::filesystem::path& path, const std::function<void(int)>& write, unsigned mode) {
    const Descriptor file(::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode));
    if (!file) fail("cannot create", path);
    write(file.get());
    if (fchmod(file.get(), mode) != 0 || fsync(file.get()) != 0) fail("cannot write", path);
}

void sync_directory(const std::filesystem::path& directory) {
    const Descriptor descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!descriptor) fail("cannot open", directory);
    fsync(descriptor.get());  // some file systems cannot sync a directory: the rename is in order all the same
}

}  // namespace

PageVector<std::uint8_t> read_file(const std::filesystem::path& path, std::uint64_t limit) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) fail("cannot open", path);
    struct stat status {};
    if (fstat(file.get(), &status) != 0) fail("cannot stat", path);
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size > limit) {
        errno = EFBIG;
        fail("cannot read", path);
    }
    PageVector<std::uint8_t> bytes(static_cast<std::size_t>(size));
    std::size_t at = 0;
    while (at < bytes.size()) {
        const ssize_t count = ::read(file.get(), bytes.data() + at, bytes.size() - at);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail("cannot read", path);
        if (count == 0) break;
        at += static_cast<std::size_t>(count);
    }
    bytes.resize(at);
    return bytes;
}

bool write_all(int file, std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

void replace_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes, unsigned mode,
                  const std::filesystem::path& keep) {
    const auto write = [&](int file) {
        if (!write_all(file, bytes)) fail("cannot write", path);
    };
    replace_file(path, write, mode, keep);
}

void replace_file(const std::filesystem::path& path, const std::function<void(int)>& write, unsigned mode,
                  const std::filesystem::path& keep) {
    const std::filesystem::path next = path.string() + ".next", kept = path.string() + ".kept";
    write_synced(next, write, mode);
    if (!keep.empty()) {
        ::unlink(kept.c_str());
        if (::link(path.c_str(), kept.c_str()) == 0) {
            if (::rename(kept.c_str(), keep.c_str()) != 0) fail("cannot rename", kept);
        } else if (errno != ENOENT) {
            fail("cannot link", path);
        }
    }
    if (::rename(next.c_str(), path.c_str()) != 0) fail("cannot rename", next);
    sync_directory(path.has_parent_path() ? path.parent_path() : ".");
}

}  // namespace guard
