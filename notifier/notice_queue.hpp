// The queue of deliveries in guard.delivery. Several notifiers may work on it at once: deliveries are claimed in
// batches with a lease, each is marked as being sent before it is, and the mark of the next one and what came of the
// one before are one transaction. Who dies loses the lease; of what he had claimed the next one sends only the delivery
// with the mark perhaps a second time, under the same key and Message-ID, and counts it (maybe_twice). All times are
// the database's. Functions throw pqxx exceptions.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <pqxx/transaction>
#include <string>
#include <vector>

#include "event/login_event.hpp"
#include "event/time.hpp"
#include "notifier/channel.hpp"

namespace guard::notifier {

struct QueuedDelivery {
    std::int64_t delivery_id = 0, notice_id = 0, incident_id = 0;
    std::string channel;
    std::string key, message_id;
    std::string kind;  // "suspended", "released"
    Service service = Service::pppoe;
    std::string id;  // bytes
    Recipient recipient;
    int tries = 0;     // before this one
    Time seen_at{};    // of the event behind the finding
    std::string seen;  // the finding in a sentence, in the recipient's language
    std::optional<Time> suspended_at, released_at;
};

// At most so many a minute; 0: no limit. Over all notifiers; exact over time, in bursts of half a second.
struct Rate {
    unsigned notices = 0;
    unsigned to_one_domain = 0;
};

// What came of a delivery that was handed to its channel.
struct Outcome {
    Delivery::Outcome is = Delivery::Outcome::later;
    std::string recipient_masked, answer;
    std::chrono::milliseconds age{};    // so long ago
    std::chrono::milliseconds pause{};  // later: not before
    bool perhaps = false;               // later: the other side may have it all the same
};

class NoticeQueue {
  public:
    // `worker` tells this notifier from any other that ever lived.
    NoticeQueue(pqxx::connection_base& connection, std::string worker);

    // Up to `limit` that are due, or whose lease another let run out, by these channels; the most urgent first. What
    // the rates hold back is put off to the moment they give it.
    [[nodiscard]] std::vector<QueuedDelivery> claim(const std::map<std::string, Rate>& channels,
                                                    std::chrono::seconds lease, int limit);

    // `outcome` of the delivery that was begun before; the same again changes nothing. False: the lease had run out and
    // another has taken it over.
    // `next` is begun: from here on it counts as sent perhaps. False: it is not to be sent, because it was cancelled or
    // taken over. Both in one transaction, each may be missing.
    struct Moved {
        bool recorded = true, begun = true;
    };
    [[nodiscard]] Moved move_on(const QueuedDelivery* done, const Outcome& outcome, const QueuedDelivery* next,
                                std::chrono::seconds lease);

    // Claimed, not begun: for anybody again, not before `delay`.
    void put_back(const std::vector<std::int64_t>& deliveries, std::chrono::milliseconds delay);

    // What this worker had claimed and not begun is for anybody again: it has lost sight of it with its connection.
    void drop_leases();

    // Deliveries whose time to give up has passed are dead. Returns how many.
    std::size_t give_up();

    // How long until something is due by one of these channels, a step of a plan included; at most `longest`.
    [[nodiscard]] std::chrono::milliseconds next_due(const std::vector<std::string>& channels,
                                                     std::chrono::milliseconds longest);

  private:
    struct Claimed;
    [[nodiscard]] std::vector<std::int64_t> within_rates(pqxx::work& transaction, std::vector<Claimed> claimed,
                                                         const std::map<std::string, Rate>& channels) const;

    pqxx::connection_base& connection_;
    std::string worker_;
};

// An alarm for the desk; none if the same is still open. The detail holds no ID and no address.
void raise_alarm(const std::string& kind, const std::string& detail, pqxx::work& transaction);

// "{1,2,3}": how an array of numbers is passed. "{"a","b"}": texts without quotes and backslashes.
[[nodiscard]] std::string in_braces(const std::vector<std::int64_t>& numbers);
[[nodiscard]] std::string in_braces(const std::vector<std::string>& texts);

}  // namespace guard::notifier
