// What is kept of one (service, ID) that did something lately, in full. The key is a keyed hash: the ID itself is not
// in it. Of who is quiet there is a PackedStream.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/detection/familiarity.hpp"
#include "analyzer/detection/finding.hpp"
#include "analyzer/detection/guards/backend.hpp"
#include "analyzer/detection/history.hpp"
#include "analyzer/detection/smtp_history.hpp"

namespace guard::detection {

// What outlives a restart by snapshot; the rest comes back from the journal.
struct Learned {
    Time first_seen{};  // to the second; 1970: not yet
    Familiarity familiarity;
};

// The findings of an ID that belong together.
struct Episode {
    std::string incident_key;
    Time last_finding{};
    std::vector<Rule> fired;  // each speaks once
    bool dismissed = false;   // by a person: where the ID was until then is learned
    bool suspends = false;    // the breaker let it pass: counted once an incident, also where the mode enforces nothing
};

struct Stream {
    std::uint64_t key = 0;
    std::uint32_t due = 0;  // the minute in which to see whether it can be packed; 0: not in use
    Learned learned;
    std::uint32_t active_hour = 0;     // for the count of active IDs
    std::uint32_t located = 0;         // by which generation of the locator the places of its history are
    std::unique_ptr<History> history;  // PPPoE
    std::unique_ptr<Episode> episode;
    std::unique_ptr<KnownNetworks> networks;  // SMTP-AUTH
    std::unique_ptr<SmtpHistory> smtp;        // SMTP-AUTH, while it was used within a day
    bool suspended = false;

    // Each rule speaks once an incident, and that goes on until nothing was found for a day.
    [[nodiscard]] bool has_spoken(Rule rule, Time now) const {
        if (!episode || now > episode->last_finding + std::chrono::hours{24}) return false;
        return std::find(episode->fired.begin(), episode->fired.end(), rule) != episode->fired.end();
    }
};

}  // namespace guard::detection
