// The backend guard: when IDs fail from networks they have used before, it is our own password check that fails, and no
// new block begins. Guessing, however much, comes from networks new to its IDs and does not trip it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "config/settings.hpp"
#include "event/time.hpp"

namespace guard::detection {

// The networks (/24, /48) an SMTP-AUTH ID was accepted from, as hashes, with the seconds of the first and the last
// time. The one not seen for longest makes room for a ninth.
class KnownNetworks {
  public:
    [[nodiscard]] bool contains(std::uint32_t network) const { return find(network) != nullptr; }
    // The ID was accepted from there. True when it never was before: for two minutes the network stays new, so that it
    // does not matter which of two accepts is told of first.
    bool use(std::uint32_t network, Time time) {
        const auto now =
            static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count());
        if (const Network* known = find(network)) {
            Network& entry = networks_[static_cast<std::size_t>(known - networks_.data())];
            entry.first = std::min(entry.first, now);
            entry.last = std::max(entry.last, now);
            return now <= entry.first + kLate;
        }
        *std::min_element(networks_.begin(), networks_.end(),
                          [](const Network& a, const Network& b) { return a.last < b.last; }) = {network, now, now};
        return true;
    }

    // The hashes, the one not seen for longest first, 0 for none. False while a network may still count as new at `now`
    // (seconds), or a hash is 0.
    [[nodiscard]] bool pack(std::array<std::uint32_t, 8>& hashes, std::uint32_t now) const {
        auto known = networks_;
        std::stable_sort(known.begin(), known.end(), [](const Network& a, const Network& b) {
            return a.last != 0 && (b.last == 0 || a.last < b.last);
        });
        for (std::size_t at = 0; at < known.size(); ++at) {
            const Network& network = known[at];
            if (network.last != 0 && (network.hash == 0 || now <= network.first + 2 * kLate)) return false;
            hashes[at] = network.last == 0 ? 0 : network.hash;
        }
        return true;
    }
    // The same at any time: none of them counts as new any more.
    [[nodiscard]] std::array<std::uint32_t, 8> hashes() const {
        std::array<std::uint32_t, 8> result{};
        std::size_t at = 0;
        for (const Network& network : networks_)
            if (network.last != 0 && network.hash != 0) result[at++] = network.hash;
        return result;
    }
    [[nodiscard]] static KnownNetworks unpack(const std::array<std::uint32_t, 8>& hashes) {
        KnownNetworks result;
        for (std::uint32_t at = 0; at < hashes.size() && hashes[at] != 0; ++at)
            result.networks_[at] = {hashes[at], 1, at + 1};
        return result;
    }

  private:
    friend struct StateFields;
    struct Network {
        std::uint32_t hash = 0, first = 0, last = 0;  // last 0: none
    };
    static constexpr std::uint32_t kLate = 120;

    [[nodiscard]] const Network* find(std::uint32_t hash) const {
        for (const Network& known : networks_)
            if (known.hash == hash && known.last != 0) return &known;
        return nullptr;
    }

    std::array<Network, 8> networks_{};
};

// When the backend failed, of the last day.
class Outages {
  public:
    void add(Time from, Time until) {
        std::erase_if(spans_, [&](const auto& span) { return span.second + kRemembered < from; });
        if (!spans_.empty() && from <= spans_.back().second)
            spans_.back().second = std::max(spans_.back().second, until);
        else
            spans_.emplace_back(from, until);
    }
    // `time` was within one that is over now. What was rejected then says nothing about who tried.
    [[nodiscard]] bool over(Time time, Time now) const {
        return std::any_of(spans_.begin(), spans_.end(), [&](const auto& span) {
            return span.second <= now && span.first <= time && time < span.second;
        });
    }

  private:
    friend struct StateFields;
    static constexpr auto kRemembered = std::chrono::hours{24};
    std::vector<std::pair<Time, Time>> spans_;
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
        if (share > settings_.backend_reject_share && share > settings_.backend_factor * usual_) fails(now);
    }
    [[nodiscard]] bool failing(Time now) const { return now < failing_until_; }
    [[nodiscard]] const Outages& outages() const { return outages_; }

  private:
    friend struct StateFields;
    static constexpr auto kWindow = std::chrono::minutes{5};
    static constexpr double kWindowsADay = 288;
    static constexpr unsigned kFewest = 20;  // attempts, before a share says anything

    void fails(Time now) {
        failing_until_ = std::max(failing_until_, now + kWindow);  // one that came late takes nothing back
        // It began in this window, or so late in the one before that it did not show there.
        outages_.add(now - 2 * kWindow, failing_until_);
    }
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
    Outages outages_;
};

}  // namespace guard::detection
