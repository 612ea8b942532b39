#include "notifier/planner.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <pqxx/connection>
#include <pqxx/result>
#include <pqxx/transaction>
#include <string>

#include "config/notice_plan.hpp"
#include "config/quiet_hours.hpp"
#include "notifier/notice_queue.hpp"

namespace guard::notifier {
namespace {

using namespace std::chrono_literals;
using config::NoticePlan;

constexpr int kBatch = 200;
constexpr auto kSoon = 1s;  // a delivery is under way that decides what is to be done

// One notifier at a time: any number that nothing else in the database locks, "notice" in ASCII.
constexpr auto kTurn = "SELECT pg_try_advisory_xact_lock(x'6e6f74696365'::bigint)";

// "open": may still reach the subscriber, or has.
constexpr auto kDue = R"(
    SELECT n.notice_id, n.incident_id, n.kind, n.service, n.state, n.plan, n.step, n.give_up_at <= clock_timestamp(),
           n.escalate_at <= clock_timestamp(), (extract(epoch FROM n.escalate_at - clock_timestamp()) * 1000)::bigint,
           n.answered_at IS NOT NULL, n.language, s.name, s.mail, s.phone, s.postal_code, s.postal_address, u.rule,
           u.released_at IS NOT NULL, d.open_in_step, d.open_at_all
    FROM (SELECT * FROM guard.notice
          WHERE plan_at <= clock_timestamp() AND (step > 0 OR service = ANY ($1::text[]))
          ORDER BY priority, plan_at, notice_id LIMIT $2 FOR UPDATE SKIP LOCKED) AS n
    LEFT JOIN guard.subscriber AS s ON s.service = n.service AND s.id = n.id
    LEFT JOIN LATERAL (SELECT rule, released_at FROM guard.suspension AS x WHERE x.incident_id = n.incident_id
                       ORDER BY suspension_id DESC LIMIT 1) AS u ON true
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE step = n.step) > 0 AS open_in_step, count(*) > 0 AS open_at_all
        FROM guard.delivery AS x
        WHERE x.notice_id = n.notice_id AND x.state IN ('queued', 'sending', 'accepted', 'answered')) AS d
    ORDER BY n.priority, n.plan_at, n.notice_id)";

// What the notices before this one in the case still would do. Rows that are in somebody's hands are left alone.
constexpr auto kCancelEarlier = R"(
    UPDATE guard.delivery SET state = 'cancelled', done_at = clock_timestamp(), leased_by = NULL, lease_until = NULL
    WHERE delivery_id IN (
        SELECT d.delivery_id FROM guard.delivery AS d JOIN guard.notice AS n USING (notice_id)
        WHERE n.incident_id = $1 AND n.notice_id < $2
        AND (d.state = 'queued' OR d.channel = 'phone_list' AND d.state = 'accepted') FOR UPDATE OF d SKIP LOCKED))";
constexpr auto kEarlier = R"(
    SELECT count(*) FILTER (WHERE d.state IN ('queued', 'sending')) > 0,
           string_agg(DISTINCT d.channel, '+') FILTER (WHERE d.state IN ('accepted', 'answered'))
    FROM guard.delivery AS d JOIN guard.notice AS n USING (notice_id) WHERE n.incident_id = $1 AND n.notice_id < $2)";
constexpr auto kEndEarlier = R"(
    UPDATE guard.notice SET plan_at = NULL, state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END
    WHERE incident_id = $1 AND notice_id < $2 AND (plan_at IS NOT NULL OR state = 'queued'))";

std::string text(const pqxx::field& field) {
    return field.is_null() ? std::string() : field.as<std::string>();
}

}  // namespace

struct Planner::Notice {
    std::int64_t notice_id, incident_id;
    std::string kind, state, plan;
    Service service;
    std::size_t step;
    bool too_late, unanswered_long, answered, released, open_in_step, open_at_all;
    std::optional<std::chrono::milliseconds> until_escalation;
    std::string rule;
    Recipient recipient;
};

struct Planner::Decision {
    struct Row {
        std::string channel, reason;  // reason: why it is dead at once
        std::size_t step;
        std::chrono::milliseconds delay;
    };
    std::int64_t notice_id = 0, incident_id = 0;
    std::string state, plan;
    std::size_t step = 0;
    std::vector<Row> rows;
    std::optional<std::chrono::milliseconds> escalate_in, plan_in;
    bool alarm = false;

    // Nothing changes.
    static Decision about(const Notice& notice) {
        Decision decision;
        decision.notice_id = notice.notice_id;
        decision.incident_id = notice.incident_id;
        decision.state = notice.state;
        decision.plan = notice.plan;
        decision.step = notice.step;
        return decision;
    }
};

