#include "evaluate/baselines.hpp"

#include <algorithm>
#include <string>

#include "geo/distance.hpp"

namespace guard::evaluate {

Baselines::State& Baselines::state_of(const LoginEvent& event) {
    std::string bytes(1, static_cast<char>(event.service));
    bytes += event.id;
    return states_[keyed_hash(key_, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}).low];
}

bool Baselines::many_logins(State& state, std::uint32_t now) {
    std::uint32_t& oldest = state.logins[state.next_login];
    oldest = now;
    state.next_login = static_cast<std::uint8_t>((state.next_login + 1) % kLogins);
    const std::uint32_t first = state.logins[state.next_login];
    return first != 0 && now - first <= kWindow;
}

bool Baselines::too_fast(State& state, const LoginEvent& event, std::uint32_t now) const {
    const IpAddress& address = event.addresses.front();
    const auto place = event.service == Service::pppoe ? locator_.in_pools(address) : locator_.anywhere(address);
    if (!place) return false;
    const geo::Coordinates before{state.latitude, state.longitude};
    const std::uint32_t placed = std::exchange(state.placed, now);
    state.latitude = static_cast<float>(place->coordinates.latitude);
    state.longitude = static_cast<float>(place->coordinates.longitude);
    if (placed == 0 || (before.latitude == state.latitude && before.longitude == state.longitude)) return false;
    const double hours = static_cast<double>(now - placed) / 3600;
    return geo::great_circle(before, {state.latitude, state.longitude}) > kMaxSpeed * hours;
}

bool Baselines::many_addresses(State& state, const IpAddress& address, std::uint32_t now) {
    const auto hash = static_cast<std::uint32_t>(IpAddressHash{}(address));
    const auto known = std::ranges::find_if(
        state.addresses, [hash](const Seen& seen) { return seen.time != 0 && seen.address == hash; });
    Seen& place = known != state.addresses.end() ? *known : *std::ranges::min_element(state.addresses, {}, &Seen::time);
    place = {hash, now};
    return std::ranges::all_of(state.addresses,
                               [now](const Seen& seen) { return seen.time != 0 && now - seen.time <= kWindow; });
}

void Baselines::on_event(const LoginEvent& event, const Sink& sink) {
    const bool begins = event.kind == Kind::accept || event.kind == Kind::assign;
    const bool login = event.kind == Kind::accept || event.kind == Kind::reject;
    if (!begins && !login) return;
    const auto now = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(event.time.time_since_epoch()).count());
    State& state = state_of(event);
    std::array<bool, kNames.size()> fired{};
    if (login) fired[0] = many_logins(state, now);
    if (begins && !event.addresses.empty()) {
        fired[1] = too_fast(state, event, now);
        fired[2] = many_addresses(state, event.addresses.front(), now);
    }
    for (std::size_t i = 0; i < fired.size(); ++i)
        if (fired[i])
            sink(i, {{event.service, false, event.id},
                     Action::suspend,
                     event.time,
                     event.time,
                     std::string(kNames[i]),
                     {}});
}

}  // namespace guard::evaluate
