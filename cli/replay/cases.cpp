#include "cli/replay/cases.hpp"

#include <pqxx/binarystring>
#include <pqxx/pqxx>

#include "cli/case_file.hpp"
#include "cli/replay/could_not_run.hpp"
#include "sql/connection.hpp"

namespace guard::cli {
namespace {

constexpr std::size_t kAtOnce = 500;

// Runs what needs the database; what goes wrong there is not the log's fault and says so.
template <class Work>
auto in_database(Work work) {
    try {
        return work();
    } catch (const pqxx::sql_error& error) {
        throw CouldNotRun{fmt::format("the database refused: {}", error.what())};
    } catch (const pqxx::failure& error) {
        throw CouldNotRun{fmt::format("the database could not be used: {}", error.what())};
    }
}

void check_normalisation(pqxx::connection& connection, const IdNormalisation& identity) {
    pqxx::read_transaction transaction(connection);
    const auto row = transaction.exec1("SELECT guard.setting_of('id.case'), guard.setting_of('id.realm')");
    const bool lower = identity.letter_case == IdNormalisation::Case::lower,
               strip = identity.realm == IdNormalisation::Realm::strip;
    if ((row[0].as<std::string>() == "lower") != lower || (row[1].as<std::string>() == "strip") != strip)
        throw CouldNotRun{fmt::format("found case={}, realm={} in the database, expected what [identity] says: {}",
                                      row[0].c_str(), row[1].c_str(), identity.fingerprint())};
}

// A person sees a record only where there is a finding (R7): that of the case, and no other.
void check_explained(pqxx::connection& connection, const CaseFile& file, const std::string& typed,
                     const IdNormalisation& identity) {
    pqxx::read_transaction transaction(connection);
    const auto escaped =
        transaction.exec_params1("SELECT encode($1, 'escape')", pqxx::binarystring(identity(typed).value_or("")));
    if (escaped[0].as<std::string>() != file.head[0]["id"].as<std::string>())
        throw CouldNotRun{"--explain: found another ID than that of the case, expected that one"};
}

}  // namespace

void account_for_reading(const ReplayOptions& options, const config::Settings& settings) {
    if (!options.shows_events()) return;
    if (settings.database.empty()) {
        if (options.incident)
            throw CouldNotRun{"found --case without a database, expected one in --config or --database"};
        return;
    }
    const char* const what = options.events.empty() ? "--explain"
                             : !options.explain     ? "--events"
                                                    : "--events, --explain";
    if (!options.incident)
        throw CouldNotRun{
            fmt::format("{} shows single communications, and a database is configured: expected --case N "
                        "and --reason TEXT, which are recorded",
                        what)};
    in_database([&] {
        const auto connection = sql::connect(settings, "guardctl replay");
        const CaseFile file =
            open_case(*connection, *options.incident, fmt::format("guardctl replay {}: {}", what, options.reason));
        if (file.head.empty())
            throw CouldNotRun{
                fmt::format("--case: found no case {}, expected one that is recorded", *options.incident)};
        if (options.explain) check_explained(*connection, file, *options.explain, settings.identity);
    });
}

Cases::Cases(const config::Settings& settings) {
    if (settings.database.empty())
        throw CouldNotRun{"--into-cases: found no database, expected one in --config or --database"};
    in_database([&] {
        connection_ = sql::connect(settings, "guardctl replay");
        check_normalisation(*connection_, settings.identity);
    });
}

void Cases::add(const detection::Decision& decision) {
    waiting_.push_back(decision);
    if (waiting_.size() >= kAtOnce) finish();
}

void Cases::finish() {
    in_database([this] {
        const daemon::RecordedPast past = daemon::record_past(*connection_, waiting_);
        recorded_.findings += past.findings;
        recorded_.known += past.known;
        recorded_.sources += past.sources;
    });
    waiting_.clear();
}

}  // namespace guard::cli
