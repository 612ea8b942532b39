#include "sql/database_link.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "sql/connection.hpp"

namespace guard::sql {
namespace {

// A statement that waits longer is given up by the server itself, a lock sooner. Connecting must end within the time
// that the program has for ending.
constexpr Wants kWants{std::chrono::seconds{3}, std::chrono::seconds{60}, std::chrono::seconds{10}, true};

}  // namespace

DatabaseLink::DatabaseLink(const config::Settings& settings, std::string program)
    : settings_(settings), program_(std::move(program)) {}

pqxx::connection& DatabaseLink::get() {
    if (connection_) return *connection_;
    {
        const std::lock_guard lock(mutex_);
        if (ended_) throw pqxx::broken_connection("the program ends");
    }
    try {
        connection_ = connect(settings_, program_, kWants);
    } catch (const pqxx::failure&) {
        throw;
    } catch (const std::runtime_error& error) {
        throw pqxx::broken_connection(error.what());  // the password file: somebody may be about to put it right
    }
    // By itself libpqxx would connect anew, to a socket that nobody here knows. Deprecated for what comes in libpqxx 7,
    // where nothing reconnects any more.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection_->inhibit_reactivation(true);
#pragma GCC diagnostic pop
    ++count_;
    const std::lock_guard lock(mutex_);
    socket_ = connection_->sock();
    if (ended_) cut();
    return *connection_;
}

void DatabaseLink::drop() {
    {
        const std::lock_guard lock(mutex_);
        socket_ = -1;
    }
    connection_.reset();
}

// Not closed: the number would go to somebody else while libpq still has it.
void DatabaseLink::cut() {
    if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

void DatabaseLink::cut_for_good() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    cut();
}

void DatabaseLink::cut_if_hung() {
    const std::lock_guard lock(mutex_);
    if (until_ && std::chrono::steady_clock::now() >= *until_) cut();
}

void DatabaseLink::hurry(std::chrono::milliseconds longest) {
    const std::lock_guard lock(mutex_);
    longest_ = longest;
    if (until_) until_ = std::min(*until_, std::chrono::steady_clock::now() + longest);
}

DatabaseLink::Use::Use(DatabaseLink& link, std::chrono::milliseconds longest) : link_(link) {
    const std::lock_guard lock(link_.mutex_);
    link_.until_ = std::chrono::steady_clock::now() + std::min(longest, link_.longest_);
}

DatabaseLink::Use::~Use() {
    const std::lock_guard lock(link_.mutex_);
    link_.until_.reset();
}

std::string sqlstate_of(const pqxx::sql_error& error) {
    if (!error.sqlstate().empty()) return error.sqlstate();
    const auto is = [&error]<class Type>(const Type*) { return dynamic_cast<const Type*>(&error) != nullptr; };
    // What derives from another stands before it.
    if (is(static_cast<pqxx::data_exception*>(nullptr))) return "22000";
    if (is(static_cast<pqxx::unique_violation*>(nullptr))) return "23505";
    if (is(static_cast<pqxx::integrity_constraint_violation*>(nullptr))) return "23000";
    if (is(static_cast<pqxx::undefined_table*>(nullptr))) return "42P01";
    if (is(static_cast<pqxx::undefined_function*>(nullptr))) return "42883";
    if (is(static_cast<pqxx::undefined_column*>(nullptr))) return "42703";
    if (is(static_cast<pqxx::syntax_error*>(nullptr))) return "42601";
    if (is(static_cast<pqxx::insufficient_privilege*>(nullptr))) return "42501";
    if (is(static_cast<pqxx::feature_not_supported*>(nullptr))) return "0A000";
    if (is(static_cast<pqxx::insufficient_resources*>(nullptr))) return "53000";
    if (is(static_cast<pqxx::plpgsql_error*>(nullptr))) return "P0001";
    return {};
}

Trouble trouble_of(const pqxx::sql_error& error) {
    const std::string state = sqlstate_of(error);
    const std::string_view kind = std::string_view(state).substr(0, 2);
    if (kind == "22" || kind == "23") return Trouble::data;
    // Connection, a server that only reads, rolled back, resources, in use, operator, the system; and what has no
    // state.
    constexpr std::array<std::string_view, 8> kPassing{"08", "25", "40", "53", "55", "57", "58", ""};
    return std::ranges::find(kPassing, kind) != kPassing.end() ? Trouble::passing : Trouble::ours;
}

}  // namespace guard::sql
