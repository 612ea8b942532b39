#include "notifier/notice_queue.hpp"

#include <algorithm>
#include <pqxx/binarystring>
#include <pqxx/connection>
#include <pqxx/result>
#include <pqxx/transaction>
#include <utility>

#include "notifier/address.hpp"

namespace guard::notifier {
namespace {

using namespace std::chrono_literals;
using std::chrono::microseconds;

constexpr auto kBurst = 500ms;  // what the rates give within this time goes at once

// A moment that the rate limit gave counts for two seconds: who comes later, after a standstill, would come in a crowd.
constexpr auto kClaim = R"(
    UPDATE guard.delivery SET state = 'queued', leased_by = $1,
        lease_until = clock_timestamp() + make_interval(secs => $2),
        maybe_twice = maybe_twice + (state = 'sending')::integer
    WHERE delivery_id IN (
        SELECT delivery_id FROM guard.delivery
        WHERE state IN ('queued', 'sending') AND due_at <= clock_timestamp()
        AND (leased_by IS NULL OR lease_until < clock_timestamp()) AND channel = ANY ($3::text[])
        ORDER BY priority, due_at, delivery_id LIMIT $4 FOR UPDATE SKIP LOCKED)
    RETURNING delivery_id, channel, paced_at > clock_timestamp() - interval '2 s' AS paced, notice_id)";

constexpr auto kDetails = R"(
    SELECT d.delivery_id, d.notice_id, n.incident_id, d.channel, d.key, d.message_id, n.kind, n.service, n.id, d.tries,
           n.language, s.name, s.mail, s.phone, s.postal_code, s.postal_address,
           (extract(epoch FROM coalesce(f.event_time, i.opened_at)) * 1000000)::bigint,
           CASE n.language WHEN 'ja' THEN f.summary_ja ELSE f.summary_en END,
           (extract(epoch FROM u.suspended_at) * 1000000)::bigint,
           (extract(epoch FROM u.released_at) * 1000000)::bigint
    FROM guard.delivery AS d
    JOIN guard.notice AS n USING (notice_id)
    JOIN guard.incident AS i USING (incident_id)
    LEFT JOIN guard.subscriber AS s ON s.service = n.service AND s.id = n.id
    LEFT JOIN LATERAL (SELECT event_time, summary_ja, summary_en FROM guard.finding
                       WHERE finding.incident_id = n.incident_id
                       ORDER BY (action = 'suspend') DESC, finding_id LIMIT 1) AS f ON true
    LEFT JOIN LATERAL (SELECT suspended_at, released_at FROM guard.suspension
                       WHERE suspension.incident_id = n.incident_id
                       ORDER BY suspension_id DESC LIMIT 1) AS u ON true
    WHERE d.delivery_id = ANY ($1::bigint[]) ORDER BY d.priority, d.due_at, d.delivery_id)";

constexpr auto kRecord = R"(
    UPDATE guard.delivery SET
        state = CASE $3 WHEN 'later' THEN CASE WHEN clock_timestamp() + $6 * interval '1 ms' < give_up_at
                                               THEN 'queued' ELSE 'dead' END ELSE $3 END,
        accepted_at = CASE $3 WHEN 'accepted' THEN clock_timestamp() - $7 * interval '1 ms' END,
        done_at = CASE WHEN $3 = 'dead' OR $3 = 'later' AND clock_timestamp() + $6 * interval '1 ms' >= give_up_at
                       THEN clock_timestamp() END,
        due_at = CASE $3 WHEN 'later' THEN clock_timestamp() + $6 * interval '1 ms' ELSE due_at END,
        maybe_twice = maybe_twice + $8::boolean::integer, paced_at = NULL, recipient_masked = $4, answer = $5, leased_by = NULL, lease_until = NULL
    WHERE delivery_id = $1 AND leased_by = $2 AND state = 'sending')";

// "sending" by this very worker is a beginning whose commit was in doubt.
constexpr auto kBegin = R"(
    UPDATE guard.delivery SET state = 'sending', tries = tries + (state = 'queued')::integer,
        lease_until = clock_timestamp() + make_interval(secs => $3)
    WHERE delivery_id = $1 AND leased_by = $2 AND state IN ('queued', 'sending'))";

std::string text(const pqxx::field& field) {
    return field.is_null() ? std::string() : field.as<std::string>();
}

std::optional<Time> time(const pqxx::field& field) {
    if (field.is_null()) return std::nullopt;
    return Time(Microseconds(field.as<std::int64_t>()));
}

