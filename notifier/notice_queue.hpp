// The queue of notices in guard.notice. Several notifiers may work on it at once: a notice is claimed with a lease in a
// transaction of its own before it is sent, and what came of it is recorded in another. Who dies in between loses the
// lease, and the next one sends again under the same Message-ID. All times are the database's. Functions throw pqxx
// exceptions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "event/login_event.hpp"
#include "event/time.hpp"

namespace pqxx {
class connection_base;
}

namespace guard::notifier {

struct Notice {
    std::int64_t notice_id = 0, incident_id = 0;
    std::string kind;      // "suspended", "released"
    std::string language;  // "ja", "en"
    std::string message_id;
    Service service = Service::pppoe;
    std::string id;          // bytes
    std::string name, mail;  // of the subscriber; empty: not known
    int tries = 0;           // this one included
    bool too_late = false;   // the time to give up had passed before it was claimed
    Time seen_at{};          // of the event behind the finding
    std::string seen;        // the finding in a sentence, in the language
    std::optional<Time> suspended_at, released_at;
};

class NoticeQueue {
  public:
    // `worker` tells this notifier from any other that ever lived.
    NoticeQueue(pqxx::connection_base& connection, std::string worker);

    // The next one that is due, or whose lease another let run out. Never one while an earlier notice of the same
    // incident is on its way: "restored" does not overtake "suspended".
    [[nodiscard]] std::optional<Notice> claim(std::chrono::seconds lease);
    [[nodiscard]] bool any_due();

    // What came of a claimed notice. Recording the same again changes nothing. False if the lease had run out and the
    // notice is no longer this worker's.
    bool sent(const Notice& notice, const std::string& recipient_masked, const std::string& answer);
    bool dead(const Notice& notice, const std::string& recipient_masked, const std::string& answer);

    enum class Next { queued, dead, lost };  // lost: as false above
    // Again after `pause`; dead if that is past the time to give up.
    Next later(const Notice& notice, const std::string& recipient_masked, const std::string& answer,
               std::chrono::milliseconds pause);

    // An alarm for the desk; none if the same is still open.
    void raise_alarm(const std::string& kind, const std::string& detail);

  private:
    pqxx::connection_base& connection_;
    std::string worker_;
};

}  // namespace guard::notifier
