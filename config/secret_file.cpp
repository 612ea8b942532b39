#include "config/secret_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "event/descriptor.hpp"

namespace guard::config {

Expected<Secret> read_secret_file(const std::filesystem::path& file) {
    const auto refuse = [&](const char* what) { return unexpected(file.string() + ": " + what); };
    const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!descriptor || ::fstat(descriptor.get(), &status) != 0) return refuse(std::strerror(errno));
    if (!S_ISREG(status.st_mode)) return refuse("expected a file");
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) return refuse("open to other users, expected mode 0600");
    std::array<char, 4097> bytes{};
    const auto size = ::read(descriptor.get(), bytes.data(), bytes.size());
    if (size < 0) return refuse(std::strerror(errno));
    const std::string_view all(bytes.data(), static_cast<std::size_t>(size));
    Secret secret(std::string(all.substr(0, all.find_first_of("\r\n"))));
    explicit_bzero(bytes.data(), bytes.size());
    const auto text = secret.reveal();
    if (text.empty()) return refuse("its first line is empty, expected a secret");
    if (text.size() > 4096) return refuse("expected a first line of at most 4096 bytes");
    const auto is_control = [](char letter) { return (letter >= 0 && letter < 0x20) || letter == 0x7f; };
    if (std::ranges::any_of(text, is_control)) return refuse("holds a control character");
    return secret;
}

}  // namespace guard::config
