// A full disk that can be caused: a small file system of its own.
#pragma once

#include <filesystem>

namespace guard::test {

// On a directory, open to every user, until the object goes; not there when this process may not mount one.
class SmallDisk {
  public:
    explicit SmallDisk(std::filesystem::path at, unsigned megabytes = 1);
    ~SmallDisk();
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    [[nodiscard]] bool mounted() const { return mounted_; }

    // One file takes all that is left, and gives it back. For a disk that is mounted.
    void fill() const;
    void clear() const;

  private:
    std::filesystem::path at_;
    bool mounted_ = false;
};

}  // namespace guard::test