QueuedDelivery delivery_of(const pqxx::row& row) {
    QueuedDelivery delivery;
    delivery.delivery_id = row[0].as<std::int64_t>();
    delivery.notice_id = row[1].as<std::int64_t>();
    delivery.incident_id = row[2].as<std::int64_t>();
    delivery.channel = text(row[3]);
    delivery.key = text(row[4]);
    delivery.message_id = text(row[5]);
    delivery.kind = text(row[6]);
    delivery.service = parse_service(text(row[7])).value();  // a CHECK of the table
    delivery.id = pqxx::binarystring(row[8]).str();
    delivery.tries = row[9].as<int>();
    delivery.recipient = {.name = text(row[11]),
                          .language = text(row[10]),
                          .mail = text(row[12]),
                          .phone = text(row[13]),
                          .postal_code = text(row[14]),
                          .postal_address = text(row[15])};
    delivery.seen_at = time(row[16]).value();
    delivery.seen = text(row[17]);
    delivery.suspended_at = time(row[18]);
    delivery.released_at = time(row[19]);
    return delivery;
}

microseconds interval_of(unsigned a_minute) {
    return microseconds(1min) / static_cast<std::int64_t>(a_minute);
}

// The first of so many moments in a row, from now.
microseconds reserve(pqxx::work& transaction, const std::string& channel, const std::string& domain, std::size_t count,
                     microseconds every) {
    return microseconds(
        transaction
            .exec_params1("SELECT (extract(epoch FROM guard.reserve_pace($1, $2, $3, $4 * interval '1 us') - "
                          "clock_timestamp()) * 1000000)::bigint",
                          channel, domain, static_cast<int>(count), every.count())[0]
            .as<std::int64_t>());
}

}  // namespace

std::string in_braces(const std::vector<std::int64_t>& numbers) {
    std::string result = "{";
    for (const auto number : numbers) result += (result.size() > 1 ? "," : "") + std::to_string(number);
    return result + '}';
}

std::string in_braces(const std::vector<std::string>& texts) {
    std::string result = "{";
    for (const auto& each : texts) result += (result.size() > 1 ? ",\"" : "\"") + each + '"';
    return result + '}';
}

void raise_alarm(const std::string& kind, const std::string& detail, pqxx::work& transaction) {
    transaction.exec_params("SELECT guard.raise_alarm($1, $2)", kind, detail);
}

struct NoticeQueue::Claimed {
    std::int64_t delivery_id;
    std::string channel;
    bool paced;
    std::string domain;
    microseconds moment{0};
};

NoticeQueue::NoticeQueue(pqxx::connection_base& connection, std::string worker)
    : connection_(connection), worker_(std::move(worker)) {}

std::vector<QueuedDelivery> NoticeQueue::claim(const std::map<std::string, Rate>& channels, std::chrono::seconds lease,
                                               int limit) {
    std::vector<std::string> names;
    for (const auto& [name, rate] : channels) names.push_back(name);
    pqxx::work transaction(connection_, "claim");
    const auto rows = transaction.exec_params(kClaim, worker_, lease.count(), in_braces(names), limit);
    std::vector<QueuedDelivery> result;
    if (rows.empty()) return result;
    std::vector<std::int64_t> ids;
    std::map<std::int64_t, bool> paced;
    for (const auto& row : rows) {
        ids.push_back(row[0].as<std::int64_t>());
        paced[ids.back()] = !row[2].is_null() && row[2].as<bool>();
    }
    std::vector<Claimed> claimed;
    for (const auto& row : transaction.exec_params(kDetails, in_braces(ids))) {
        result.push_back(delivery_of(row));
        const auto& one = result.back();
        claimed.push_back({one.delivery_id, one.channel, paced[one.delivery_id], domain_of(one.recipient.mail)});
    }
    const auto held_back = within_rates(transaction, std::move(claimed), channels);
    transaction.commit();
    std::erase_if(result,
                  [&](const auto& one) { return std::ranges::find(held_back, one.delivery_id) != held_back.end(); });
    return result;
}

// Returns those that the rates do not let go now, which are put off.
std::vector<std::int64_t> NoticeQueue::within_rates(pqxx::work& transaction, std::vector<Claimed> claimed,
                                                    const std::map<std::string, Rate>& channels) const {
    std::erase_if(claimed, [](const Claimed& one) { return one.paced; });
    const auto give_moments = [&](const std::string& channel, const std::string& domain, unsigned rate, auto belongs) {
        const auto count = static_cast<std::size_t>(std::ranges::count_if(claimed, belongs));
        if (rate == 0 || count == 0) return;
        auto moment = reserve(transaction, channel, domain, count, interval_of(rate));
        for (Claimed& one : claimed)
            if (belongs(one)) {
                one.moment = std::max(one.moment, moment);
                moment += interval_of(rate);
            }
    };
    for (const auto& [name, rate] : channels) {
        give_moments(name, "", rate.notices, [&](const Claimed& one) { return one.channel == name; });
        std::vector<std::string> domains;
        for (const Claimed& one : claimed)
            if (one.channel == name && rate.to_one_domain > 0) domains.push_back(one.domain);
        std::ranges::sort(domains);
        domains.erase(std::ranges::unique(domains).begin(), domains.end());
        for (const auto& domain : domains)  // sorted: two notifiers lock the rows in the same order
            give_moments(name, domain, rate.to_one_domain,
                         [&](const Claimed& one) { return one.channel == name && one.domain == domain; });
    }
    std::vector<std::int64_t> held_back, moments;
    for (const Claimed& one : claimed)
        if (one.moment > kBurst) {
            held_back.push_back(one.delivery_id);
            moments.push_back(one.moment.count());
        }
    if (!held_back.empty())
        transaction.exec_params(
            "UPDATE guard.delivery AS d SET leased_by = NULL, lease_until = NULL, "
            "due_at = statement_timestamp() + x.moment * interval '1 us', "
            "paced_at = statement_timestamp() + x.moment * interval '1 us' "
            "FROM unnest($1::bigint[], $2::bigint[]) AS x (delivery_id, moment) WHERE d.delivery_id = x.delivery_id",
            in_braces(held_back), in_braces(moments));
    return held_back;
}

