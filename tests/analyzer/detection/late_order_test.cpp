// Order tolerance of one line, whatever its life: each event up to 120 s late, some told twice, come to the same end as
// in the order of time. Lives are made up at random of what is hardest: lines that are dropped every few seconds, with
// addresses that come round again; failovers there and back; Stops and Interim-Updates of dead sessions; thieves. Each
// line is alone with its detector, so that no guard decides anything.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <tuple>

#include "tests/analyzer/detection/arrival.hpp"
#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

struct Dice {
    std::mt19937_64 random;

    unsigned below(unsigned limit) { return static_cast<unsigned>(random() % limit); }
    bool percent(unsigned share) { return below(100) < share; }
    Microseconds between(Microseconds from, Microseconds to) {
        return from +
               Microseconds{static_cast<std::int64_t>(random() % static_cast<std::uint64_t>((to - from).count()))};
    }
};

constexpr unsigned kHome = 13;  // Tokyo

// A line and its log; addresses are drawn from few, so that they come round again.
class Life {
  public:
    explicit Life(Dice& dice) : dice_(dice) {
        constexpr std::array<Microseconds, 4> kIntervals{1min, 5min, 10min, 1h};
        interval_ = kIntervals.at(dice.below(4));
        percent_stops_ = dice.below(3) * 45;
        nas_assigns_ = dice.percent(20);
        few_ = 1 + dice.below(8);
    }

    std::string some(unsigned prefecture) { return in_prefecture(prefecture, 100 + dice_.below(few_)); }

    void session(Time from, Time until, const std::string& where) {
        add(Kind::accept, from, nas_assigns_ ? std::string{} : where);
        add(Kind::assign, from + dice_.between(200ms, 1500ms), where);
        for (Time time = from + interval_; time < until; time += interval_) add(Kind::alive, time, where);
        // What a dead session shows comes up to 4 min after the next one began.
        if (dice_.percent(percent_stops_))
            add(Kind::release, until + (dice_.percent(30) ? dice_.between(0s, 4min) : 0s), where);
        else if (dice_.percent(20))
            add(Kind::alive, until + dice_.between(0s, 4min), where);
    }
    // Sessions of between `shortest` and `longest`, one after the other. Returns the end of the last.
    Time sessions(unsigned count, Time from, Microseconds shortest, Microseconds longest, unsigned prefecture) {
        for (; count > 0; --count) {
            const Time next = from + dice_.between(shortest, longest);
            session(from, next - dice_.between(100ms, 2s), some(prefecture));
            from = next;
        }
        return from;
    }
    [[nodiscard]] std::vector<LoginEvent> in_order() const {
        std::vector<LoginEvent> sorted = events_;
        std::sort(sorted.begin(), sorted.end(), [](const LoginEvent& a, const LoginEvent& b) {
            return std::tie(a.time, a.kind, a.addresses) < std::tie(b.time, b.kind, b.addresses);
        });
        return sorted;
    }

  private:
    void add(Kind kind, Time time, const std::string& where) {
        LoginEvent event{Service::pppoe, kind, "line", {}, time};
        if (!where.empty()) event.addresses.push_back(address(where));
        events_.push_back(std::move(event));
    }

    Dice& dice_;
    Microseconds interval_{};
    unsigned percent_stops_ = 0, few_ = 1;
    bool nas_assigns_ = false;
    std::vector<LoginEvent> events_;
};

constexpr Time kLongAgo = kStart - 3 * 24h;

void flaps(Life& life, Dice& dice, Time time) {
    life.session(kLongAgo, time, life.some(kHome));
    time = life.sessions(15 + dice.below(40), time, 6s, 60s, kHome);
    life.session(time, time + 3h, life.some(kHome));
}
void redials(Life& life, Dice& dice, Time time) {
    life.session(kLongAgo, time, life.some(kHome));
    time = life.sessions(3 + dice.below(20), time, 20s, 12min, kHome);
    life.session(time, time + 3h, life.some(kHome));
}
void fails_over(Life& life, Dice& dice, Time time) {
    const unsigned away = dice.percent(50) ? 14 : 46;  // next to it, far
    const std::string home = life.some(kHome);
    life.session(kLongAgo, time, home);
    const Time back = time + dice.between(10min, 3h);
    time = life.sessions(1 + dice.below(3), time + dice.between(2s, 3min), 10s, 40s, away);
    life.session(time, back, life.some(away));
    time = life.sessions(dice.below(3), back + dice.between(2s, 30s), 10s, 40s, kHome);
    life.session(time, time + 3h, dice.percent(50) ? home : life.some(kHome));
}
void is_rotated_nearby(Life& life, Dice& dice, Time time) {
    life.session(kLongAgo, time + 3h, in_prefecture(kHome));
    life.sessions(15 + dice.below(40), time, 6s, 60s, kHome);
}
void is_rotated_far_away(Life& life, Dice& dice, Time time) {
    life.session(kLongAgo, time + 3h, in_prefecture(kHome));
    life.sessions(1 + dice.below(15), time, 6s, 10min, 1);
}
void is_sold(Life& life, Dice& dice, Time time) {
    life.session(kLongAgo, time + 3h, in_prefecture(kHome));
    for (unsigned buyer = 0; buyer < 2 + dice.below(4); ++buyer) {
        const Time from = time + dice.between(0s, 20min);
        life.session(from, from + dice.between(1min, 3h), in_prefecture(dice.percent(50) ? kHome : 40, 200 + buyer));
    }
}

