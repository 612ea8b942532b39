// The state of the simulated ISP: its addresses, everybody whose life it is, what is still on its way to the log. The
// lives (lives.hpp) are functions on it: woken at a time, they let something happen and say when to wake them next.
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "config/settings.hpp"
#include "simulate/address_plan.hpp"
#include "simulate/calendar.hpp"
#include "simulate/event_writer.hpp"
#include "simulate/label.hpp"
#include "simulate/random.hpp"

namespace guard::simulate {

using namespace std::chrono_literals;

enum class Life : std::uint8_t {
    home,            // a line, with the habits of its label
    broken_line,     // flaps, or is dropped at once, for hours
    wrong_password,  // fails for ever
    second_home,     // at weekends
    visitor,         // one session after the other from `due` until `until`: thieves, and second places
    rotating_thief,  // a new address each time, from `due` until `until`
    patient_thief,   // from afar while the owner is offline, no faster than the limit
    mail_client,     // SMTP-AUTH, with the habits of its label
    mail_robot,      // misuses one SMTP-AUTH ID
    guesser,         // a source that tries passwords
};

// How the messages of a line reach the log.
enum class Trait : std::uint8_t { none, retransmission, duplicate, late, skewed, nas_assigned };

struct Actor {
    Random random;
    Time interim{};  // when the session shows life next
    Time ends{};     // when it ends
    Time due{};      // begin of what is special about this life
    Time until{};    // end of that
    std::uint32_t id = 0;
    std::uint32_t address = 0;  // of the session; of the mail client at home
    std::uint32_t other = 0;    // a second address, a group, or the pace in seconds; by life
    std::uint32_t count = 0;
    std::uint16_t pool = 0, other_pool = 0;
    Label label = Label::ordinary;
    Life life = Life::home;
    Trait trait = Trait::none;
    std::uint8_t mass = 0;  // 1 + the index of the mass event still to come
    std::uint8_t step = 0;
    std::uint8_t lost = 0;  // Stops, in per cent
    bool online = false;
    bool steady = false;       // the session never ends by itself
    bool own_address = false;  // keeps its address between sessions
    bool dual_stack = false;
    bool online_at_once = false;  // the session began before the log
};

// What happens to all lines of some pools.
struct MassEvent {
    Label label = Label::power_cut;
    Time begins{};
    Microseconds spread{0};     // sessions go within this time
    Microseconds outage{0};     // nobody can dial for so long
    Microseconds boot{0};       // and each for at most so long more
    std::uint32_t stops = 0;    // told of a session that goes, in per cent
    Microseconds stop_late{0};  // by at most so much
    std::uint32_t tries = 1;    // at most, until a session lasts
    Microseconds rejects{0};    // for so long all tries are rejected
    Microseconds away{0};       // sessions end elsewhere for so long; 0: for good, if other pools are given
    std::vector<std::uint16_t> pools;
    std::vector<std::uint16_t> other_pools;  // empty: in their own
};

class Isp {
  public:
    Isp(std::uint64_t seed, std::uint32_t subscribers, Time start, Time end, EventWriter& out);

    void add(Actor actor, Time first);
    // Everything until the end; `progress` is called once in a while.
    void run(const std::function<void()>& progress);

    // For the lives.
    void wake(const Actor& actor, Time time);
    // Something is in the log at `arrives`, at once or later.
    void log(const Happening& event, Time arrives);
    // Accept and Start of a new session, at an address of the actor's pool.
    void dial(Actor& actor, Time now) { dial(actor, actor.pool, now); }
    void dial(Actor& actor, std::uint16_t pool, Time now);
    void alive(Actor& actor, Time now);
    // The session is over. Its Stop is told `late` after it, unless it is lost.
    void hang_up(Actor& actor, Time now, bool told, Microseconds late = 0s);
    void reject(const Actor& actor, Time now);
    void account(Actor& actor, Kind kind, const RecordAddresses& addresses, Time now);
    [[nodiscard]] RecordAddresses addresses_of(const Actor& actor) const;
    // An attempt at SMTP-AUTH; what the backend says in an outage is not what the password deserves.
    void mail(std::uint32_t id, bool right, const RecordAddresses& from, Time now);

    const Time start, end;
    const std::uint32_t subscribers;
    std::uint32_t mail_ids = 0;
    AddressPlan plan;
    const config::DetectionSettings defaults;  // what evaders know of us
    std::vector<MassEvent> mass;
    std::vector<std::uint32_t> free_addresses;  // of the groups that share addresses
    Time mail_fails{Time::max()}, mail_works_again{Time::max()};

  private:
    struct OnItsWay {
        Time arrives{};
        std::uint64_t number = 0;
        Happening event;
    };
    struct Later {
        bool operator()(const OnItsWay& a, const OnItsWay& b) const {
            return a.arrives != b.arrives ? a.arrives > b.arrives : a.number > b.number;
        }
    };
    void deliver(Time until);

    const std::uint64_t seed_;
    EventWriter& out_;
    Time now_{};
    Calendar calendar_;
    std::vector<Actor> actors_;
    std::priority_queue<OnItsWay, std::vector<OnItsWay>, Later> on_its_way_;
    std::uint64_t next_number_ = 0;
};

}  // namespace guard::simulate
