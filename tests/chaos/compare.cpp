#include "tests/chaos/compare.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace guard::chaos {
namespace {

using namespace std::chrono_literals;

struct Suspended {
    unsigned times = 0, open = 0, incidents = 0, suspending = 0;
    Time first{};
};
using Cases = std::map<Key, Suspended>;

std::string name(const Key& key) {
    return std::string(to_string(key.first)) + ' ' + key.second;
}

Key key_of(const pqxx::row& row) {
    return {parse_service(row[0].c_str()).value(), row[1].c_str()};
}

pqxx::result rows(World& world, const std::string& sql) {
    pqxx::connection connection(world.isp.postgres.connection_string());
    pqxx::nontransaction transaction(connection);
    return transaction.exec(sql);
}

// Rows that must not be, each with what is wrong.
void none(World& world, const std::string& what, const std::string& sql) {
    for (const auto& row : rows(world, sql)) world.violation(what + ": " + row[0].as<std::string>(""));
}

// --- journal

void compare_journal(World& world, Compared& compared) {
    std::vector<LoginEvent> events;
    std::uint64_t dropped = 0, repeated = 0, unusable = 0, torn = 0;
    for (const auto& [service, reader] : world.journal) {
        for (const LoginEvent* event = nullptr; (event = reader->peek()) != nullptr; reader->pop())
            events.push_back(*event);
        const auto written = reader->writers().counters;
        dropped += written.dropped;
        repeated += written.duplicates;
        unusable += written.unusable;
        torn += reader->counters().torn;
    }
    if (unusable != 0) world.violation("the module found messages without a usable ID");
    const Balance balance = world.traffic->call([&] {
        for (const LoginEvent& event : events) world.traffic->ledger().found(event);
        return world.traffic->ledger().settle();
    });
    const std::uint64_t counted = dropped - std::exchange(world.dropped, dropped);
    const std::uint64_t left_out = repeated - std::exchange(world.repeated, repeated);
    if (balance.missing > counted)
        world.violation(std::to_string(balance.missing) + " answered messages are not in the journal, and only " +
                        std::to_string(counted) + " were counted as dropped, " + std::to_string(left_out) +
                        " as repeated");
    if (balance.too_many != 0) world.violation(std::to_string(balance.too_many) + " events that nobody sent");
    if (balance.missing > counted || balance.too_many != 0)
        for (const auto& example : balance.examples) world.violation("   " + example);
    world.lost.insert(balance.incomplete.begin(), balance.incomplete.end());
    compared.round.messages = balance.answered;
    compared.round.missing = balance.missing;
    compared.round.dropped = counted;
    compared.standing.torn = torn;
}

// --- who is suspended

Cases read_cases(World& world) {
    Cases cases;
    for (const auto& row :
         rows(world,
              "SELECT service, convert_from(id, 'UTF8'), count(*), count(*) FILTER (WHERE released_at "
              "IS NULL), (extract(epoch FROM min(suspended_at)) * 1000000)::bigint FROM "
              "guard.suspension GROUP BY 1, 2")) {
        Suspended& found = cases[key_of(row)];
        found.times = row[2].as<unsigned>();
        found.open = row[3].as<unsigned>();
        found.first = Time{Microseconds{row[4].as<std::int64_t>()}};
    }
    // Rejects alone make an incident of their own, one a day.
    for (const auto& row :
         rows(world,
              "SELECT service, convert_from(id, 'UTF8'), count(*) FILTER (WHERE incident_key NOT LIKE "
              "'rejects/%'), count(*) FILTER (WHERE state IN ('suspended', 'released')), count(*) "
              "FILTER (WHERE incident_key LIKE 'rejects/%') FROM guard.incident GROUP BY 1, 2")) {
        Suspended& found = cases[key_of(row)];
        found.incidents = row[2].as<unsigned>();
        found.suspending = row[3].as<unsigned>();
        if (row[4].as<unsigned>() > 1) world.violation("told twice of its rejects: " + name(key_of(row)));
    }
    return cases;
}

void compare_theft(World& world, const Theft& theft, const Suspended& found, bool released,
                   Compared::Standing& compared) {
    const std::string who = name(theft.key()) + " (" + theft.rule() + ")";
    // A guesser's tries are on other IDs: of those, too, none may be missing.
    const bool lost = std::ranges::any_of(theft.steps(), [&](const Step& step) {
        return world.lost.contains({service_of(step.message.what), step.message.id});
    });
    ++compared.thefts;
    if (lost) ++compared.not_judged;
    if (found.times == 0 && !lost) world.violation("a thief was not suspended: " + who);
    if (found.times > 1) world.violation("suspended " + std::to_string(found.times) + " times: " + who);
    if (found.suspending > 1) world.violation("more than one case: " + who);
    if (found.incidents > (theft.releasing() ? 2U : 1U))
        world.violation(std::to_string(found.incidents) + " incidents: " + who);
    if (const auto refused = theft.refused(); refused && (found.times == 0 || *refused < found.first))
        world.violation("refused before it was suspended: " + who);
    if (released && found.open != 0) world.violation("released, and suspended: " + who);
    if (!theft.releasing() && found.times != found.open) world.violation("nobody released it: " + who);
    compared.suspensions += found.times;
    compared.releases += found.times - found.open;
}

void compare_suspensions(World& world, const std::set<Key>& released, Compared::Standing& compared) {
    Cases cases = read_cases(world);
    for (const auto& theft : world.thefts) {
        const auto node = cases.extract(theft->key());
        compare_theft(world, *theft, node ? node.mapped() : Suspended{}, released.contains(theft->key()), compared);
    }
    std::set<std::string> slowly;
    for (const auto& group : world.failovers) {
        if (group->began == Time{}) continue;
        // So slowly that the first had settled before the last came: nobody could have known.
        const bool slow = group->ended - group->began > kSettle * 3 / 4;
        (slow ? compared.moved_slowly : compared.moved) += group->ids.size();
        if (slow) slowly.insert(group->ids.begin(), group->ids.end());
    }
    for (const auto& [key, found] : cases) {
        if (found.times != 0 && !slowly.contains(key.second))
            world.violation(std::string("an innocent was suspended: ") + name(key) +
                            (world.lost.contains(key) ? " (events of it were dropped)" : ""));
        if (found.incidents > 1) world.violation(std::to_string(found.incidents) + " incidents: " + name(key));
    }
    compared.recorded = cases.size();
}

// --- what follows from a suspension

void compare_effects(World& world, Compared::Standing& compared) {
    none(world, "a disconnect that was not carried out",
         "SELECT disconnect_id || ' ' || state || ' ' || coalesce(last_answer, '') FROM guard.disconnect WHERE state "
         "NOT "
         "IN ('acknowledged', 'refused', 'cancelled')");
    none(world, "a session that is disconnected twice",
         "SELECT incident_id || ' ' || host(address) || ' ' || count(*) FROM guard.disconnect GROUP BY incident_id, "
         "address HAVING count(*) > 1");
    none(world, "a suspension without a disconnect",
         "SELECT incident_id FROM guard.suspension AS s WHERE service = 'pppoe' AND NOT EXISTS (SELECT FROM "
         "guard.disconnect AS d WHERE d.incident_id = s.incident_id)");
    std::string asked;
    for (const auto& line : world.isp.nas.requests()) asked += line + ' ';
    for (const auto& row :
         rows(world,
              "SELECT host(address) FROM guard.disconnect WHERE state = 'acknowledged' AND address IS NOT NULL")) {
        ++compared.disconnects;
        // Every session has an address of its own here.
        if (asked.find(std::string(" address=") + row[0].c_str() + ' ') == asked.npos)
            world.violation(std::string("the NAS was never asked to end the session at ") + row[0].c_str());
    }
    for (const auto& row : rows(world, "SELECT host(source), count(*) FROM guard.block GROUP BY 1")) {
        ++compared.blocks;
        if (!world.guessers.contains(row[0].c_str()))
            world.violation(std::string("a source that does not guess was blocked: ") + row[0].c_str());
    }
    none(world, "a source that is blocked twice at a time",
         "SELECT host(a.source) FROM guard.block AS a JOIN guard.block AS b ON a.source = b.source AND a.block_id < "
         "b.block_id AND a.started_at < b.expires_at AND b.started_at < a.expires_at AND a.enforced AND b.enforced");
    none(world, "an alarm",
         std::string("SELECT kind || ': ' || detail FROM guard.alarm") +
             (world.password_unseen ? " WHERE detail !~ 'changed unseen'" : ""));
    none(world, "the audit log", "SELECT fault FROM guard.verify_audit() WHERE fault <> ''");
}

std::string header(const std::string& mail, const std::string& name, const std::string& end) {
    const auto at = mail.find(name);
    if (at == mail.npos) return {};
    const auto from = at + name.size();
    return mail.substr(from, mail.find(end, from) - from);
}

void compare_notices(World& world, Compared::Standing& compared) {
    // What has not gone when the suspension ends does not go: the notice of the release says both.
    none(world, "a suspension without its one notice",
         "SELECT s.incident_id || ' ' || count(n.notice_id) FROM guard.suspension AS s LEFT JOIN guard.notice AS n ON "
         "n.incident_id = s.incident_id AND n.kind = 'suspended' AND (n.state = 'sent' OR n.state = 'cancelled' AND "
         "s.released_at IS NOT NULL) GROUP BY s.suspension_id HAVING count(n.notice_id) <> 1");
    none(world, "a release without its one notice",
         "SELECT s.incident_id || ' ' || count(n.notice_id) FROM guard.suspension AS s LEFT JOIN guard.notice AS n ON "
         "n.incident_id = s.incident_id AND n.kind = 'released' AND n.state = 'sent' WHERE s.released_at IS NOT NULL "
         "GROUP BY s.suspension_id HAVING count(n.notice_id) <> 1");
    none(world, "a notice for nothing",
         "SELECT notice_id || ' ' || kind || ' ' || state FROM guard.notice AS n WHERE NOT EXISTS (SELECT FROM "
         "guard.suspension AS s WHERE s.incident_id = n.incident_id)");
    const auto deliveries = rows(world,
                                 "SELECT d.message_id, d.state, d.maybe_twice, n.state FROM guard.delivery AS d JOIN "
                                 "guard.notice AS n USING (notice_id)");
    const auto accepted = std::ranges::count_if(
        deliveries, [](const auto& row) { return std::string_view(row[1].c_str()) == "accepted"; });
    // exim's own number tells two mails from one that exim, killed in the middle of it, has stored twice.
    std::map<std::string, std::set<std::string>> copies;
    const auto collect = [&] {
        copies.clear();
        for (const auto& mail : world.isp.mail.messages())
            copies[header(mail, "\nMessage-ID: ", "\n")].insert(header(mail, "\tid ", ";"));
        return std::ssize(copies) >= accepted;
    };
    (void)test::wait_until(collect, 30s);
    for (const auto& row : deliveries) {
        const std::string id = row[0].c_str(), state = row[1].c_str(), notice = row[3].c_str();
        const auto node = copies.extract(id);
        const std::size_t mails = node ? node.mapped().size() : 0, due = state == "accepted" ? 1 : 0;
        if (state != "accepted" && !(state == "cancelled" && notice == "cancelled"))
            world.violation("a delivery is " + state + ", its notice " + notice + ": " + id);
        if (mails < due) world.violation("nobody has the mail " + id);
        if (mails > due + row[2].as<std::size_t>())
            world.violation(std::to_string(mails) + " copies of a mail, counted as perhaps twice: " + row[2].c_str() +
                            ' ' + id);
        if (mails != 0) ++compared.mails;
        if (mails > 1) compared.again += mails - 1;
    }
    for (const auto& [id, mails] : copies) world.violation("a mail that nobody queued: " + id);
}

// --- who gets in

// One login of each thief, and of nobody else: what innocents get is seen all the time. Of mailboxes few: that their
// owners are refused looks like an outage of the mail system if it is many.
void try_all(World& world, Compared::Round& compared) {
    constexpr unsigned kMailboxes = 4;
    const Cases cases = read_cases(world);
    std::atomic<unsigned> waiting{0};
    unsigned mailboxes = 0;
    world.traffic->call([&] {
        for (auto theft = world.thefts.rbegin(); theft != world.thefts.rend(); ++theft) {
            if ((*theft)->key().first == Service::smtp_auth && ++mailboxes > kMailboxes) continue;
            const auto found = cases.find((*theft)->key());
            const bool refused = found != cases.end() && found->second.open != 0;
            ++(refused ? compared.refused : compared.accepted);
            ++waiting;
            world.traffic->add(std::make_shared<Errand>(std::vector<Step>{{(*theft)->probe()}}, !refused,
                                                        [&waiting](const Answer&) { --waiting; }),
                               0ms);
        }
    });
    if (!test::wait_until([&] { return waiting == 0; }, 30s)) throw std::runtime_error("logins without an answer");
}

void compare_answers(World& world) {
    constexpr auto kGrace = 2s;  // a queue to be worked off
    auto [violations, slow] = world.traffic->call([&] {
        return std::pair{world.traffic->ledger().take_violations(), world.traffic->ledger().take_slow()};
    });
    for (const auto& text : violations) world.violation(text);
    for (const Answer& answer : slow)
        if (std::ranges::none_of(world.radius_away, [&](const auto& away) {
                return answer.sent < away.second.value_or(Time::max() - kGrace) + kGrace &&
                       away.first < answer.answered;
            }))
            world.violation("a login had no answer for " + std::to_string(answer.took / 1ms) +
                            " ms while radiusd was there");
}

}  // namespace

Compared compare(World& world, const std::set<Key>& released) {
    Compared compared;
    compare_journal(world, compared);
    compare_suspensions(world, released, compared.standing);
    compare_effects(world, compared.standing);
    compare_notices(world, compared.standing);
    try_all(world, compared.round);
    compare_answers(world);
    return compared;
}

}  // namespace guard::chaos
