#include "tests/support/small_disk.hpp"

#include <sys/mount.h>

#include <utility>

namespace guard::test {

SmallDisk::SmallDisk(std::filesystem::path at) : at_(std::move(at)) {
    mounted_ = mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=1m,mode=0777") == 0;
}

SmallDisk::~SmallDisk() {
    if (mounted_) umount2(at_.c_str(), MNT_DETACH);
}

}  // namespace guard::test
