// Adds to the times of one input what its lines leave out: the year, from when the file was last written and from the
// order of its lines; the zone. One thread, in the order of the input.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "event/expected.hpp"
#include "event/time.hpp"

namespace guard::replay {

// A time zone of the system's database. Keeps the rule it used last: logs go on where they were.
class Zone {
  public:
    // "Asia/Tokyo"; empty: that of the environment (TZ), or of this machine.
    static Expected<Zone> find(const std::string& name);
    Zone(const Zone&);
    Zone& operator=(const Zone&) = delete;
    ~Zone();

    // `local` is the time on the wall, as if it were UTC. Of an hour that comes twice it is the first, unless
    // the line before, at `after`, would then be later by half an hour; of an hour that does not come, the offset
    // before it is taken.
    [[nodiscard]] Time to_utc(Time local, std::optional<Time> after);

  private:
    struct Rules;
    explicit Zone(std::unique_ptr<Rules> rules);
    void look_up(Time local, std::optional<Time> after);

    std::unique_ptr<Rules> rules_;
};

class TimeRepair {
  public:
    // `year` of the first line; none: the latest in which it is not more than a day later than `newest`, which is when
    // the file was written (or now, of what is no file). Without `in_order` a line says nothing about the next.
    TimeRepair(Zone zone, std::optional<int> year, Time newest, bool in_order);

    // A time without a year lies in 2000 (LogTime): it is taken for the one that is nearest to the line before.
    [[nodiscard]] Time repaired(Time time, bool has_year, bool has_zone);

  private:
    [[nodiscard]] Time with_year(Time time);

    Zone zone_;
    const std::optional<int> year_;
    const Time newest_;
    const bool in_order_;
    std::optional<Time> wall_;  // of the line before whose time had no year, with its year
    std::optional<Time> last_;  // of the line before, repaired
    // Of wall_: most lines are of the same day or month as the line before.
    Microseconds shift_{0};
};

}  // namespace guard::replay
