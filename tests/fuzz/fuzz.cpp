#include "tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace guard::fuzz {
namespace {

std::vector<const Reached*>& registry() {
    static std::vector<const Reached*> all;
    return all;
}

class ScratchDirectory {
  public:
    ScratchDirectory() {
        const char* const parent = std::getenv("GUARD_TEST_DIRECTORY");
        std::string name = std::string(parent != nullptr ? parent : "/dev/shm") + "/fuzz.XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
        path_ = name;
    }
    ~ScratchDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchDirectory(const ScratchDirectory&) = delete;
    ScratchDirectory& operator=(const ScratchDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace

void require(bool holds, const char* property) {
    if (holds) return;
    std::fprintf(stderr, "broken property: %s\n", property);
    std::abort();
}

Reached::Reached(const char* place) : place_(place) {
    // libFuzzer ends by exit() and calls nothing of ours.
    if (registry().empty()) std::atexit(print_reached);
    registry().push_back(this);
}

const std::vector<const Reached*>& all_reached() {
    return registry();
}

void print_reached() {
    std::fputs("reached:", stderr);
    const char* separator = " ";
    for (const Reached* reached : registry()) {
        std::fprintf(stderr, "%s%s %llu", separator, reached->place(),
                     static_cast<unsigned long long>(reached->times()));
        separator = ", ";
    }
    std::fputs("\n", stderr);
}

std::uint8_t Input::byte() {
    return static_cast<std::uint8_t>(number(1));
}

std::uint64_t Input::number(std::size_t bytes) {
    const auto taken = take(bytes);
    std::uint64_t value = 0;
    for (std::size_t i = taken.size(); i-- > 0;) value = value << 8 | taken[i];
    return value;
}

std::span<const std::uint8_t> Input::take(std::size_t count) {
    const auto taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
}

const std::filesystem::path& scratch_directory() {
    static const ScratchDirectory directory;
    return directory.path();
}

}  // namespace guard::fuzz