NoticeQueue::Moved NoticeQueue::move_on(const QueuedDelivery* done, const Outcome& outcome, const QueuedDelivery* next,
                                        std::chrono::seconds lease) {
    Moved moved;
    if (done == nullptr && next == nullptr) return moved;
    pqxx::work transaction(connection_, "move on");
    if (done != nullptr) {
        const auto changed = transaction.exec_params(kRecord, done->delivery_id, worker_, to_string(outcome.is),
                                                     outcome.recipient_masked, outcome.answer, outcome.pause.count(),
                                                     outcome.age.count(), outcome.perhaps);
        // Nothing changed: it was recorded before, in a commit that was in doubt, or belongs to another by now.
        if (changed.affected_rows() == 0)
            moved.recorded = transaction
                                 .exec_params1(
                                     "SELECT state <> 'sending' AND answer IS NOT DISTINCT FROM $2 "
                                     "FROM guard.delivery WHERE delivery_id = $1",
                                     done->delivery_id, outcome.answer)[0]
                                 .as<bool>();
    }
    if (next != nullptr)
        moved.begun = transaction.exec_params(kBegin, next->delivery_id, worker_, lease.count()).affected_rows() == 1;
    transaction.commit();
    return moved;
}

void NoticeQueue::put_back(const std::vector<std::int64_t>& deliveries, std::chrono::milliseconds delay) {
    if (deliveries.empty()) return;
    pqxx::work transaction(connection_, "put back");
    transaction.exec_params(
        "UPDATE guard.delivery SET leased_by = NULL, lease_until = NULL, "
        "due_at = clock_timestamp() + $3 * interval '1 ms' "
        "WHERE delivery_id = ANY ($1::bigint[]) AND leased_by = $2 AND state = 'queued'",
        in_braces(deliveries), worker_, delay.count());
    transaction.commit();
}

void NoticeQueue::drop_leases() {
    pqxx::work transaction(connection_, "drop leases");
    transaction.exec_params(
        "UPDATE guard.delivery SET leased_by = NULL, lease_until = NULL WHERE leased_by = $1 AND state = 'queued'",
        worker_);
    transaction.commit();
}

std::size_t NoticeQueue::give_up() {
    pqxx::work transaction(connection_, "give up");
    const auto dead = transaction.exec(R"(
        UPDATE guard.delivery SET state = 'dead', done_at = clock_timestamp(), leased_by = NULL, lease_until = NULL,
            maybe_twice = maybe_twice + (state = 'sending')::integer,
            answer = coalesce(answer || ' / ', '') || 'its time was over'
        WHERE delivery_id IN (
            SELECT delivery_id FROM guard.delivery
            WHERE state IN ('queued', 'sending') AND give_up_at <= clock_timestamp()
            AND (leased_by IS NULL OR lease_until < clock_timestamp())
            ORDER BY notice_id LIMIT 500 FOR UPDATE SKIP LOCKED))");
    transaction.commit();
    return static_cast<std::size_t>(dead.affected_rows());
}

std::chrono::milliseconds NoticeQueue::next_due(const std::vector<std::string>& channels,
                                                std::chrono::milliseconds longest) {
    pqxx::read_transaction transaction(connection_, "next due");
    const auto row = transaction.exec_params1(R"(
        SELECT (extract(epoch FROM least(
            (SELECT min(greatest(due_at, lease_until)) FROM guard.delivery
             WHERE state IN ('queued', 'sending') AND channel = ANY ($1::text[])),
            (SELECT min(give_up_at) FROM guard.delivery WHERE state = 'queued'),
            (SELECT min(plan_at) FROM guard.notice WHERE plan_at > clock_timestamp())) - clock_timestamp()) * 1000)::bigint)",
                                              in_braces(channels));
    if (row[0].is_null()) return longest;
    // A moment at least: what is due and not to be had is in the hands of another.
    return std::clamp(std::chrono::milliseconds(row[0].as<std::int64_t>()), std::chrono::milliseconds(50), longest);
}

}  // namespace guard::notifier
