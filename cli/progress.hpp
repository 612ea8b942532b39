// How far a long reading is, on one line of the terminal; silent when standard error is none.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace guard::cli {

class Progress {
  public:
    explicit Progress(const std::filesystem::path& input);
    // Called with every line; looks at the clock every few thousand.
    void show(std::uint64_t lines);
    void clear() const;

  private:
    using Clock = std::chrono::steady_clock;

    const std::string name_;
    const bool terminal_;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point next_ = start_ + std::chrono::milliseconds{500};
};

}  // namespace guard::cli
