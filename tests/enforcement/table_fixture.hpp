// What the suites of the enforcement table share.
#pragma once

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "enforcement/live_table.hpp"
#include "enforcement/publisher.hpp"
#include "enforcement/table.hpp"
#include "tests/support/process.hpp"

namespace guard::test {

inline constexpr Time kStart{Microseconds{1'772'323'200'000'000}};  // 2026-03-01T00:00:00Z
inline constexpr const char* kFingerprint = "v1,case=lower,realm=keep";
inline constexpr HashKey kKey{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

IpAddress address(const std::string& text);

// A table that suspends these PPPoE IDs and blocks nobody.
enforcement::Table table_of(std::uint64_t generation, const std::vector<std::string>& ids,
                            const char* fingerprint = kFingerprint);

std::vector<std::uint8_t> file_bytes(const std::filesystem::path& path);

// A place for a published table and the module's view of it, with its own time.
class Published {
  public:
    Published() : live_(file(), kFingerprint, [this](const std::string& text) { warnings_.push_back(text); }) {}

    [[nodiscard]] std::filesystem::path file() const { return temporary_.path() / "table"; }
    void publish(std::uint64_t generation, const std::vector<std::string>& ids) const {
        enforcement::publish(table_of(generation, ids), file());
    }
    // Writes over the present file or the one before, not beside it.
    void damage(const std::filesystem::path& path) const;

    [[nodiscard]] enforcement::LiveTable& live() { return live_; }
    // Lets so much time pass, then asks.
    std::shared_ptr<const enforcement::Table> after(Microseconds time);
    // The next look: 20 ms later.
    std::shared_ptr<const enforcement::Table> next() { return after(std::chrono::milliseconds{20}); }
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  private:
    TemporaryDirectory temporary_{"enforcement"};
    std::vector<std::string> warnings_;
    Time now_ = kStart;
    enforcement::LiveTable live_;
};

}  // namespace guard::test
