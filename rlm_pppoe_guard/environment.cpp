// What is wrong with the paths of the configuration, for "freeradius -C" and for the start of the server.
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>

#include "enforcement/table.hpp"
#include "event/file.hpp"
#include "event/identity.hpp"
#include "rlm_pppoe_guard/guard_core.h"

namespace {

using Report = std::function<void(const std::string&)>;

constexpr std::uint64_t kMaxTableBytes = 1 << 30;  // more than any table takes
constexpr const char* kEventsLost = "; events are dropped until this is mended";
constexpr const char* kNobodyRefused = "; until this is mended, a server that starts refuses nobody";

std::string reason(int error) {
    return std::generic_category().message(error);
}

// The user whose rights decide: radiusd gives up root before it loads its modules, and keeps it only as its real ID.
std::string user() {
    const uid_t uid = geteuid();
    passwd entry{}, *found = nullptr;
    std::array<char, 4096> buffer{};
    const std::string number = "uid " + std::to_string(uid);
    if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return "user " + number;
    return "user " + std::string(found->pw_name) + " (" + number + ")";
}

// With the effective IDs, which access() would not use.
bool allowed(const std::filesystem::path& path, int mode) {
    return faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) == 0;
}

// False with the fault told when it is not a directory that can be looked at.
bool is_directory(const std::filesystem::path& path, struct stat& status, const char* outcome, const Report& report) {
    if (stat(path.c_str(), &status) != 0) {
        const int error = errno;
        report("\"" + path.string() + "\": " + reason(error) + " (" + user() + ")" + outcome);
        return false;
    }
    if (S_ISDIR(status.st_mode)) return true;
    report("\"" + path.string() + "\" is not a directory" + outcome);
    return false;
}

void inspect_spool(const std::filesystem::path& directory, const Report& report) {
    struct stat status {};
    if (!is_directory(directory, status, kEventsLost, report)) return;
    if (!allowed(directory, R_OK | W_OK | X_OK))
        report("\"" + directory.string() + "\" is not writable, readable and searchable by the " + user() +
               kEventsLost);
    if ((status.st_mode & 007) != 0)
        report("\"" + directory.string() + "\" is open to every user of this machine, and tells who logged in from " +
               "where; take it away from them (chmod o-rwx)");
}

// As in the module's options; the analyzer's must be the same.
std::string fingerprint(const guard_options_t& options) {
    using guard::IdNormalisation;
    return IdNormalisation{options.keep_case ? IdNormalisation::Case::keep : IdNormalisation::Case::lower,
                           options.strip_realm ? IdNormalisation::Realm::strip : IdNormalisation::Realm::keep}
        .fingerprint();
}

void inspect_table(const std::filesystem::path& file, const std::string& id_fingerprint, const Report& report) {
    struct stat status {};
    const auto directory = file.parent_path();
    if (!is_directory(directory, status, kNobodyRefused, report)) return;
    if (!allowed(directory, X_OK)) {
        report("\"" + directory.string() + "\" is not searchable by the " + user() + kNobodyRefused);
        return;
    }
    const std::string name = "\"" + file.string() + "\"";
    if (stat(file.c_str(), &status) != 0) {
        if (const int error = errno; error != ENOENT) report(name + ": " + reason(error) + kNobodyRefused);
        return;
    }
    // Before it is opened: to open a pipe would wait for its other end.
    if (!S_ISREG(status.st_mode)) {
        report(name + " is not a regular file" + kNobodyRefused);
        return;
    }
    if (!allowed(file, R_OK)) {
        report(name + " is not readable by the " + user() + kNobodyRefused);
        return;
    }
    const auto table = guard::enforcement::Table::from_bytes(guard::read_file(file, kMaxTableBytes));
    if (!table)
        report(name + " is damaged: " + table.error() + "; the one before it is used, or nobody is refused");
    else if (table->id_fingerprint() != id_fingerprint)
        report(name + " is for IDs normalised as \"" + table->id_fingerprint() + "\", here they are as \"" +
               id_fingerprint + "\": case and realm must be those of the analyzer" + kNobodyRefused);
}

}  // namespace

extern "C" void guard_inspect_path(const guard_options_t* options, guard_path_t path,
                                   void (*report)(void* context, guard_path_t path, const char* text), void* context) {
    const auto tell = [&](const std::string& text) { report(context, path, text.c_str()); };
    try {
        if (path == GUARD_PATH_SPOOL)
            inspect_spool(options->spool_directory, tell);
        else
            inspect_table(options->table, fingerprint(*options), tell);
    } catch (const std::exception& error) {
        report(context, path, error.what());
    } catch (...) {
        report(context, path, "cannot be looked at");
    }
}