Planner::Planner(pqxx::connection_base& connection, const config::Settings& settings,
                 const std::vector<std::unique_ptr<Channel>>& channels, const LocalTime& local_time)
    : connection_(connection), settings_(settings), channels_(channels), local_time_(local_time) {}

Time after_quiet_hours(const config::Settings& settings, const LocalTime& local_time, std::string_view channel,
                       Time now) {
    const std::string& text = channel == "mail"         ? settings.mail_quiet
                              : channel == "sms"        ? settings.sms_quiet
                              : channel == "webhook"    ? settings.webhook_quiet
                              : channel == "letter"     ? settings.letter_quiet
                              : channel == "phone_list" ? settings.phone_list_quiet
                                                        : settings.mail_quiet;
    const auto hours = config::parse_quiet_hours(text);
    return hours ? local_time.after_quiet(now, *hours) : now;
}

const Channel* Planner::find(std::string_view name) const {
    const auto found = std::ranges::find_if(channels_, [&](const auto& channel) { return channel->name() == name; });
    return found == channels_.end() ? nullptr : found->get();
}

std::optional<std::size_t> Planner::plan(Time now) {
    pqxx::work transaction(connection_, "plan");
    if (!transaction.exec(kTurn)[0][0].as<bool>()) return std::nullopt;
    std::vector<std::string> without;
    for (const Service service : {Service::pppoe, Service::smtp_auth})
        if (config::plan_for(settings_, service, "").empty()) without.emplace_back(to_string(service));
    if (!without.empty() &&
        transaction
            .exec_params1("SELECT EXISTS (SELECT FROM guard.notice WHERE plan_at <= clock_timestamp() AND step = 0 "
                          "AND service = ANY ($1::text[]))",
                          in_braces(without))[0]
            .as<bool>())
        raise_alarm("notice_channel",
                    "notices wait: mail may not be the only channel (notice.mail_only) and there is no other",
                    transaction);
    const auto notices = due(transaction);
    std::vector<Decision> decisions;
    for (const Notice& notice : notices) decisions.push_back(decide(transaction, notice, now));
    write(transaction, decisions);
    transaction.commit();
    return notices.size();
}

std::vector<Planner::Notice> Planner::due(pqxx::work& transaction) const {
    std::vector<std::string> planned;
    for (const Service service : {Service::pppoe, Service::smtp_auth})
        if (!config::plan_for(settings_, service, "").empty()) planned.emplace_back(to_string(service));
    std::vector<Notice> result;
    for (const auto& row : transaction.exec_params(kDue, in_braces(planned), kBatch)) {
        Notice notice{};
        notice.notice_id = row[0].as<std::int64_t>();
        notice.incident_id = row[1].as<std::int64_t>();
        notice.kind = text(row[2]);
        notice.service = parse_service(text(row[3])).value();  // a CHECK of the table
        notice.state = text(row[4]);
        notice.plan = text(row[5]);
        notice.step = row[6].as<std::size_t>();
        notice.too_late = row[7].as<bool>();
        notice.unanswered_long = !row[8].is_null() && row[8].as<bool>();
        if (!row[9].is_null()) notice.until_escalation = std::chrono::milliseconds(row[9].as<std::int64_t>());
        notice.answered = row[10].as<bool>();
        notice.recipient = {.name = text(row[12]),
                            .language = text(row[11]),
                            .mail = text(row[13]),
                            .phone = text(row[14]),
                            .postal_code = text(row[15]),
                            .postal_address = text(row[16])};
        notice.rule = text(row[17]);
        notice.released = !row[18].is_null() && row[18].as<bool>();
        notice.open_in_step = row[19].as<bool>();
        notice.open_at_all = row[20].as<bool>();
        result.push_back(std::move(notice));
    }
    return result;
}

Planner::Decision Planner::decide(pqxx::work& transaction, const Notice& notice, Time now) const {
    auto decision = Decision::about(notice);
    if (notice.answered || notice.state == "cancelled" || (notice.state == "dead" && !notice.open_at_all))
        return decision;
    if (notice.step == 0) {
        if (notice.too_late) {  // what it says is no longer so
            decision.state = "dead";
            decision.alarm = true;
            return decision;
        }
        if (notice.kind == "released") return begin_release(transaction, notice, now);
        if (notice.released) {  // the notice of the release, which is on its way, says both
            decision.state = "cancelled";
            return decision;
        }
        decision.plan = config::to_string(config::plan_for(settings_, notice.service, notice.rule));
        begin_step(decision, notice, 1, now);
        return decision;
    }
    if (notice.kind == "suspended" && notice.released) {
        if (notice.state == "queued") decision.state = "cancelled";
        return decision;
    }
    if (notice.open_in_step && !notice.unanswered_long) {
        decision.escalate_in = decision.plan_in = notice.until_escalation;
        return decision;
    }
    begin_step(decision, notice, notice.step + 1, now);
    return decision;
}

