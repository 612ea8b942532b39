// What reached the detectors beside the events, on disk in the state directory: each control input with its number and
// with the positions of all streams at which it took effect, so that after a restart it takes effect there again. Kept
// as long as the spools (R8), mode 0600. Used by the pipeline's thread. docs/decisions/0014 has the reasons.
//
// A file, "control-NUMBER.journal", is a header of 32 bytes (magic 8, version 4, CRC of the 16 bytes that follow 4,
// number of its first record 8, time it was begun 8) and records: length of the body 4, its CRC 4, body. A body is
// number 8, time 8, count of streams 4, of each name and position, then the input (control_input.hpp). A record that is
// not whole ends its file: the process was killed in it, and nothing rested on it yet. Nothing is appended to a file of
// another process.
#pragma once

#include <chrono>
#include <filesystem>
#include <vector>

#include "analyzer/daemon/control_input.hpp"
#include "analyzer/daemon/event_source.hpp"
#include "event/descriptor.hpp"

namespace guard::daemon {

struct ControlEntry {
    std::uint64_t number = 0;
    Time at{};            // of the wall clock
    Positions positions;  // of all streams; the input comes behind what lies before them
    ControlInput input;
};

class ControlJournal {
  public:
    static constexpr std::chrono::hours kLongest{1};       // that one file is written to
    static constexpr std::uint64_t kLargest = 1ULL << 20;  // bytes, likewise
    static constexpr std::uint64_t kMaxRecord = 64ULL << 20;

    // Reads what is there: take_entries() has it, once, in the order of the numbers. Throws std::system_error when the
    // directory cannot be read.
    explicit ControlJournal(std::filesystem::path state_directory);
    [[nodiscard]] std::vector<ControlEntry> take_entries() { return std::move(entries_); }
    // Of files that end in a record that is not whole or have a damaged header.
    [[nodiscard]] std::size_t damaged() const { return damaged_; }

    // Whether the next record wants a new file: begin() makes it.
    [[nodiscard]] bool wants_new_file(std::chrono::steady_clock::time_point now) const;
    // The first record of it will have a number above `number`. Throws std::system_error.
    void begin(std::uint64_t number, Time now, std::chrono::steady_clock::time_point steady);
    // Returns the number of the record. Throws std::system_error; then nothing of it is there.
    std::uint64_t append(const ControlInput& input, const Positions& positions, Time now);
    // What was appended is on the disk when this returns. Throws std::system_error.
    void sync();
    // Deletes the files of which all records are older than `retention`.
    void keep_term(std::chrono::seconds retention, Time now);

    [[nodiscard]] std::uint64_t last() const { return last_; }
    [[nodiscard]] std::uint64_t bytes() const;

  private:
    struct File {
        std::filesystem::path path;
        Time begun{};
    };
    void read(const std::filesystem::path& path);
    void write(std::span<const std::uint8_t> bytes);

    const std::filesystem::path directory_;
    std::vector<ControlEntry> entries_;
    std::vector<File> files_;  // in the order of their numbers
    std::size_t damaged_ = 0;
    std::uint64_t last_ = 0;  // number of the last record
    Descriptor file_;         // the last of files_, once this process has begun it
    std::chrono::steady_clock::time_point begun_{};
    std::uint64_t end_ = 0;  // of what is whole in it
    bool dirty_ = false, new_name_ = false;
};

}  // namespace guard::daemon
