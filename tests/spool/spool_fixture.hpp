// What the suites of the spool share: a directory with writers on it, events to tell apart, and ways to damage a file.
#pragma once

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "event/login_event.hpp"
#include "spool/reader.hpp"
#include "spool/record.hpp"
#include "spool/segment.hpp"
#include "spool/writer.hpp"
#include "tests/support/process.hpp"

namespace guard {

// For messages of the tests.
std::ostream& operator<<(std::ostream& out, const LoginEvent& event);

namespace spool {
std::ostream& operator<<(std::ostream& out, const Position& position);
}

}  // namespace guard

namespace guard::test {

inline constexpr Time kStart{Microseconds{1'772'323'200'000'000}};  // 2026-03-01T00:00:00Z
inline constexpr std::uint64_t kSmallSegment = 64 * 1024;
inline constexpr const char* kFingerprint = "v1,case=lower,realm=keep";

// An event like no other, with kinds, addresses and lengths that change from one to the next.
LoginEvent numbered_event(std::uint64_t number, Time time);
std::uint64_t number_of(const LoginEvent& event);

class SpoolDirectory {
  public:
    explicit SpoolDirectory(const char* name = "spool") : temporary_(name) {}

    [[nodiscard]] const std::filesystem::path& path() const { return temporary_.path(); }
    // Segments of 64 KiB, and a quota that is no limit.
    [[nodiscard]] spool::WriterOptions options() const;
    // Its warnings go to warnings().
    [[nodiscard]] std::unique_ptr<spool::Writer> writer();
    [[nodiscard]] std::unique_ptr<spool::Writer> writer(const spool::WriterOptions& options);
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

    [[nodiscard]] std::vector<std::uint64_t> segments() const { return spool::list_segments(path()); }
    [[nodiscard]] std::filesystem::path file(std::uint64_t segment) const;
    // What a writer that is killed now would leave: the same bytes, and nobody who holds them.
    void leave_abandoned_copies(const SpoolDirectory& of_live_writer) const;

  private:
    TemporaryDirectory temporary_;
    std::vector<std::string> warnings_;
};

// Says so: a test that skips itself in silence tests nothing.
void skip(const char* reason);

// Appends events first, first + 1, ... one every `step`; requires that all of them are taken.
void append(spool::Writer& writer, std::uint64_t first, std::uint64_t count, Time begin, Microseconds step);

std::vector<LoginEvent> read_all(spool::Reader& reader);
std::vector<std::uint64_t> read_numbers(spool::Reader& reader);
std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t count);
std::vector<std::uint64_t> sorted(std::vector<std::uint64_t> values);

std::vector<std::uint8_t> file_bytes(const std::filesystem::path& path);
void overwrite(const std::filesystem::path& path, std::uint64_t offset, std::span<const std::uint8_t> bytes);
void overwrite_with_zeros(const std::filesystem::path& path, std::uint64_t offset, std::size_t count);

// Where the records of a sound segment begin, by their lengths.
std::vector<std::uint64_t> record_offsets(const std::filesystem::path& path);

// Lowers a soft limit of this process (RLIMIT_FSIZE, RLIMIT_NOFILE) until it goes.
class Limit {
  public:
    Limit(int resource, std::uint64_t value);
    ~Limit();
    Limit(const Limit&) = delete;
    Limit& operator=(const Limit&) = delete;

  private:
    const int resource_;
    std::uint64_t before_ = 0;
};

}  // namespace guard::test