Planner::Decision Planner::begin_release(pqxx::work& transaction, const Notice& notice, Time now) const {
    auto decision = Decision::about(notice);
    transaction.exec_params(kCancelEarlier, notice.incident_id, notice.notice_id);
    const auto earlier = transaction.exec_params1(kEarlier, notice.incident_id, notice.notice_id);
    if (earlier[0].as<bool>()) {
        decision.plan_in = kSoon;
        return decision;
    }
    transaction.exec_params(kEndEarlier, notice.incident_id, notice.notice_id);
    decision.plan = text(earlier[1]);
    if (decision.plan.empty())
        decision.plan = config::to_string(config::plan_for(settings_, notice.service, notice.rule));
    begin_step(decision, notice, 1, now);
    return decision;
}

// Of a step that nobody can be reached by the next one follows at once. After the last one a notice that has reached
// nobody is dead.
void Planner::begin_step(Decision& decision, const Notice& notice, std::size_t step, Time now) const {
    const auto parsed = config::parse_plan(decision.plan);
    const NoticePlan plan = parsed ? *parsed : NoticePlan{};
    bool begun = false;
    for (; !begun && step <= plan.size(); ++step) {
        std::chrono::milliseconds latest{0};
        for (const auto& name : plan[step - 1]) {
            const Channel* channel = find(name);
            const auto delay = std::chrono::duration_cast<std::chrono::milliseconds>(
                after_quiet_hours(settings_, local_time_, name, now) - now);
            const bool reaches = channel != nullptr && channel->reaches(notice.recipient);
            decision.rows.push_back({name,
                                     reaches              ? ""
                                     : channel == nullptr ? "the channel is not configured"
                                                          : "no usable address of the subscriber is known",
                                     step, delay});
            begun = begun || reaches;
            if (reaches) latest = std::max(latest, delay);
        }
        decision.step = step;
        // A release is told once; only what fails goes another way.
        if (begun && step < plan.size() && notice.kind == "suspended")
            decision.escalate_in = decision.plan_in = latest + settings_.notice_answer;
    }
    if (!begun && !notice.open_at_all) {
        decision.state = "dead";
        decision.alarm = true;
        if (decision.step == 0) decision.plan.clear();
    }
}

void Planner::write(pqxx::work& transaction, const std::vector<Decision>& decisions) const {
    if (decisions.empty()) return;
    std::vector<std::int64_t> of, steps, delays;
    std::vector<std::string> channels, reasons;
    std::vector<std::int64_t> notices, notice_steps, escalations, plans_in;
    std::vector<std::string> states, plans;
    for (const Decision& decision : decisions) {
        notices.push_back(decision.notice_id);
        states.push_back(decision.state);
        plans.push_back(decision.plan);
        notice_steps.push_back(static_cast<std::int64_t>(decision.step));
        escalations.push_back(decision.escalate_in ? decision.escalate_in->count() : -1);
        plans_in.push_back(decision.plan_in ? std::max<std::int64_t>(decision.plan_in->count(), 0) : -1);
        for (const auto& row : decision.rows) {
            of.push_back(decision.notice_id);
            steps.push_back(static_cast<std::int64_t>(row.step));
            channels.push_back(row.channel);
            reasons.push_back(row.reason);
            delays.push_back(row.delay.count());
        }
        if (decision.alarm) raise_alarm("notice_dead", "case " + std::to_string(decision.incident_id), transaction);
    }
    if (!of.empty())
        transaction.exec_params(
            "INSERT INTO guard.delivery (notice_id, step, channel, state, due_at, answer, done_at) "
            "SELECT notice_id, step, channel, CASE reason WHEN '' THEN 'queued' ELSE 'dead' END, "
            "clock_timestamp() + delay * interval '1 ms', nullif(reason, ''), "
            "CASE WHEN reason <> '' THEN clock_timestamp() END "
            "FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[]) "
            "AS x (notice_id, step, channel, reason, delay) ON CONFLICT (notice_id, channel, copy) DO NOTHING",
            in_braces(of), in_braces(steps), in_braces(channels), in_braces(reasons), in_braces(delays));
    transaction.exec_params(
        "UPDATE guard.notice AS n SET state = x.state, plan = nullif(x.plan, ''), step = x.step, "
        "escalate_at = CASE WHEN x.escalate_in > -1 THEN statement_timestamp() + x.escalate_in * interval '1 ms' END, "
        "plan_at = CASE WHEN x.plan_in > -1 THEN statement_timestamp() + x.plan_in * interval '1 ms' END "
        "FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[]) "
        "AS x (notice_id, state, plan, step, escalate_in, plan_in) WHERE n.notice_id = x.notice_id",
        in_braces(notices), in_braces(states), in_braces(plans), in_braces(notice_steps), in_braces(escalations),
        in_braces(plans_in));
}

}  // namespace guard::notifier
