// What the state of the detectors consists of: one function a type, for writing and reading. Each names all members of
// its type, so that a new one does not compile before somebody has decided what becomes of it; then its version in
// state.hpp goes up. Settings are not state, and stay unused here.
#pragma once

#include "analyzer/detection/detector.hpp"
#include "analyzer/detection/state/archive.hpp"

namespace guard::detection {

template <>
constexpr Kind last_enumerator<Kind>() {
    return Kind::release;
}
template <>
constexpr Service last_enumerator<Service>() {
    return Service::smtp_auth;
}
template <>
constexpr Rule last_enumerator<Rule>() {
    return Rule::smtp_source_hit;
}
template <>
constexpr Grade last_enumerator<Grade>() {
    return Grade::certain;
}
template <>
constexpr Action last_enumerator<Action>() {
    return Action::record;
}
template <>
constexpr Corroboration last_enumerator<Corroboration>() {
    return Corroboration::accepts;
}
template <>
constexpr geo::Place::Source last_enumerator<geo::Place::Source>() {
    return geo::Place::Source::database;
}
template <>
constexpr geo::Location::Kind last_enumerator<geo::Location::Kind>() {
    return geo::Location::Kind::database;
}
static_assert(kRules == static_cast<std::size_t>(last_enumerator<Rule>()) + 1);

// A friend of the classes whose members it names.
struct StateFields {
    // Values of the other folders.

    template <class Archive>
    static void fields(Archive& archive, IpAddress& value) {
        std::array<std::uint8_t, 16> bytes{};
        auto width = static_cast<std::uint8_t>(value.bytes().size()),
             length = static_cast<std::uint8_t>(value.prefix_length());
        std::copy(value.bytes().begin(), value.bytes().end(), bytes.begin());
        archive.number(width);
        archive.number(length);
        archive.require(width == 4 || width == 16);
        const auto used = std::span(bytes).first(width == 16 ? 16 : 4);
        archive.raw(used);
        if constexpr (Archive::kReads) {
            const auto address = IpAddress::from_bytes(used, length);
            archive.require(address.has_value());
            value = address.value_or(IpAddress{});
        }
    }
    template <class Archive>
    static void fields(Archive& archive, geo::Code& value) {
        std::array<std::uint8_t, 8> bytes{};
        std::copy(value.view().begin(), value.view().end(), bytes.begin());
        archive.raw(std::span(bytes));
        if constexpr (Archive::kReads) {
            const auto* const text = reinterpret_cast<const char*>(bytes.data());
            const auto code = geo::Code::parse({text, strnlen(text, bytes.size())});
            archive.require(code.has_value());
            value = code.value_or(geo::Code{});
        }
    }
    template <class Archive>
    static void fields(Archive& archive, geo::Place& value) {
        auto& [country, region, coordinates, radius, country_only, source, network] = value;
        auto& [latitude, longitude] = coordinates;
        archive_all(archive, country, region, latitude, longitude, radius, country_only, source, network);
    }
    template <class Archive>
    static void fields(Archive& archive, geo::Location& value) {
        auto& [latitude, longitude, x, y, z, radius, country, region, kind, country_only, prefix_length] = value;
        archive_all(archive, latitude, longitude, x, y, z, radius, country, region, kind, country_only, prefix_length);
    }

    // Findings.

    template <class Archive>
    static void fields(Archive& archive, Evidence& value) {
        auto& [time, kind, address, region] = value;
        archive_all(archive, time, kind, address, region);
    }
    template <class Archive>
    static void fields(Archive& archive, Step& value) {
        auto& [from, to, left, arrived, distance, speed_kmh] = value;
        archive_all(archive, from, to, left, arrived, distance, speed_kmh);
    }
    template <class Archive>
    static void fields(Archive& archive, Finding& value) {
        auto& [rule, grade, service, id, source, time, incident_key, steps, places, learning, evidence, summary_en,
               summary_ja, attempts, ids, accepts, expires, quiet, renewal] = value;
        archive_all(archive, rule, grade, service, id, source, time, incident_key, steps, places, learning, evidence,
                    summary_en, summary_ja, attempts, ids, accepts, expires, quiet, renewal);
    }

