#include "tests/support/small_disk.hpp"

#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "event/descriptor.hpp"

namespace guard::test {
namespace {

constexpr auto kFiller = "filler";

}  // namespace

SmallDisk::SmallDisk(std::filesystem::path at, unsigned megabytes) : at_(std::move(at)) {
    const std::string options = "mode=0777,size=" + std::to_string(megabytes) + "m";
    mounted_ = mount("tmpfs", at_.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

SmallDisk::~SmallDisk() {
    if (mounted_) umount2(at_.c_str(), MNT_DETACH);
}

void SmallDisk::fill() const {
    const Descriptor file(::open((at_ / kFiller).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    const std::vector<char> page(4096);
    while (file && ::write(file.get(), page.data(), page.size()) > 0) {
    }
    if (errno != ENOSPC) throw std::system_error(errno, std::generic_category(), "filling a disk");
}

void SmallDisk::clear() const {
    std::filesystem::remove(at_ / kFiller);
}

}  // namespace guard::test
