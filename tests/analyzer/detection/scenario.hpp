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
// So long after a sign of life nothing comes any more that may show it to be one of another session.
inline constexpr Microseconds kWaits = 120s + 1us;

IpAddress address(std::string_view text);
geo::Code region(std::string_view text);
// 10.N.x.y lies in prefecture N: 1 Hokkaido, 13 Tokyo, 14 Kanagawa (next to Tokyo), 27 Osaka, 40 Fukuoka, 46 Kagoshima;
// 10.146.0.0/16 is a second pool in Kagoshima. 2001:db8:100::/40 is Hokkaido, 2001:db8:4600::/40 Kagoshima. Nothing
// else is known.
std::string pool_rows();
std::shared_ptr<const geo::Locator> locator(const std::string& rows = pool_rows());
// The same, and a database beside it: see in_country(). 198.51.100.0/24 and 203.0.113.0/24 are nowhere.
std::shared_ptr<const geo::Locator> world(const std::string& rows = pool_rows());
// A host of the n-th network, 0 to 9, in "US" (New York), "RU" (Moscow), "BR" (São Paulo), "KR" (Seoul), "DE" (Berlin),
// "FR" (Paris), or "VN", "TH", "AU", which are known by their countries alone; of the last one it is known how large it
// is, 4,500 km from Tokyo. "JP" is Tokyo, by the pools.
std::string in_country(std::string_view code, unsigned network = 0, unsigned host = 1);
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
    explicit Isp(const config::DetectionSettings& settings = enforced(), Knowledge knowledge = {},
                 std::shared_ptr<const geo::Locator> places = locator());

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

// An ISP with the world around it, and its subscribers' mail.
class MailIsp : public Isp {
  public:
    explicit MailIsp(const config::DetectionSettings& settings = enforced(), Knowledge knowledge = {})
        : Isp(settings, std::move(knowledge), world()) {}

    MailIsp& accept(Time time, std::string_view source, const std::string& id = "user") {
        read(smtp(Kind::accept, id, time, source));
        return *this;
    }
    // `count` of them, one every `step`.
    MailIsp& accepts(unsigned count, Time from, Microseconds step, std::string_view source,
                     const std::string& id = "user") {
        for (unsigned i = 0; i < count; ++i) accept(from + i * step, source, id);
        return *this;
    }
    // A subscriber of sixteen days who has sent mail from `source` on each of the last two days, and from `second`, if
    // there is one, a week ago.
    MailIsp& resident(const std::string& id = "user", const std::string& source = in_prefecture(13),
                      const std::string& second = {}) {
        accept(kStart - 16 * 24h, source, id);
        if (!second.empty()) accept(kStart - 8 * 24h, second, id).accept(kStart - 6 * 24h, second, id);
        return accept(kStart - 48h, source, id).accept(kStart - 24h, source, id);
    }
    // 20 rejects on 10 IDs, one a second, the last one at `until`: a block begins with it.
    MailIsp& guessing(Time until, std::string_view source) {
        for (unsigned i = 0; i < 20; ++i)
            read(smtp(Kind::reject, "victim" + std::to_string(i % 10), until - (19 - i) * 1s, source));
        return *this;
    }
};

// What was learned of all IDs; and the only stream that is open (the test fails if there are others).
std::vector<Learned> all_learned(const Detector& detector);
const Stream& open_stream(const Detector& detector);

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
