// What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput(): it turns bytes into a call of one
// decoder and checks what must hold of the result. Linked with libFuzzer (preset `fuzz`) or with replay_main.cpp, which
// runs the corpus. One thread. README.md in this folder lists the targets and what each holds to.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace guard::fuzz {

// Says which property is broken, and aborts: that is a finding.
void require(bool holds, const char* property);

// Counts how often a target came to a place that only sound input gets to. A constant of the target's file: all of them
// are printed when the program ends, and replay_main.cpp fails when a corpus no longer gets to one.
class Reached {
  public:
    explicit Reached(const char* place);
    Reached(const Reached&) = delete;
    Reached& operator=(const Reached&) = delete;
    void count() { ++times_; }
    [[nodiscard]] const char* place() const { return place_; }
    [[nodiscard]] std::uint64_t times() const { return times_; }

  private:
    const char* const place_;
    std::uint64_t times_ = 0;
};
[[nodiscard]] const std::vector<const Reached*>& all_reached();
// "reached: decoded 12, malformed 3"
void print_reached();

// The bytes of one run, taken from the front. Past the end everything is zero or empty.
class Input {
  public:
    Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

    std::uint8_t byte();
    // Little-endian.
    std::uint64_t number(std::size_t bytes);
    std::span<const std::uint8_t> take(std::size_t count);
    std::span<const std::uint8_t> rest() { return take(rest_.size()); }
    [[nodiscard]] bool empty() const { return rest_.empty(); }

  private:
    std::span<const std::uint8_t> rest_;
};

[[nodiscard]] inline std::string_view text_of(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A directory of this process, gone when it ends; below GUARD_TEST_DIRECTORY, whose owner also clears what a crash
// left, or in memory when that is not set.
[[nodiscard]] const std::filesystem::path& scratch_directory();

}  // namespace guard::fuzz
