// What reaches the detectors other than events, as plain values with a form in bytes: each is in the control journal
// before it takes effect. Who decides about an ID, what time it was, in which mode rules run. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "analyzer/detection/detector.hpp"

namespace guard::daemon {

struct Release {
    std::int64_t number = 0;  // of the suspension
    Service service = Service::pppoe;
    std::string id;
    Time time{};
    friend bool operator==(const Release&, const Release&) = default;
};

// What a person found of an incident.
struct Verdict {
    enum class Kind : std::uint8_t { suspended, ordinary, dismissed };
    Kind kind = Kind::dismissed;
    std::int64_t number = 0;  // of the incident
    Service service = Service::pppoe;
    std::string id;
    Time time{};
    std::vector<geo::Code> places;  // of the incident's evidence
    friend bool operator==(const Verdict&, const Verdict&) = default;
};

// The breaker was opened, or a person has closed it.
struct BreakerState {
    bool open = false;
    friend bool operator==(const BreakerState&, const BreakerState&) = default;
};

// Whether events are read so long after they happened that what others did is not known.
struct Lag {
    bool lagging = false;
    friend bool operator==(const Lag&, const Lag&) = default;
};

// Time has come to `now` while nothing was there to read.
struct Tick {
    Time now{};
    friend bool operator==(const Tick&, const Tick&) = default;
};

// Events further than kMaxFuture behind `now` are taken as of `now`; none: as they are.
struct Present {
    std::optional<Time> now;
    friend bool operator==(const Present&, const Present&) = default;
};

// What findings may lead to.
struct Actions {
    config::Mode mode = config::Mode::observe;
    config::Profile profile = config::Profile::guideline;
    std::map<std::string, config::Mode> rule_modes;
    friend bool operator==(const Actions&, const Actions&) = default;
};

// An ID of a service, as the key of what is known of it.
using SubscriberKey = std::pair<Service, std::string>;

// Of every subscriber that has one.
using Contracts = std::map<SubscriberKey, detection::Contract>;

// The whole allow list, with the time at which each entry ends.
struct AllowList {
    std::map<SubscriberKey, Time> entries;
    friend bool operator==(const AllowList&, const AllowList&) = default;
};

struct ContractChanges {
    struct Change {
        SubscriberKey key;
        std::optional<detection::Contract> before, after;
        friend bool operator==(const Change&, const Change&) = default;
    };
    std::vector<Change> changes;
    friend bool operator==(const ContractChanges&, const ContractChanges&) = default;
};

// Pools, database of places and gateways: which files, not what is in them.
struct Places {
    std::string fingerprint;
    friend bool operator==(const Places&, const Places&) = default;
};

// Exactly these are suspended: the database knew better after a restart.
struct Suspensions {
    std::vector<detection::OpenSuspension> open;
    friend bool operator==(const Suspensions&, const Suspensions&) = default;
};

// What the breaker has to count: the database knew of suspensions that nothing else here did, after a restart.
struct BreakerCounts {
    std::vector<detection::CarriedOut> suspensions;
    friend bool operator==(const BreakerCounts&, const BreakerCounts&) = default;
};

// Releases and verdicts, by time and number, that were given to the detectors by their times because there was no
// journal yet.
struct TakenByTime {
    std::vector<std::pair<Time, std::int64_t>> releases, verdicts;
    friend bool operator==(const TakenByTime&, const TakenByTime&) = default;
};

// Their order is that of the kinds in the journal: new ones at the end.
using ControlInput = std::variant<Release, Verdict, BreakerState, Lag, Tick, Present, Actions, AllowList,
                                  ContractChanges, Places, Suspensions, TakenByTime, BreakerCounts>;

[[nodiscard]] std::vector<std::uint8_t> encode(const ControlInput& input);
// None when the bytes are not exactly one input.
[[nodiscard]] std::optional<ControlInput> decode(std::span<const std::uint8_t> bytes);

}  // namespace guard::daemon
