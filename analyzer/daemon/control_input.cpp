#include "analyzer/daemon/control_input.hpp"

#include "analyzer/daemon/byte_stream.hpp"

namespace guard::daemon {
namespace {

// put() and get() of each type stand side by side.

void put(ByteWriter& out, Time time) {
    out.number(time.time_since_epoch().count());
}
void get(ByteReader& in, Time& time) {
    time = Time{Microseconds{in.number<std::int64_t>()}};
}

void put(ByteWriter& out, Service service) {
    out.number(static_cast<std::uint8_t>(service));
}
void get(ByteReader& in, Service& service) {
    const auto number = in.number<std::uint8_t>();
    if (number != 1 && number != 2) in.fail();
    service = number == 2 ? Service::smtp_auth : Service::pppoe;
}

void put(ByteWriter& out, const std::string& text) {
    out.text(text);
}
void get(ByteReader& in, std::string& text) {
    text = in.text();
}

void put(ByteWriter& out, bool value) {
    out.number(static_cast<std::uint8_t>(value));
}
void get(ByteReader& in, bool& value) {
    const auto number = in.number<std::uint8_t>();
    if (number > 1) in.fail();
    value = number != 0;
}

void put(ByteWriter& out, const geo::Code& code) {
    out.text(code.view());
}
void get(ByteReader& in, geo::Code& code) {
    const std::string text = in.text();
    if (text.empty()) return;
    const auto parsed = geo::Code::parse(text);
    if (!parsed)
        in.fail();
    else
        code = *parsed;
}

void put(ByteWriter& out, const IpAddress& address) {
    out.text(address.to_string());
}
void get(ByteReader& in, IpAddress& address) {
    const auto parsed = IpAddress::parse(in.text());
    if (!parsed)
        in.fail();
    else
        address = *parsed;
}

// Of an enumeration whose values go from 0 to `last`.
template <class Enum>
void get_enum(ByteReader& in, Enum& value, Enum last) {
    const auto number = in.number<std::uint8_t>();
    if (number > static_cast<std::uint8_t>(last)) in.fail();
    value = in.ok() ? static_cast<Enum>(number) : Enum{};
}
void put(ByteWriter& out, config::Mode mode) {
    out.number(static_cast<std::uint8_t>(mode));
}
void get(ByteReader& in, config::Mode& mode) {
    get_enum(in, mode, config::Mode::enforce);
}

void put(ByteWriter& out, const SubscriberKey& key) {
    put(out, key.first);
    put(out, key.second);
}
void get(ByteReader& in, SubscriberKey& key) {
    get(in, key.first);
    get(in, key.second);
}

void put(ByteWriter& out, const detection::Contract& contract) {
    out.number(contract.sessions);
    put(out, contract.home_region);
}
void get(ByteReader& in, detection::Contract& contract) {
    contract.sessions = in.number<unsigned>();
    get(in, contract.home_region);
}

template <class Value>
void put(ByteWriter& out, const std::optional<Value>& value) {
    put(out, value.has_value());
    if (value) put(out, *value);
}
template <class Value>
void get(ByteReader& in, std::optional<Value>& value) {
    bool given = false;
    get(in, given);
    if (given) get(in, value.emplace());
}

void put(ByteWriter& out, const ContractChanges::Change& change) {
    put(out, change.key);
    put(out, change.before);
    put(out, change.after);
}
void get(ByteReader& in, ContractChanges::Change& change) {
    get(in, change.key);
    get(in, change.before);
    get(in, change.after);
}

void put(ByteWriter& out, const std::pair<Time, std::int64_t>& entry) {
    put(out, entry.first);
    out.number(entry.second);
}
void get(ByteReader& in, std::pair<Time, std::int64_t>& entry) {
    get(in, entry.first);
    entry.second = in.number<std::int64_t>();
}

void put(ByteWriter& out, const detection::OpenSuspension& open) {
    put(out, open.service);
    put(out, open.id);
    put(out, open.since);
}
void get(ByteReader& in, detection::OpenSuspension& open) {
    get(in, open.service);
    get(in, open.id);
    get(in, open.since);
}

void put(ByteWriter& out, const detection::CarriedOut& suspension) {
    put(out, suspension.service);
    put(out, suspension.id);
    put(out, suspension.time);
    put(out, suspension.address);
}
void get(ByteReader& in, detection::CarriedOut& suspension) {
    get(in, suspension.service);
    get(in, suspension.id);
    get(in, suspension.time);
    get(in, suspension.address);
}

template <class Value>
void put(ByteWriter& out, const std::vector<Value>& values) {
    out.number(static_cast<std::uint32_t>(values.size()));
    for (const Value& value : values) put(out, value);
}
template <class Value>
void get(ByteReader& in, std::vector<Value>& values) {
    for (auto count = in.count(1); count > 0 && in.ok(); --count) get(in, values.emplace_back());
}

template <class Key, class Value>
void put(ByteWriter& out, const std::map<Key, Value>& values) {
    out.number(static_cast<std::uint32_t>(values.size()));
    for (const auto& [key, value] : values) {
        put(out, key);
        put(out, value);
    }
}
template <class Key, class Value>
void get(ByteReader& in, std::map<Key, Value>& values) {
    for (auto count = in.count(1); count > 0 && in.ok(); --count) {
        Key key;
        get(in, key);
        get(in, values[key]);
    }
}

void put(ByteWriter& out, const Release& release) {
    out.number(release.number);
    put(out, release.service);
    put(out, release.id);
    put(out, release.time);
}
void get(ByteReader& in, Release& release) {
    release.number = in.number<std::int64_t>();
    get(in, release.service);
    get(in, release.id);
    get(in, release.time);
}

void put(ByteWriter& out, const Verdict& verdict) {
    out.number(static_cast<std::uint8_t>(verdict.kind));
    out.number(verdict.number);
    put(out, verdict.service);
    put(out, verdict.id);
    put(out, verdict.time);
    put(out, verdict.places);
}
void get(ByteReader& in, Verdict& verdict) {
    get_enum(in, verdict.kind, Verdict::Kind::dismissed);
    verdict.number = in.number<std::int64_t>();
    get(in, verdict.service);
    get(in, verdict.id);
    get(in, verdict.time);
    get(in, verdict.places);
}

void put(ByteWriter& out, const Actions& actions) {
    put(out, actions.mode);
    out.number(static_cast<std::uint8_t>(actions.profile));
    put(out, actions.rule_modes);
}
void get(ByteReader& in, Actions& actions) {
    get(in, actions.mode);
    get_enum(in, actions.profile, config::Profile::cautious);
    get(in, actions.rule_modes);
}

void put(ByteWriter& out, const BreakerState& breaker) {
    put(out, breaker.open);
}
void get(ByteReader& in, BreakerState& breaker) {
    get(in, breaker.open);
}
void put(ByteWriter& out, const Lag& lag) {
    put(out, lag.lagging);
}
void get(ByteReader& in, Lag& lag) {
    get(in, lag.lagging);
}
void put(ByteWriter& out, const Tick& tick) {
    put(out, tick.now);
}
void get(ByteReader& in, Tick& tick) {
    get(in, tick.now);
}
void put(ByteWriter& out, const Present& present) {
    put(out, present.now);
}
void get(ByteReader& in, Present& present) {
    get(in, present.now);
}
void put(ByteWriter& out, const AllowList& allowed) {
    put(out, allowed.entries);
}
void get(ByteReader& in, AllowList& allowed) {
    get(in, allowed.entries);
}
void put(ByteWriter& out, const ContractChanges& contracts) {
    put(out, contracts.changes);
}
void get(ByteReader& in, ContractChanges& contracts) {
    get(in, contracts.changes);
}
void put(ByteWriter& out, const Places& places) {
    put(out, places.fingerprint);
}
void get(ByteReader& in, Places& places) {
    get(in, places.fingerprint);
}
void put(ByteWriter& out, const Suspensions& suspensions) {
    put(out, suspensions.open);
}
void get(ByteReader& in, Suspensions& suspensions) {
    get(in, suspensions.open);
}

void put(ByteWriter& out, const BreakerCounts& counts) {
    put(out, counts.suspensions);
}
void get(ByteReader& in, BreakerCounts& counts) {
    get(in, counts.suspensions);
}

void put(ByteWriter& out, const TakenByTime& taken) {
    put(out, taken.releases);
    put(out, taken.verdicts);
}
void get(ByteReader& in, TakenByTime& taken) {
    get(in, taken.releases);
    get(in, taken.verdicts);
}

// The alternative whose place in the variant is `wanted`.
template <std::size_t place = 0>
std::optional<ControlInput> decode_as(std::size_t wanted, ByteReader& in) {
    if constexpr (place < std::variant_size_v<ControlInput>) {
        if (wanted != place) return decode_as<place + 1>(wanted, in);
        std::variant_alternative_t<place, ControlInput> input;
        get(in, input);
        if (in.at_end()) return input;
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::uint8_t> encode(const ControlInput& input) {
    ByteWriter out;
    out.number(static_cast<std::uint8_t>(input.index()));
    std::visit([&out](const auto& value) { put(out, value); }, input);
    return std::move(out.bytes());
}

std::optional<ControlInput> decode(std::span<const std::uint8_t> bytes) {
    ByteReader in(bytes);
    const std::size_t kind = in.number<std::uint8_t>();
    return in.ok() ? decode_as(kind, in) : std::nullopt;
}

}  // namespace guard::daemon
