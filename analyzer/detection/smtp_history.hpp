// What is remembered of one SMTP-AUTH ID for a day: the sources it was accepted from, when, and the pairs of accepts
// that nobody can make. Pure: fed with accepts in about the order of their times, asked by the rules in rules/smtp_*.
// Bounded: what does not fit pushes out the source that was not seen for longest.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "analyzer/detection/finding.hpp"
#include "config/settings.hpp"
#include "event/ip_address.hpp"
#include "event/time.hpp"
#include "geo/location.hpp"

namespace guard::detection {

// Of most IDs there is one source a day, and of most sources one accept or two.
template <class Value, std::size_t inside>
using Few = boost::container::small_vector<Value, inside>;

// A source (/32, /64) that the ID was accepted from. Gateways never get here.
struct SmtpOrigin {
    geo::Location location;  // kind nowhere: not known
    Few<Time, 2> accepts;    // ascending; of the windows of the rules, and the one before
    IpAddress source;

    [[nodiscard]] geo::Code country() const;
    [[nodiscard]] bool accepted_in(Time after, Time until) const;  // (after, until]
    [[nodiscard]] std::size_t accepts_in(Time after, Time until) const;
};

// One accept, with where it came from.
struct SmtpSighting {
    IpAddress source;
    geo::Location location;
    Time time{};

    // `region` is the country, which is what the rules, the guards and the sentences of SMTP-AUTH go by.
    [[nodiscard]] geo::Place place() const;
    [[nodiscard]] Evidence evidence() const;
};

// Two accepts that nobody can make, in the order of their times.
struct SmtpJump {
    SmtpSighting from, to;

    [[nodiscard]] Microseconds span() const { return to.time - from.time; }
};

// What one accept changed.
struct SmtpChange {
    bool repeated = false;        // told before, or from before a release: it changed nothing
    std::vector<SmtpJump> jumps;  // that it is one end of, one for each other source; the nearest in time first
    // The accept before it within a day, if that came from another country and this one is the newest.
    std::optional<SmtpSighting> before;
};

using LocateSource = std::function<geo::Location(const IpAddress&)>;

class SmtpHistory {
  public:
    static constexpr std::size_t kMaxOrigins = 64, kMaxJumps = 32;

    // `source` is a /32 or /64; `locate` is asked for one that is new.
    SmtpChange add(const IpAddress& source, Time time, const LocateSource& locate,
                   const config::SmtpSettings& settings);
    // A suspension was lifted: what was before it never counts again, also if it is told of later.
    void release(Time now);
    [[nodiscard]] bool released_at(Time time) const { return released_ && time <= *released_; }
    // The pools or the database are others: all places are looked up again.
    void relocate(const LocateSource& locate, const config::SmtpSettings& settings);
    // Drops sources not seen since a day before `now`. True when nothing is left to remember.
    bool forget(Time now);

    [[nodiscard]] std::span<const SmtpOrigin> origins() const { return {origins_.data(), origins_.size()}; }
    [[nodiscard]] const SmtpOrigin* origin(const IpAddress& source) const;
    // In the order they were found.
    [[nodiscard]] std::span<const SmtpJump> jumps() const { return jumps_; }
    // False: all in one country, and no rule about countries has anything to say.
    [[nodiscard]] bool in_several_countries() const { return several_countries_; }
    // The ends of all windows that an accept at `time` lies in: that time, and those of later accepts where it came
    // late.
    [[nodiscard]] std::vector<Time> window_ends(Time time) const;

  private:
    friend struct StateFields;
    SmtpOrigin& origin_of(const IpAddress& source, Time time, const LocateSource& locate);
    void count_countries();
    [[nodiscard]] std::vector<SmtpJump> jumps_at(const SmtpOrigin& origin, Time time,
                                                 const config::SmtpSettings& settings) const;
    void remember(const SmtpJump& jump);

    Few<SmtpOrigin, 1> origins_;
    std::vector<SmtpJump> jumps_;
    std::optional<Time> released_;
    Time newest_{};
    bool several_countries_ = false;
};

// The one definition of impossible for SMTP-AUTH. None when it is possible, or the countries are the same. If one of
// the places is known by its country alone there is no distance: the two then count as min_distance_km apart, and the
// step has neither distance nor speed.
[[nodiscard]] std::optional<Step> impossible_smtp_step(const geo::Place& from, Time left, const geo::Place& to,
                                                       Time arrived, const config::SmtpSettings& settings);

}  // namespace guard::detection