    template <class Archive>
    static void fields(Archive& archive, LifeSign& value) {
        auto& [address, time, began] = value;
        archive_all(archive, address, time, began);
    }
    template <class Archive>
    static void fields(Archive& archive, Match& value) {
        auto& [rule, grade, steps, places, evidence, count, span, corroboration, signs] = value;
        archive_all(archive, rule, grade, steps, places, evidence, count, span, corroboration, signs);
    }

    // One ID.

    template <class Archive>
    static void fields(Archive& archive, Familiarity::Region& value) {
        auto& [region, older, newer] = value;
        archive_all(archive, region, older, newer);
    }
    template <class Archive>
    static void fields(Archive& archive, Familiarity& value) {
        auto& [regions] = value;
        archive_all(archive, regions);
        archive.require(regions.size() <= Familiarity::kMaxRegions);
    }
    template <class Archive>
    static void fields(Archive& archive, Learned& value) {
        auto& [first_seen, familiarity] = value;
        archive_all(archive, first_seen, familiarity);
    }
    template <class Archive>
    static void fields(Archive& archive, Session& value) {
        auto& [addresses, place, began, beginning_unknown, next_began, confirmed, confirmed_by, confirmed_before,
               accepted, assigned, ended, discounted] = value;
        archive_all(archive, addresses, place, began, beginning_unknown, next_began, confirmed, confirmed_by,
                    confirmed_before, accepted, assigned, ended, discounted);
        archive.require(!addresses.empty());
    }
    template <class Archive>
    static void fields(Archive& archive, Visit& value) {
        auto& [place, first, last, session_began, impossible] = value;
        archive_all(archive, place, first, last, session_began, impossible);
    }
    template <class Archive>
    static void fields(Archive& archive, History::Seen& value) {
        auto& [kind, time, addresses] = value;
        archive_all(archive, kind, time, addresses);
    }
    template <class Archive>
    static void fields(Archive& archive, History& value) {
        auto& [most_sessions, sessions, visits, accepts, released, seen] = value;
        archive_all(archive, most_sessions, sessions, visits, accepts, released, seen);
    }
    template <class Archive>
    static void fields(Archive& archive, Episode& value) {
        auto& [incident_key, last_finding, fired, dismissed, suspends] = value;
        archive_all(archive, incident_key, last_finding, fired, dismissed, suspends);
    }
    template <class Archive>
    static void fields(Archive& archive, KnownNetworks::Network& value) {
        auto& [hash, first, last] = value;
        archive_all(archive, hash, first, last);
    }
    template <class Archive>
    static void fields(Archive& archive, KnownNetworks& value) {
        auto& [networks] = value;
        archive_all(archive, networks);
    }
    template <class Archive>
    static void fields(Archive& archive, SmtpOrigin& value) {
        auto& [location, accepts, source] = value;
        archive_all(archive, source, location, accepts);
        archive.require(!accepts.empty());
    }
    template <class Archive>
    static void fields(Archive& archive, SmtpSighting& value) {
        auto& [source, location, time] = value;
        archive_all(archive, source, location, time);
    }
    template <class Archive>
    static void fields(Archive& archive, SmtpJump& value) {
        auto& [from, to] = value;
        archive_all(archive, from, to);
    }
    template <class Archive>
    static void fields(Archive& archive, SmtpHistory& value) {
        auto& [origins, jumps, released, newest, several_countries] = value;
        archive_all(archive, origins, jumps, released, newest, several_countries);
    }
    // Key and what was learned are told apart from the rest: see state.hpp.
    template <class Archive>
    static void fields(Archive& archive, Stream& value) {
        auto& [key, due, learned, active_hour, located, history, episode, networks, smtp, suspended] = value;
        archive_all(archive, due, active_hour, located, history, episode, networks, smtp, suspended);
        archive.require(due != 0);
    }

