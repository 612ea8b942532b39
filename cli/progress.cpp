#include "cli/progress.hpp"

#include <fmt/core.h>
#include <unistd.h>

namespace guard::cli {

Progress::Progress(const std::filesystem::path& input) : name_(input.string()), terminal_(isatty(STDERR_FILENO) == 1) {}

void Progress::show(std::uint64_t lines) {
    if (!terminal_ || lines % 4096 != 0) return;
    const auto now = Clock::now();
    if (now < next_) return;
    next_ = now + std::chrono::milliseconds{200};
    const double seconds = std::chrono::duration<double>(now - start_).count();
    fmt::print(stderr, "\r\033[K{}: {} lines, {:.0f} lines/s", name_, lines, static_cast<double>(lines) / seconds);
}

void Progress::clear() const {
    if (terminal_) fmt::print(stderr, "\r\033[K");
}

}  // namespace guard::cli
