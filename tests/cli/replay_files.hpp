// What the tests of guardctl replay share: files in a directory of their own, the program run in it, a theft as events.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/process.hpp"

namespace guard::test {

inline constexpr const char* kPools = "# made up\n10.1.0.0/16,JP,JP-01,,,,,,bras1\n10.46.0.0/16,JP,JP-46,,,,,,bras2\n";

struct ReplayFiles {
    TemporaryDirectory directory{"replay"};

    std::string path(const std::string& name) const { return (directory.path() / name).string(); }
    void write(const std::string& name, const std::string& text) const { write_file(path(name), text); }
    Result guardctl(std::vector<std::string> arguments, const std::string& input = {}) const {
        ProcessOptions options;
        options.directory = directory.path();
        options.input = input;
        arguments.insert(arguments.begin(), std::string(GUARD_BINARY_DIR) + "/bin/guardctl");
        return run(arguments, options, std::chrono::minutes(2));  // sanitizers are slow
    }
    // With $GUARDCTL and the shell's redirections, which run() has not: standard output and error apart.
    Result shell(const std::string& command) const {
        ProcessOptions options;
        options.directory = directory.path();
        options.env["GUARDCTL"] = std::string(GUARD_BINARY_DIR) + "/bin/guardctl";
        return run({"/bin/sh", "-c", command}, options);
    }
    // One JSON object a line.
    std::vector<nlohmann::json> findings(const std::string& name = "out.jsonl") const {
        std::vector<nlohmann::json> all;
        std::istringstream text(read_file(path(name)));
        for (std::string line; std::getline(text, line);) all.push_back(nlohmann::json::parse(line));
        return all;
    }
};

inline std::string event(const std::string& time, const std::string& kind, const std::string& id,
                         const std::string& address) {
    return R"({"time":")" + time + R"(","service":"pppoe","kind":")" + kind + R"(","id":")" + id + R"(","address":")" +
           address + "\"}\n";
}

// Twenty days at home in Hokkaido; on the twenty-first a session there and, an hour into it, one in Kagoshima.
inline std::string theft(const std::string& id) {
    std::string text;
    for (int day = 1; day <= 21; ++day) {
        const std::string date = "2026-03-" + std::string(day < 10 ? "0" : "") + std::to_string(day);
        text += event(date + "T09:00:00Z", "accept", id, "10.1.0." + std::to_string(day));
        text += event(date + "T10:00:00Z", "alive", id, "10.1.0." + std::to_string(day));
    }
    return text + event("2026-03-21T10:05:00.5Z", "accept", id, "10.46.0.1");
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// An SMTP-AUTH attempt.
inline std::string mail_event(const std::string& time, const std::string& kind, const std::string& id,
                              const std::string& source) {
    return R"({"time":")" + time + R"(","service":"smtp_auth","kind":")" + kind + R"(","id":")" + id +
           R"(","address":")" + source + "\"}\n";
}

// One source fails on 25 IDs within five minutes and hits none.
inline std::string guessing(const std::string& source) {
    std::string text;
    for (int i = 0; i < 25; ++i) {
        const std::string minute = std::to_string(i / 5), second = std::to_string(i % 5 * 12 + 10).substr(0, 2);
        text +=
            mail_event("2026-03-22T03:0" + minute + ":" + second + "Z", "reject", "box" + std::to_string(i), source);
    }
    return text;
}

}  // namespace guard::test
