// How far a long reading is, on one line of the terminal: a bar, the rate and the time left; silent when standard error
// is none. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace guard::cli {

struct ReadSoFar {
    std::uint64_t events = 0;
    std::uint64_t bytes = 0, of = 0;  // of the inputs on the disk; of 0: not known
};

// "[#####-----] 50 %, 1,200,000 events, 400,000/s, 12 s left"; without its beginning and end where the size is not
// known.
[[nodiscard]] std::string progress_line(const ReadSoFar& read, std::chrono::duration<double> taken);

class ReadProgress {
  public:
    ReadProgress();
    // True a few times a second: then show() writes. Looks at the clock and nothing else.
    [[nodiscard]] bool due();
    void show(const ReadSoFar& read);
    void clear() const;

  private:
    using Clock = std::chrono::steady_clock;

    const bool terminal_;
    const Clock::time_point start_ = Clock::now();
    Clock::time_point next_ = start_ + std::chrono::milliseconds{500};
};

}  // namespace guard::cli
