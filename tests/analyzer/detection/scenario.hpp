// What the suites of the detectors share: an ISP with pools in six prefectures, a log of events to write down in any
// order, and the decisions that come of it. All on virtual time.
#pragma once

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/detection/detector.hpp"

namespace guard::detection::test {

using namespace std::chrono_literals;

inline constexpr Time kStart{Microseconds{1'772'323'200'000'000}};  // 2026-03-01T00:00:00Z
inline constexpr HashKey kKey{1, 2, 3};

IpAddress address(std::string_view text);
geo::Code region(std::string_view text);
// 10.N.x.y lies in prefecture N: 1 Hokkaido, 13 Tokyo, 14 Kanagawa (next to Tokyo), 27 Osaka, 40 Fukuoka, 46 Kagoshima;
// 10.146.0.0/16 is a second pool in Kagoshima. 2001:db8:100::/40 is Hokkaido, 2001:db8:4600::/40 Kagoshima. Nothing
// else is known.
std::string pool_rows();
std::shared_ptr<const geo::Locator> locator(const std::string& rows = pool_rows());
// The n-th address of prefecture `number`.
std::string in_prefecture(unsigned number, unsigned n = 0);
geo::Place place(unsigned prefecture);

// Everything enforced, the rest by default.
config::DetectionSettings enforced();

// Events of one ID after the other, as a person would tell them; read in the order of their times.
class Log {
  public:
    Log& add_all(Kind kind, const std::string& id, Time time, const std::vector<std::string>& addresses);
    Log& add(Kind kind, const std::string& id, Time time, const std::string& where = {});
    Log& accept(const std::string& id, Time time, const std::string& where = {}) {
        return add(Kind::accept, id, time, where);
    }
    Log& assign(const std::string& id, Time time, const std::string& where) {
        return add(Kind::assign, id, time, where);
    }
    Log& alive(const std::string& id, Time time, const std::string& where) { return add(Kind::alive, id, time, where); }
    Log& release(const std::string& id, Time time, const std::string& where) {
        return add(Kind::release, id, time, where);
    }
    Log& reject(const std::string& id, Time time) { return add(Kind::reject, id, time); }
    // An accept, and its Start a second later.
    Log& dial(const std::string& id, Time time, const std::string& where);
    // Interim-Updates every `step` in [from, until].
    Log& alive_every(std::chrono::seconds step, const std::string& id, Time from, Time until, const std::string& where);
    // A subscriber of sixteen days: at home at `where`, the session since then, an Interim-Update on each of the last
    // two days.
    Log& resident(const std::string& id, const std::string& where);

    // Stable by time.
    [[nodiscard]] std::vector<LoginEvent> events() const;

  private:
    std::vector<LoginEvent> events_;
};

LoginEvent smtp(Kind kind, const std::string& id, Time time, std::string_view source);

class Isp {
  public:
    explicit Isp(const config::DetectionSettings& settings = enforced(), Knowledge knowledge = {});

    Isp& read(const Log& log);
    Isp& read(const LoginEvent& event);
    // Time passes and nothing happens.
    Isp& until(Time now);

    Detector detector;
    std::vector<Decision> decisions;

    [[nodiscard]] std::vector<Decision> of(Rule rule) const;
    // Of the finding by that rule, decided for good; fails the test if there is not exactly one.
    [[nodiscard]] Decision only(Rule rule) const;
    [[nodiscard]] bool found(Rule rule) const { return !of(rule).empty(); }
    // IDs with an action that is carried out; with any decision for review.
    [[nodiscard]] std::size_t suspended() const;
    [[nodiscard]] std::size_t in_review() const;
    [[nodiscard]] bool suspended(const std::string& id) const;
    // When the ID was first found, and first suspended.
    [[nodiscard]] std::optional<Time> found_at(const std::string& id) const;
    [[nodiscard]] std::optional<Time> suspended_at(const std::string& id) const;
};

// One text for all of it, byte for byte.
std::string told(const std::vector<Decision>& decisions);

}  // namespace guard::detection::test

namespace guard {
// For messages of the tests.
namespace detection {
inline std::ostream& operator<<(std::ostream& out, Rule rule) {
    return out << to_string(rule);
}
inline std::ostream& operator<<(std::ostream& out, Grade grade) {
    return out << to_string(grade);
}
inline std::ostream& operator<<(std::ostream& out, Action action) {
    return out << to_string(action);
}
inline std::ostream& operator<<(std::ostream& out, Reason reason) {
    return out << '"' << to_string(reason) << '"';
}
}  // namespace detection
}  // namespace guard

template <>
struct boost::test_tools::tt_detail::print_log_value<guard::Time> {
    void operator()(std::ostream& out, guard::Time time) { out << guard::format_rfc3339(time); }
};
