#include "analyzer/daemon/state_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace guard::daemon {
namespace {

// What the holder has written into it: for the message alone.
std::string holder(int file) {
    std::array<char, 32> text{};
    const ssize_t length = ::pread(file, text.data(), text.size() - 1, 0);
    const std::string_view number(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    const auto end = number.find_first_not_of("0123456789");
    return number.empty() || end == 0 ? "another process" : "process " + std::string(number.substr(0, end));
}

}  // namespace

StateLock::StateLock(const std::filesystem::path& state_directory) {
    const auto path = state_directory / "lock";
    file_ = Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file_) throw std::system_error(errno, std::generic_category(), path.string());
    if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) throw std::system_error(errno, std::generic_category(), path.string());
        throw std::runtime_error("the state directory " + state_directory.string() + " is in use by " +
                                 holder(file_.get()) + ": one analyzer, or one replay that learns, at a time");
    }
    const std::string own = std::to_string(::getpid()) + '\n';
    // A full disk only costs the number in somebody else's message.
    if (::ftruncate(file_.get(), 0) == 0 && ::pwrite(file_.get(), own.data(), own.size(), 0) < 0) return;
}

}  // namespace guard::daemon