    // The guards.

    template <class Archive>
    static void fields(Archive& archive, SlidingSet::Entry& value) {
        auto& [time, id] = value;
        archive_all(archive, time, id);
    }
    template <class Archive>
    static void fields(Archive& archive, SlidingSet& value) {
        auto& [window, windows_a_day, first, last, order, peak, usual, windows, window_ends] = value;
        archive_all(archive, last, order, peak, usual, windows, window_ends);
    }
    template <class Archive>
    static void fields(Archive& archive, StormGuard::Watched& value) {
        auto& [ids, storms] = value;
        archive_all(archive, ids, storms);
    }
    template <class Archive>
    static void fields(Archive& archive, StormGuard& value) {
        auto& [settings, accepts, region_steps, pool_steps, jumps, next_sweep] = value;
        watched(archive, accepts, StormGuard::kAcceptWindow, SlidingSet::Before::unknown);
        watched(archive, region_steps, StormGuard::kStepWindow, SlidingSet::Before::nothing);
        watched(archive, pool_steps, StormGuard::kStepWindow, SlidingSet::Before::nothing);
        watched(archive, jumps, StormGuard::kSlowWindow, SlidingSet::Before::nothing);
        archive_all(archive, next_sweep);
    }
    // As other maps, but for the window, which is no state.
    template <class Archive, class Map>
    static void watched(Archive& archive, Map& map, std::chrono::seconds window, SlidingSet::Before before) {
        if constexpr (!Archive::kReads) {
            archive_all(archive, map);
        } else {
            map.clear();
            for (std::size_t left = archive.count(0); left > 0 && !archive.failed(); --left) {
                typename Map::key_type key{};
                archive_all(archive, key);
                const auto [entry, is_new] = map.try_emplace(key, window, before);
                archive.require(is_new);
                archive_all(archive, entry->second);
            }
        }
    }
    template <class Archive>
    static void fields(Archive& archive, Breaker::Suspension& value) {
        auto& [time, pool] = value;
        archive_all(archive, time, pool);
    }
    template <class Archive>
    static void fields(Archive& archive, Breaker& value) {
        auto& [settings, suspensions, open] = value;
        archive_all(archive, suspensions, open);
    }
    template <class Archive>
    static void fields(Archive& archive, Outages& value) {
        auto& [spans] = value;
        archive_all(archive, spans);
    }
    template <class Archive>
    static void fields(Archive& archive, BackendGuard& value) {
        auto& [settings, attempts, rejects, usual, windows, window_ends, failing_until, outages] = value;
        archive_all(archive, attempts, rejects, usual, windows, window_ends, failing_until, outages);
    }
    template <class Archive>
    static void fields(Archive& archive, ClockGuard::Sample& value) {
        auto& [id, seconds] = value;
        archive_all(archive, id, seconds);
    }
    template <class Archive>
    static void fields(Archive& archive, ClockGuard::Pool& value) {
        auto& [samples, next, newest] = value;
        archive_all(archive, samples, next, newest);
        archive.require(samples.size() <= ClockGuard::kKept && next < ClockGuard::kKept);
    }
    template <class Archive>
    static void fields(Archive& archive, ClockGuard& value) {
        auto& [settings, pools] = value;
        archive_all(archive, pools);
    }
    template <class Archive>
    static void fields(Archive& archive, ActiveIds& value) {
        auto& [hours, hour] = value;
        archive_all(archive, hours, hour);
    }

    // What is watched apart from the IDs.