using KindOfLife = void (*)(Life&, Dice&, Time);
constexpr std::array<std::pair<std::string_view, KindOfLife>, 6> kLives{{{"flaps", flaps},
                                                                         {"redials", redials},
                                                                         {"fails over", fails_over},
                                                                         {"is rotated nearby", is_rotated_nearby},
                                                                         {"is rotated far away", is_rotated_far_away},
                                                                         {"is sold", is_sold}}};

std::vector<LoginEvent> as_they_arrive(const std::vector<LoginEvent>& events, Dice& dice) {
    std::vector<std::pair<Time, const LoginEvent*>> arriving;
    // A quarter as late as may be: what sits on a limit is found on it.
    const auto late = [&] { return dice.percent(25) ? Microseconds{120s} : dice.between(0s, 120s); };
    for (const LoginEvent& event : events)
        for (int copies = dice.percent(20) ? 2 : 1; copies > 0; --copies)
            arriving.emplace_back(event.time + late(), &event);
    return in_order_of_arrival(std::move(arriving), dice.random);
}

struct Outcome {
    bool acted = false;  // suspended, or for a person
    std::string rules;
};

Outcome outcome(const std::vector<LoginEvent>& events) {
    static const auto places = locator();
    auto settings = enforced();
    settings.learning = 0s;
    Knowledge knowledge;
    knowledge.contract = [](Service, const std::string&) { return Contract{1, {}}; };
    Detector detector(settings, places, std::move(knowledge), kKey);
    std::vector<Decision> decisions;
    for (const LoginEvent& event : events) detector.on_event(event, decisions);
    detector.finish(decisions);
    Outcome result;
    for (const Decision& decision : decisions) {
        if (decision.action == Action::record) continue;
        result.acted = true;
        result.rules += ' ' + std::string(to_string(decision.finding.rule));
    }
    return result;
}

unsigned long number_from(const char* variable, unsigned long otherwise) {
    const char* wanted = std::getenv(variable);
    return wanted != nullptr ? std::strtoul(wanted, nullptr, 10) : otherwise;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(late_order)

// GUARD_TEST_SEED and GUARD_TEST_LIVES look further.
BOOST_AUTO_TEST_CASE(late_and_repeated_events_of_a_line_lead_to_the_same_end) {
    const auto first = number_from("GUARD_TEST_SEED", 1), lives = number_from("GUARD_TEST_LIVES", 600);
    std::map<std::string_view, unsigned> acted;
    for (auto seed = first; seed < first + lives; ++seed) {
        Dice dice{std::mt19937_64(seed)};
        const auto& [name, lead] = kLives.at(seed % kLives.size());
        Life life(dice);
        lead(life, dice, kStart + dice.between(0s, 10min));
        const auto events = life.in_order();
        const Outcome ordered = outcome(events), live = outcome(as_they_arrive(events, dice));
        if (ordered.acted != live.acted)
            BOOST_ERROR("seed " << seed << ", a line that " << name << ": in order" << ordered.rules
                                << (ordered.acted ? "" : " nothing") << ", late" << live.rules
                                << (live.acted ? "" : " nothing"));
        acted[name] += ordered.acted ? 1 : 0;
    }
    // Or it would be easy.
    const auto half = lives / kLives.size() / 2;
    for (const auto name : {"is rotated nearby", "is rotated far away", "is sold"})
        BOOST_TEST(acted[name] > half, name);
    for (const auto name : {"flaps", "redials"}) BOOST_TEST(acted[name] == 0U, name);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::detection::test
