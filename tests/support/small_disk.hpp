// A full disk that can be caused: a file system of one megabyte.
#pragma once

#include <filesystem>

namespace guard::test {

// On a directory, open to every user, until the object goes; not there when this process may not mount one.
class SmallDisk {
  public:
    explicit SmallDisk(std::filesystem::path at);
    ~SmallDisk();
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    [[nodiscard]] bool mounted() const { return mounted_; }

  private:
    std::filesystem::path at_;
    bool mounted_ = false;
};

}  // namespace guard::test
