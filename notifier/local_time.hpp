// Times as a subscriber reads them: in the operator's zone, with its name. From the system's time zone database.
#pragma once

#include <string>
#include <string_view>

#include "config/quiet_hours.hpp"
#include "event/time.hpp"

namespace date {
class time_zone;
}

namespace guard::notifier {

class LocalTime {
  public:
    // Throws std::runtime_error when the database does not know the zone, "Asia/Tokyo".
    explicit LocalTime(const std::string& zone);

    // "2026-03-01 09:01 JST"; in Japanese "2026年3月1日 9時01分（JST）".
    [[nodiscard]] std::string text(Time time, std::string_view language) const;
    // "1 March 2026"; in Japanese "2026年3月1日".
    [[nodiscard]] std::string date(Time time, std::string_view language) const;
    // For the name of a file: "20260301-090101".
    [[nodiscard]] std::string stamp(Time time) const;
    // For a Date header (RFC 5322 section 3.3): "Sun, 01 Mar 2026 09:01:01 +0900".
    [[nodiscard]] std::string header(Time time) const;
    // The end of the quiet hours if it is quiet then, else `time`. An end that a change of clocks skips is the moment
    // of the change.
    [[nodiscard]] Time after_quiet(Time time, const config::QuietHours& hours) const;

  private:
    const date::time_zone* zone_;
};

}  // namespace guard::notifier
