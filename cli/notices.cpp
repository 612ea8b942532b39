// guardctl notices, the part that talks to the database alone.
#include <fcntl.h>
#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>

#include "cli/case_file.hpp"
#include "cli/database.hpp"
#include "event/descriptor.hpp"
#include "notifier/bounce.hpp"

namespace guard::cli {
namespace {

using nlohmann::ordered_json;

constexpr int kTryAgain = 75;  // EX_TEMPFAIL of sysexits.h, which mail servers know

std::string dump(const pqxx::row& row) {
    ordered_json object;
    for (const auto& field : row) object[field.name()] = field.is_null() ? ordered_json() : ordered_json(field.c_str());
    return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string shown(const pqxx::field& field) {
    return field.is_null() ? "-" : field.c_str();
}

int print_notices(const NoticesOptions& options, const char* name, const std::string& condition) {
    return with_database(options.database, name, [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::read_transaction transaction(connection);
        const auto rows = transaction.exec_params(
            "SELECT incident_id AS \"case\", to_char(created_at, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS created_at, "
            "service, kind, CASE WHEN answered_at IS NULL THEN state ELSE 'answered' END AS state, plan, step, "
            "deliveries, maybe_twice FROM guard.notices WHERE " +
                condition + " ORDER BY notice_id DESC LIMIT $1",
            options.limit);
        if (!options.json && !rows.empty())
            fmt::print("{:>8}  {:20}  {:9}  {:9}  {:9}  {}\n", "CASE", "SINCE", "SERVICE", "KIND", "STATE",
                       "DELIVERIES");
        for (const auto& row : rows) {
            if (options.json)
                fmt::print("{}\n", dump(row));
            else
                fmt::print("{:>8}  {:20}  {:9}  {:9}  {:9}  {}{}\n", row[0].c_str(), row[1].c_str(), row[2].c_str(),
                           row[3].c_str(), row[4].c_str(), shown(row["deliveries"]),
                           row["maybe_twice"].as<int>() > 0 ? " (perhaps twice)" : "");
        }
        if (!options.json) fmt::print("{} notices\n", rows.size());
        return kDone;
    });
}

// One of the desk's functions of a case and a reason. `nothing`: what is said when it had nothing to do.
int call(const NoticesOptions& options, const char* name, const std::string& query, const std::string& done,
         const char* nothing) {
    return with_database(options.database, name, [&](const config::Settings&, pqxx::connection& connection) {
        pqxx::work transaction(connection);
        const bool any = transaction
                             .exec_params1(query, options.number, options.reason,
                                           options.channel.empty() ? nullptr : options.channel.c_str())[0]
                             .as<bool>();
        transaction.commit();
        fmt::print(stderr, "case {}: {}\n", options.number, any ? done : nothing);
        return any ? kDone : kNo;
    });
}

// A little more than is read as a bounce is enough to see that it is too long.
std::string text_of(int file) {
    std::string text;
    char buffer[65536];
    ssize_t count = 0;
    while (text.size() <= notifier::kMaxBounce && (count = read(file, buffer, sizeof buffer)) > 0)
        text.append(buffer, static_cast<std::size_t>(count));
    return text;
}

// "bounced", "noted", "already", or "unknown": not one of our mails.
std::string record(pqxx::connection& connection, const notifier::Bounce& bounce) {
    const bool failed = bounce.permanent && bounce.action == notifier::Bounce::Action::failed;
    pqxx::work transaction(connection);
    const auto row =
        transaction.exec_params1("SELECT guard.record_bounce($1, $2, $3)", bounce.message_id, bounce.status, failed);
    transaction.commit();
    return row[0].as<std::string>();
}

int record_bounce(const NoticesOptions& options, const notifier::Bounce& bounce) {
    return with_database(options.database, "notices bounce",
                         [&](const config::Settings&, pqxx::connection& connection) {
                             const auto outcome = record(connection, bounce);
                             fmt::print(stderr, "status {}: {}\n", bounce.status,
                                        outcome == "bounced"   ? "recorded; the next step of the plan begins"
                                        : outcome == "noted"   ? "not for good; nothing changes"
                                        : outcome == "already" ? "known already"
                                                               : "not one of our mails");
                             return outcome == "unknown" ? kNo : kDone;
                         });
}

// What has been dealt with goes from new/ to cur/, marked as seen; what a missing database leaves is there next time.
int record_maildir(const NoticesOptions& options) {
    namespace fs = std::filesystem;
    return with_database(
        options.database, "notices bounce", [&](const config::Settings&, pqxx::connection& connection) {
            std::map<std::string, int> outcomes;
            std::vector<fs::path> messages;
            for (const auto& entry : fs::directory_iterator(options.maildir / "new"))
                if (entry.is_regular_file()) messages.push_back(entry.path());
            for (const auto& message : messages) {
                const Descriptor file(open(message.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
                if (!file)
                    throw fs::filesystem_error("cannot be read", message,
                                               std::error_code(errno, std::generic_category()));
                const auto bounce = notifier::parse_bounce(text_of(file.get()));
                ++outcomes[bounce ? record(connection, *bounce) : "unknown"];
                fs::rename(message, options.maildir / "cur" / (message.filename().string() + ":2,S"));
            }
            fmt::print(stderr, "{} messages: {} recorded, {} not for good, {} known already, {} of no mail of ours\n",
                       messages.size(), outcomes["bounced"], outcomes["noted"], outcomes["already"],
                       outcomes["unknown"]);
            return kDone;
        });
}

}  // namespace

int notices_list(const NoticesOptions& options) {
    return print_notices(options, "notices list", options.state.empty() ? "true" : "state = '" + options.state + "'");
}

int notices_dead_letters(const NoticesOptions& options) {
    return print_notices(options, "notices dead-letters", "failed > 0 OR state = 'dead'");
}

int notices_show(const NoticesOptions& options) {
    return with_database(options.database, "notices show", [&](const config::Settings&, pqxx::connection& connection) {
        const std::string ticket = open_ticket(connection, "guard.evidence_open", options.number, options.reason);
        pqxx::work transaction(connection);
        const auto rows = transaction.exec_params("SELECT * FROM guard.notices_read($1::uuid)", ticket);
        std::string last;
        for (const auto& row : rows) {
            if (options.json) {
                fmt::print("{}\n", dump(row));
                continue;
            }
            if (last != row["notice_id"].c_str())
                fmt::print("notice {} of case {}: {}, plan {}\n", row["notice_id"].c_str(), options.number,
                           row["kind"].c_str(), shown(row["plan"]));
            last = row["notice_id"].c_str();
            if (row["channel"].is_null()) {
                fmt::print("  {}\n", row["state"].c_str());
                continue;
            }
            fmt::print("  step {}  {:10}  {:9}  {}  tries {}{}\n", row["step"].c_str(), row["channel"].c_str(),
                       row["state"].c_str(), shown(row["recipient_masked"]), row["tries"].c_str(),
                       row["maybe_twice"].as<int>() > 0 ? ", perhaps twice" : "");
            for (const auto* column :
                 {"accepted_at", "bounced_at", "answered_at", "done_at", "due_at", "answer", "message_id"})
                if (!row[column].is_null() &&
                    (std::string(column) != "due_at" || row["state"].c_str() == std::string("queued")))
                    fmt::print("      {:11} {}\n", column, row[column].c_str());
        }
        if (rows.empty()) fmt::print(stderr, "case {}: there is no notice\n", options.number);
        return rows.empty() ? kNo : kDone;
    });
}

int notices_resend(const NoticesOptions& options) {
    return call(options, "notices resend", "SELECT guard.resend_notice($1, $3, $2) > 0", "on its way again",
                "there is nothing to send again, or it is on its way");
}

int notices_cancel(const NoticesOptions& options) {
    return call(options, "notices cancel", "SELECT guard.cancel_notice($1, $2) > 0 AND $3::text IS NULL",
                "what had not gone does not go", "there was nothing left to go");
}

int notices_answered(const NoticesOptions& options) {
    return call(options, "notices answered", "SELECT guard.notice_answered($1, $2) AND $3::text IS NULL",
                "nothing more goes out", "there was nothing left to go");
}

int notices_bounce(const NoticesOptions& options) {
    if (!options.maildir.empty()) return record_maildir(options);
    const auto bounce = notifier::parse_bounce(text_of(STDIN_FILENO));
    if (!bounce) fmt::print(stderr, "guardctl notices bounce: {}\n", notifier::to_string(bounce.error()));
    const int result = bounce ? record_bounce(options, *bounce) : kNo;
    if (!options.pipe) return result;
    return result == kCouldNotRun ? kTryAgain : kDone;
}

}  // namespace guard::cli
