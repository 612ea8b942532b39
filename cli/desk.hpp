// What a member of staff does with guardctl: cases, breaker, alarms, allow list, blocks, undo, account. One function
// for each subcommand; desk_command_line.cpp turns the command line into these options. Exit codes as in commands.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "cli/commands.hpp"

namespace CLI {
class App;
}

namespace guard::cli {

struct DeskOptions {
    DatabaseOptions database;
    bool json = false, dry_run = false, all = false, replace = false;
    bool mass = false;        // the number is that of a mass event
    std::int64_t number = 0;  // of an incident, alarm, block, request
    std::string service = "pppoe", id, reason;
    std::string channel;                  // password-changed
    std::string state;                    // incidents list
    std::string owner, approved_by;       // allow add
    std::uint32_t days = 90;              // allow add
    std::string rule, version, from, to;  // undo; RFC 3339
    std::uint32_t grace_hours = 2;        // retention check
    std::string known;                    // audit verify
    std::string month, format = "md";     // report transparency
    std::filesystem::path file;           // subscribers import
};

int incidents_list(const DeskOptions& options);
int incidents_show(const DeskOptions& options);
// `verdict`: misuse, ordinary, dismissed.
int incidents_decide(const DeskOptions& options, const char* verdict);

// What many did at once, behind `incidents show` and the verdicts with --mass.
int mass_event_show(const DeskOptions& options);
int mass_event_decide(const DeskOptions& options, const char* verdict);
int password_changed(const DeskOptions& options);  // kNo: nothing was released

int breaker_show(const DeskOptions& options);   // kNo: it is open
int breaker_close(const DeskOptions& options);  // kNo: it was closed already
int alarms_list(const DeskOptions& options);
int alarms_close(const DeskOptions& options);
int dead_letters_list(const DeskOptions& options);

int allow_add(const DeskOptions& options);
int allow_list(const DeskOptions& options);
int allow_remove(const DeskOptions& options);
int blocks_list(const DeskOptions& options);
int blocks_show(const DeskOptions& options);
int blocks_lift(const DeskOptions& options);

int undo_request(const DeskOptions& options);
int undo_approve(const DeskOptions& options);
int undo_list(const DeskOptions& options);

int status(const DeskOptions& options);  // kNo: a person is wanted
int retention_run(const DeskOptions& options);
int retention_check(const DeskOptions& options);  // kNo: something is past its term
int audit_list(const DeskOptions& options);
int audit_verify(const DeskOptions& options);  // kNo: the log and its chain differ

int report_transparency(const DeskOptions& options);
int subscribers_import(const DeskOptions& options);

void add_desk(CLI::App& app, DeskOptions& options, int& result);

}  // namespace guard::cli
