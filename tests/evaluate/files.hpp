// Small hand-made directories for an evaluation: what is in them is worked out by hand in each test.
#pragma once

#include <boost/test/unit_test.hpp>
#include <string>
#include <string_view>

#include "evaluate/truth.hpp"
#include "evaluate/verdict.hpp"
#include "tests/support/process.hpp"

namespace guard::evaluate {

struct Files {
    test::TemporaryDirectory directory{"evaluate"};

    [[nodiscard]] std::filesystem::path path(const std::string& name) const { return directory.path() / name; }
    void write(const std::string& name, const std::string& text) const { test::write_file(path(name), text); }
    // Rows without the first line.
    [[nodiscard]] Truth truth(const std::string& rows) const {
        write("truth.csv", "id,label,attack_start\n" + rows);
        auto truth = Truth::load(path("truth.csv"));
        BOOST_REQUIRE_MESSAGE(truth.has_value(), (truth ? "" : truth.error()));
        return std::move(*truth);
    }
};

// 2026-03-20 at 12:MM:SS UTC.
inline Time at(int minutes, int seconds = 0) {
    return *parse_rfc3339("2026-03-20T12:00:00Z") + std::chrono::minutes{minutes} + std::chrono::seconds{seconds};
}

inline Verdict suspended(const std::string& id, Time found, std::chrono::seconds settled = std::chrono::seconds{0},
                         Service service = Service::pppoe) {
    return {{service, false, id}, Action::suspend, found, found + settled, "pppoe.jump", {}};
}
inline Verdict reviewed(const std::string& id, Time found, Service service = Service::pppoe) {
    return {{service, false, id}, Action::review, found, found, "pppoe.jump", "storm"};
}
inline Verdict blocked(const std::string& source, Time found) {
    return {{Service::smtp_auth, true, source}, Action::block, found, found, "smtp.source", {}};
}

}  // namespace guard::evaluate