    template <class Archive>
    static void fields(Archive& archive, RejectWatch::Rejects& value) {
        auto& [times, quiet_until] = value;
        archive_all(archive, times, quiet_until);
    }
    template <class Archive>
    static void fields(Archive& archive, RejectWatch& value) {
        auto& [settings, ids, next_sweep] = value;
        archive_all(archive, ids, next_sweep);
    }
    template <class Archive>
    static void fields(Archive& archive, SourceWatch::Attempt& value) {
        auto& [time_and_accepted, id] = value;
        archive_all(archive, time_and_accepted, id);
    }
    // Those in use alone.
    template <class Archive>
    static void fields(Archive& archive, SourceWatch::Attempts& value) {
        auto& [all, first] = value;
        const std::size_t count = archive.count(value.size());
        if constexpr (Archive::kReads) {
            first = 0;
            all.clear();
            for (std::size_t at = 0; at < count && !archive.failed(); ++at)
                archive_item(archive, all.emplace_back(Time{}, 0, false));
        } else {
            for (std::size_t at = first; at < all.size(); ++at) archive_item(archive, all[at]);
        }
    }
    template <class Archive>
    static void fields(Archive& archive, SourceWatch::Source& value) {
        auto& [attempts, due, last, block, told] = value;
        archive_all(archive, attempts, last, block, told);
    }
    template <class Archive>
    static void fields(Archive& archive, SourceWatch& value) {
        auto& [windows, longest, most_accepted_percent, max_attempts, fewest, sources, due, forgotten, next_sweep,
               next_squeeze] = value;
        archive_all(archive, sources, forgotten, next_sweep, next_squeeze);
        if constexpr (Archive::kReads) value.plan_sweeps();
    }
    template <class Archive>
    static void fields(Archive& archive, FirstUses::Kept& value) {
        auto& [key, time, id, before, source] = value;
        archive_all(archive, source, key, id, time);
    }
    // How they hang together by source is found anew, since their numbers begin anew.
    template <class Archive>
    static void fields(Archive& archive, FirstUses& value) {
        auto& [kept, uses, dropped, newest] = value;
        if constexpr (!Archive::kReads) {
            archive_all(archive, uses);
        } else {
            auto read = std::exchange(uses, {});
            archive_all(archive, read);
            dropped = 0;
            newest.clear();
            for (FirstUses::Kept& use : read) value.append(std::move(use));
        }
    }

    // All of it.

    template <class Archive>
    static void fields(Archive& archive, StreamTable::Waiting& value) {
        auto& [minute, slot] = value;
        archive_all(archive, minute, slot);
    }
    template <class Archive>
    static void fields(Archive& archive, RegionNumbers& value) {
        auto& [codes] = value;
        archive_all(archive, codes);
        archive.require(!codes.empty() && codes.front().empty() && codes.size() <= RegionNumbers::kMost);
    }
    template <class Archive>
    static void fields(Archive& archive, Detector::Settling& value) {
        auto& [finding, key] = value;
        archive_all(archive, finding, key);
    }
    template <class Archive>
    static void fields(Archive& archive, Detector::Pending& value) {
        auto& [match, signs, id, key, time] = value;
        archive_all(archive, match, signs, id, key, time);
    }
    template <class Archive>
    static void fields(Archive& archive, Detector::JudgedSource& value) {
        auto& [watched_key, incident_key, action, expires] = value;
        archive_all(archive, watched_key, incident_key, action, expires);
    }
    template <class Archive>
    static void fields(Archive& archive, Lateness& value) {
        auto& [began, worst, before] = value;
        archive_all(archive, began, worst, before);
    }
    template <class Archive>
    static void fields(Archive& archive, DetectorCounters& value) {
        auto& [events, repeated, unmapped, sources_forgotten, packed_lossily] = value;
        archive_all(archive, events, repeated, unmapped, sources_forgotten, packed_lossily);
    }
    // But for the streams, and what the configuration gives.
    template <class Archive>
    static void fields(Archive& archive, Detector& value) {
        auto& [settings, key, locator, knowledge, streams, rejects, sources, first_uses, storm, breaker, backend,
               clocks, gateways, active, pending, settling, judged_sources, changed_pools, generation, region_of_pool,
               newest, lateness, late_sessions, lagging, counters] = value;
        archive_all(archive, rejects, sources, first_uses, storm, breaker, backend, clocks, active, pending, settling,
                    judged_sources, changed_pools, generation, newest, lateness, counters);
    }
};

}  // namespace guard::detection
