#include "notifier/notice_queue.hpp"

#include <pqxx/binarystring>
#include <pqxx/connection>
#include <pqxx/result>
#include <pqxx/transaction>
#include <utility>

namespace guard::notifier {
namespace {

constexpr auto kDue = R"(
    ((n.state = 'queued' AND n.due_at <= clock_timestamp()) OR (n.state = 'sending' AND n.lease_until < clock_timestamp()))
    AND NOT EXISTS (SELECT FROM guard.notice AS earlier WHERE earlier.incident_id = n.incident_id
                    AND earlier.notice_id < n.notice_id AND earlier.state IN ('queued', 'sending')))";

constexpr auto kDetails = R"(
    SELECT n.notice_id, n.incident_id, n.kind, n.language, n.message_id, n.service, n.id, s.name, s.mail, n.tries,
           n.give_up_at <= clock_timestamp(),
           (extract(epoch FROM coalesce(f.event_time, i.opened_at)) * 1000000)::bigint,
           CASE n.language WHEN 'ja' THEN f.summary_ja ELSE f.summary_en END,
           (extract(epoch FROM u.suspended_at) * 1000000)::bigint,
           (extract(epoch FROM u.released_at) * 1000000)::bigint
    FROM guard.notice AS n
    JOIN guard.incident AS i USING (incident_id)
    LEFT JOIN guard.subscriber AS s ON s.service = n.service AND s.id = n.id
    LEFT JOIN LATERAL (SELECT event_time, summary_ja, summary_en FROM guard.finding
                       WHERE finding.incident_id = n.incident_id
                       ORDER BY (action = 'suspend') DESC, finding_id LIMIT 1) AS f ON true
    LEFT JOIN LATERAL (SELECT suspended_at, released_at FROM guard.suspension
                       WHERE suspension.incident_id = n.incident_id
                       ORDER BY suspension_id DESC LIMIT 1) AS u ON true
    WHERE n.notice_id = $1)";

std::string text(const pqxx::field& field) {
    return field.is_null() ? std::string() : field.as<std::string>();
}

std::optional<Time> time(const pqxx::field& field) {
    if (field.is_null()) return std::nullopt;
    return Time(Microseconds(field.as<std::int64_t>()));
}

Notice notice_of(const pqxx::row& row) {
    Notice notice;
    notice.notice_id = row[0].as<std::int64_t>();
    notice.incident_id = row[1].as<std::int64_t>();
    notice.kind = text(row[2]);
    notice.language = text(row[3]);
    notice.message_id = text(row[4]);
    notice.service = parse_service(text(row[5])).value();  // a CHECK of the table
    notice.id = pqxx::binarystring(row[6]).str();
    notice.name = text(row[7]);
    notice.mail = text(row[8]);
    notice.tries = row[9].as<int>();
    notice.too_late = row[10].as<bool>();
    notice.seen_at = time(row[11]).value();
    notice.seen = text(row[12]);
    notice.suspended_at = time(row[13]);
    notice.released_at = time(row[14]);
    return notice;
}

}  // namespace

NoticeQueue::NoticeQueue(pqxx::connection_base& connection, std::string worker)
    : connection_(connection), worker_(std::move(worker)) {}

std::optional<Notice> NoticeQueue::claim(std::chrono::seconds lease) {
    pqxx::work transaction(connection_, "claim");
    const auto claimed = transaction.exec_params(
        "UPDATE guard.notice SET state = 'sending', leased_by = $1, tries = tries + 1, "
        "lease_until = clock_timestamp() + make_interval(secs => $2) "
        "WHERE notice_id = (SELECT notice_id FROM guard.notice AS n WHERE " +
            std::string(kDue) + " ORDER BY n.due_at, n.notice_id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING notice_id",
        worker_, lease.count());
    if (claimed.empty()) return std::nullopt;
    const auto details = transaction.exec_params1(kDetails, claimed[0][0].as<std::int64_t>());
    auto notice = notice_of(details);
    transaction.commit();
    return notice;
}

bool NoticeQueue::any_due() {
    pqxx::read_transaction transaction(connection_, "due");
    return transaction.exec("SELECT EXISTS (SELECT FROM guard.notice AS n WHERE " + std::string(kDue) + ")")[0][0]
        .as<bool>();
}

// While the lease is being ended the worker's name is looked at, and afterwards the state: the same again is no loss.
bool NoticeQueue::sent(const Notice& notice, const std::string& recipient_masked, const std::string& answer) {
    pqxx::work transaction(connection_, "sent");
    transaction.exec_params(
        "UPDATE guard.notice SET state = 'sent', sent_at = clock_timestamp(), leased_by = NULL, lease_until = NULL, "
        "recipient_masked = $3, last_answer = $4 WHERE notice_id = $1 AND leased_by = $2",
        notice.notice_id, worker_, recipient_masked, answer);
    const auto now =
        transaction.exec_params1("SELECT state = 'sent' FROM guard.notice WHERE notice_id = $1", notice.notice_id);
    const bool done = now[0].as<bool>();
    transaction.commit();
    return done;
}

bool NoticeQueue::dead(const Notice& notice, const std::string& recipient_masked, const std::string& answer) {
    pqxx::work transaction(connection_, "dead");
    transaction.exec_params(
        "UPDATE guard.notice SET state = 'dead', leased_by = NULL, lease_until = NULL, recipient_masked = $3, "
        "last_answer = $4 WHERE notice_id = $1 AND leased_by = $2",
        notice.notice_id, worker_, recipient_masked, answer);
    const auto now =
        transaction.exec_params1("SELECT state = 'dead' FROM guard.notice WHERE notice_id = $1", notice.notice_id);
    const bool done = now[0].as<bool>();
    transaction.commit();
    return done;
}

NoticeQueue::Next NoticeQueue::later(const Notice& notice, const std::string& recipient_masked,
                                     const std::string& answer, std::chrono::milliseconds pause) {
    pqxx::work transaction(connection_, "later");
    transaction.exec_params(
        "UPDATE guard.notice SET due_at = clock_timestamp() + make_interval(secs => $5::float8 / 1000), "
        "state = CASE WHEN clock_timestamp() + make_interval(secs => $5::float8 / 1000) < give_up_at THEN 'queued' "
        "ELSE 'dead' END, leased_by = NULL, lease_until = NULL, recipient_masked = $3, last_answer = $4 "
        "WHERE notice_id = $1 AND leased_by = $2",
        notice.notice_id, worker_, recipient_masked, answer, pause.count());
    const auto now = transaction.exec_params1("SELECT state FROM guard.notice WHERE notice_id = $1", notice.notice_id);
    const auto state = now[0].as<std::string>();
    transaction.commit();
    return state == "queued" ? Next::queued : state == "dead" ? Next::dead : Next::lost;
}

void NoticeQueue::raise_alarm(const std::string& kind, const std::string& detail) {
    pqxx::work transaction(connection_, "alarm");
    transaction.exec_params("SELECT guard.raise_alarm($1, $2)", kind, detail);
    transaction.commit();
}

}  // namespace guard::notifier
