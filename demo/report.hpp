// What the demo prints: each step with what was expected and what was seen, and the verdict at the end.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace guard::demo {

class Report {
  public:
    void step(std::string_view title);
    void note(std::string_view text) const;
    // One line; a difference makes the demo fail.
    void check(std::string_view what, std::string_view expected, std::string_view seen);
    void check(std::string_view what, bool seen);
    void latency(std::string_view what, std::optional<std::chrono::milliseconds> seen,
                 std::chrono::milliseconds at_most);

    // Prints the summary; the program's exit code.
    [[nodiscard]] int finish() const;

  private:
    void line(bool good, std::string_view what, std::string_view expected, std::string_view seen);

    int steps_ = 0, checks_ = 0;
    std::vector<std::string> differences_;
    std::vector<std::string> latencies_;
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace guard::demo
