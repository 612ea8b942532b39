// The backend guard: when IDs fail from networks they have used before, it is our own password check that fails, and no
// new block begins. Guessing, however much, comes from networks new to its IDs and does not trip it.
#pragma once

#include <array>
#include <cstdint>

#include "config/settings.hpp"
#include "event/time.hpp"

namespace guard::detection {

// The last networks an SMTP-AUTH ID was accepted from, as hashes.
class KnownNetworks {
  public:
    [[nodiscard]] bool contains(std::uint32_t network) const {
        for (const std::uint32_t known : networks_)
            if (known == network) return true;
        return false;
    }
    void add(std::uint32_t network) {
        if (contains(network)) return;
        networks_[next_] = network;
        next_ = static_cast<std::uint8_t>((next_ + 1) % networks_.size());
    }

  private:
    std::array<std::uint32_t, 6> networks_{};  // 0: none; a hash of 0 is never known, which errs towards no guard
    std::uint8_t next_ = 0;
};

class BackendGuard {
  public:
    explicit BackendGuard(const config::GuardSettings& settings) : settings_(settings) {}

    // An attempt of an ID from a network it was accepted from before.
    void attempt(bool accepted, Time now) {
        roll(now);
        ++attempts_;
        if (!accepted) ++rejects_;
        if (attempts_ < kFewest) return;
        const double share = static_cast<double>(rejects_) / attempts_;
        if (share > settings_.backend_reject_share && share > settings_.backend_factor * usual_)
            failing_until_ = now + kWindow;
    }
    [[nodiscard]] bool failing(Time now) const { return now < failing_until_; }

  private:
    static constexpr auto kWindow = std::chrono::minutes{5};
    static constexpr double kWindowsADay = 288;
    static constexpr unsigned kFewest = 20;  // attempts, before a share says anything

    void roll(Time now) {
        if (now < window_ends_) return;
        if (attempts_ >= kFewest) {
            windows_ = windows_ < kWindowsADay ? windows_ + 1 : windows_;
            usual_ += (static_cast<double>(rejects_) / attempts_ - usual_) / windows_;
        }
        attempts_ = rejects_ = 0;
        window_ends_ = now + kWindow;
    }

    const config::GuardSettings settings_;
    unsigned attempts_ = 0, rejects_ = 0;
    double usual_ = 0, windows_ = 0;
    Time window_ends_{}, failing_until_{};
};

}  // namespace guard::detection
