// The rules that first come to mind, to measure PPPoE Guard against: ten authentications in ten minutes, faster than
// an airliner between two accepts, five addresses in ten minutes. What one of them finds it suspends at once. One
// thread; events in the order of their times; some 110 bytes for each ID, the ID itself is not kept.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <string_view>

#include "evaluate/verdict.hpp"
#include "event/keyed_hash.hpp"
#include "event/login_event.hpp"
#include "geo/locator.hpp"

namespace guard::evaluate {

class Baselines {
  public:
    static constexpr std::array<std::string_view, 3> kNames{"10 logins in 10 min", "over 900 km/h",
                                                            "5 addresses in 10 min"};
    static constexpr std::uint32_t kWindow = 600;  // seconds, both ends included; times count in whole seconds
    static constexpr std::size_t kLogins = 10, kAddresses = 5;
    static constexpr double kMaxSpeed = 900;  // km/h, between the middles of two places

    // `locator` outlives it.
    explicit Baselines(const geo::Locator& locator) : locator_(locator), key_(random_key()) {}

    // Calls `sink` with the index in kNames and the verdict, for each event that completes a rule.
    using Sink = std::function<void(std::size_t, const Verdict&)>;
    void on_event(const LoginEvent& event, const Sink& sink);

  private:
    struct Seen {
        std::uint32_t address = 0, time = 0;  // hash; seconds since 1970
    };
    struct State {
        std::array<std::uint32_t, kLogins> logins{};  // a ring
        std::array<Seen, kAddresses> addresses{};
        float latitude = 0, longitude = 0;
        std::uint32_t placed = 0;  // when; 0: never
        std::uint8_t next_login = 0;
    };
    struct KeyIsHash {
        using is_avalanching = void;
        std::size_t operator()(std::uint64_t key) const { return key; }
    };

    [[nodiscard]] State& state_of(const LoginEvent& event);
    [[nodiscard]] static bool many_logins(State& state, std::uint32_t now);
    [[nodiscard]] bool too_fast(State& state, const LoginEvent& event, std::uint32_t now) const;
    [[nodiscard]] static bool many_addresses(State& state, const IpAddress& address, std::uint32_t now);

    const geo::Locator& locator_;
    const HashKey key_;
    boost::unordered_flat_map<std::uint64_t, State, KeyIsHash> states_;
};

}  // namespace guard::evaluate
