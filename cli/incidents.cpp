#include <map>
#include <nlohmann/json.hpp>
#include <pqxx/binarystring>

#include "cli/case_file.hpp"
#include "cli/database.hpp"
#include "cli/desk.hpp"
#include "cli/rows.hpp"

namespace guard::cli {
namespace {

using nlohmann::ordered_json;

int say_unknown(const DeskOptions& options) {
    fmt::print(stderr, "there is no incident {}\n", options.number);
    return kNo;
}

void print_line(const char* title, const std::string& text) {
    if (!text.empty()) fmt::print("{:14}{}\n", title, text);
}

std::string time_of(const pqxx::field& field) {
    return field.is_null() ? std::string() : short_time(field.c_str());
}

void print_head(const pqxx::row& head) {
    print_line("incident", head["incident_id"].c_str());
    print_line("ID", fmt::format("{} ({})", head["id"].c_str(), head["service"].c_str()));
    print_line("state", head["state"].c_str());
    print_line("opened", time_of(head["opened_at"]));
    if (!head["suspended_at"].is_null())
        print_line("suspended", fmt::format("{} by rule {}", time_of(head["suspended_at"]), head["rule"].c_str()));
    if (!head["released_at"].is_null())
        print_line("released", fmt::format("{} by {}: {}", time_of(head["released_at"]), head["released_by"].c_str(),
                                           head["release_reason"].c_str()));
    if (head["outcome"].is_null())
        print_line("decide by", time_of(head["due_at"]));
    else
        print_line("verdict", fmt::format("{}, {} by {}: {}", head["outcome"].c_str(), time_of(head["decided_at"]),
                                          head["decided_by"].c_str(), head["decision_reason"].c_str()));
}

// What decide_incident answers, for people; and whether something was decided.
struct Answer {
    const char* text;
    bool decided;
};
const std::map<std::string, Answer>& answers() {
    static const std::map<std::string, Answer> all{
        {"suspended", {"misuse confirmed; the ID is suspended and the subscriber is told", true}},
        {"suspended already", {"misuse confirmed; the ID was suspended already", true}},
        {"observed", {"misuse confirmed; nothing is suspended, because the rule runs in mode observe", true}},
        {"confirmed", {"misuse confirmed", true}},
        {"released", {"closed; the suspension is ended and the subscriber is told", true}},
        {"closed", {"closed", true}},
        {"decided", {"was decided before", false}},
        {"allowed", {"the ID is on the allow list: nothing was done", false}},
    };
    return all;
}

}  // namespace

int incidents_list(const DeskOptions& options) {
    return with_database(
        options.database, "incidents list", [&](const config::Settings&, pqxx::connection& connection) {
            pqxx::read_transaction transaction(connection);
            // What waits with many others is one row, that of its mass event.
            const auto rows = transaction.exec_params(
                "SELECT incident_id AS incident, mass_event AS mass, 1::bigint AS cases, state, rule, grade, "
                "CASE WHEN waiting AND about = 'passwords' THEN about ELSE why END AS why, service, opened_at AS "
                "opened, due_at AS due, overdue, outcome, decided_by FROM guard.incidents WHERE CASE $1 WHEN 'all' "
                "THEN true WHEN 'overdue' THEN overdue AND mass_event IS NULL WHEN 'review' THEN waiting AND "
                "mass_event "
                "IS NULL ELSE state = $1 END UNION ALL SELECT NULL, mass_event_id, waiting, 'review', regions, NULL, "
                "'storm', service, first_at, due_at, overdue, NULL, NULL FROM guard.mass_events WHERE waiting > 0 AND "
                "CASE $1 WHEN 'review' THEN true WHEN 'overdue' THEN overdue ELSE false END "
                "ORDER BY due NULLS LAST, incident, mass",
                options.state);
            print_rows(rows, options.json);
            std::int64_t cases = 0;
            for (const auto& row : rows) cases += row["cases"].as<std::int64_t>();
            if (!options.json) fmt::print("{} incidents\n", cases);
            return kDone;
        });
}

int incidents_show(const DeskOptions& options) {
    if (options.mass) return mass_event_show(options);
    return with_database(options.database, "incidents show",
                         [&](const config::Settings&, pqxx::connection& connection) {
                             const CaseFile file = open_case(connection, options.number, options.reason);
                             if (file.head.empty()) return say_unknown(options);
                             if (options.json) {
                                 auto object = to_json(file.head[0]);
                                 add_case(file, object);
                                 fmt::print("{}\n", to_line(object));
                             } else {
                                 print_head(file.head[0]);
                                 print_case(file);
                             }
                             return kDone;
                         });
}

int incidents_decide(const DeskOptions& options, const char* verdict) {
    if (options.mass) return mass_event_decide(options, verdict);
    return with_database(options.database, "incidents", [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::work transaction(connection);
        const std::string result =
            transaction
                .exec_params1("SELECT guard.decide_incident($1, $2, $3)", options.number, verdict, options.reason)[0]
                .c_str();
        transaction.commit();
        const auto found = answers().find(result);
        if (found == answers().end()) return say_unknown(options);
        return answer(options.json, found->second.decided, {{"incident", options.number}, {"result", result}},
                      fmt::format("incident {}: {}", options.number, found->second.text));
    });
}

}  // namespace guard::cli
