// What the detectors say about an ID or a source address, and what is to be done about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/login_event.hpp"
#include "geo/place.hpp"

namespace guard::detection {

enum class Rule : std::uint8_t {
    pppoe_jump,
    pppoe_jump_live,
    pppoe_jump_bounce,
    pppoe_jump_spread,
    pppoe_burst_far,
    pppoe_burst_live,
    pppoe_burst_sessions,
    pppoe_burst_rate,
    pppoe_churn,
    pppoe_reject,
    smtp_jump,
    smtp_jump_corroborated,
    smtp_burst_spread,
    smtp_burst_rate,
    smtp_source,
    smtp_source_hit,
};
inline constexpr std::size_t kRules = 16;

enum class Grade : std::uint8_t { notable, probable, certain };

enum class Action : std::uint8_t {
    suspend,  // refuse the ID, disconnect it, tell the subscriber
    review,   // a person decides
    block,    // refuse the source while the attack lasts
    record,   // keep the finding, do nothing
};

[[nodiscard]] std::string_view to_string(Rule rule);  // "pppoe.jump.live"
// Its findings rest on where the ID was: on regions (PPPoE) or countries (SMTP-AUTH).
[[nodiscard]] bool is_about_regions(Rule rule);
[[nodiscard]] std::string_view to_string(Grade grade);
[[nodiscard]] std::string_view to_string(Action action);

// One event a finding rests on. For a source (R3) there is no ID in it.
struct Evidence {
    Time time{};
    Kind kind = Kind::accept;
    std::optional<IpAddress> address;
    geo::Code region;  // for SMTP-AUTH the country; may be empty
};

// A step from one place to another that nobody can make in that time.
struct Step {
    geo::Place from, to;
    Time left{}, arrived{};
    geo::Kilometres distance = 0;  // lower bound; 0: not known, of the places only the countries are
    double speed_kmh = 0;          // lower bound; 0: not known
};

struct Finding {
    Rule rule = Rule::pppoe_churn;
    Grade grade = Grade::notable;
    Service service = Service::pppoe;
    std::string id;                   // empty for a finding about a source
    std::optional<IpAddress> source;  // set for a finding about a source
    Time time{};                      // of the event that completed it
    std::string incident_key;         // the same for all findings of one incident; from the events alone
    std::vector<Step> steps;          // of a finding about regions; the newest last
    std::vector<geo::Place> places;   // involved, the newest last; for SMTP-AUTH `region` is the country
    bool learning = false;            // the ID is young: graded one step lower
    std::vector<Evidence> evidence;   // in the order of time, at most kMaxEvidence
    std::string summary_en, summary_ja;

    // For a source: what is known of the attack, and until when a block lasts if nothing more comes.
    std::uint64_t attempts = 0, ids = 0, accepts = 0;
    Time expires{};
    std::chrono::seconds quiet{0};  // so long after the last attempt it ends
    bool renewal = false;           // known before; only the counts and the end are new

    [[nodiscard]] std::string key() const;
};
inline constexpr std::size_t kMaxEvidence = 40;

// Why an action is not what the grade says, or what held it back; catalogue for the desk in docs/operations.md.
enum class Reason : std::uint8_t {
    none,
    settling,     // probable: waits until it is known whether many others did the same
    storm,        // many others did the same
    breaker,      // more suspensions than the set rate
    no_contract,  // no contract row: how many sessions are allowed is not known
    allowed,      // on the allow list
    lag,          // the analyzer is behind: what others did meanwhile is not known yet
    backend,      // our own password check fails for many
    pool_table,   // the entry of the pool table it rests on changed within a day: it may be wrong
    clock,        // the clock of the NAS at one of its places is wrong, and so may be what came after what
    own_network,  // a gateway or an operator's pool: never blocked
    mode,         // the mode of the rule is not enforce
    profile,      // the profile leaves this grade to a person
};
[[nodiscard]] std::string_view to_string(Reason reason);

// What comes of a finding. A finding that has to settle is decided twice: `settling` first, for good when it has
// settled.
struct Decision {
    Finding finding;
    Action action = Action::record;
    Reason reason = Reason::none;
    bool enforced = false;                    // carry it out; otherwise the action is what would have been done
    Time decided{};                           // in event time
    std::vector<IpAddress> open_addresses{};  // of the ID's sessions that may still be up, one a session
};

// A session that came up while its ID was suspended already: its accept overtook the table.
struct LateSession {
    Service service = Service::pppoe;
    std::string id;
    Addresses addresses;
};

}  // namespace guard::detection
