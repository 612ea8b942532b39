#include "cli/replay/read_progress.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace guard::cli {
namespace {

constexpr std::size_t kBar = 20;

std::string grouped(double value) {
    std::string text = fmt::format("{:.0f}", value);
    for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
    return text;
}

std::string span(double seconds) {
    const auto whole = static_cast<std::uint64_t>(std::ceil(seconds));
    if (whole < 100) return fmt::format("{} s", whole);
    if (whole < 100 * 60) return fmt::format("{} min", (whole + 59) / 60);
    return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace

std::string progress_line(const ReadSoFar& read, std::chrono::duration<double> taken) {
    const double seconds = std::max(taken.count(), 1e-3);
    const std::string rate = fmt::format("{} events, {}/s", grouped(static_cast<double>(read.events)),
                                         grouped(static_cast<double>(read.events) / seconds));
    if (read.of == 0) return rate;
    const double share = std::min(1.0, static_cast<double>(read.bytes) / static_cast<double>(read.of));
    const auto full = static_cast<std::size_t>(share * kBar);
    std::string line = fmt::format("[{}{}] {:.0f} %, {}", std::string(full, '#'), std::string(kBar - full, '-'),
                                   std::floor(100 * share), rate);
    // Of the first few bytes nobody can tell how long the rest takes.
    if (share >= 0.01) line += fmt::format(", {} left", span(seconds * (1 - share) / share));
    return line;
}

ReadProgress::ReadProgress() : terminal_(isatty(STDERR_FILENO) == 1) {}

bool ReadProgress::due() {
    if (!terminal_) return false;
    const auto now = Clock::now();
    if (now < next_) return false;
    next_ = now + std::chrono::milliseconds{200};
    return true;
}

void ReadProgress::show(const ReadSoFar& read) {
    if (terminal_) fmt::print(stderr, "\r\033[K{}", progress_line(read, Clock::now() - start_));
}

void ReadProgress::clear() const {
    if (terminal_) fmt::print(stderr, "\r\033[K");
}

}  // namespace guard::cli
