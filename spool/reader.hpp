// Reads the events of one spool directory in the order of their times, as far as they are there; goes on at a position it
// gave before. Used by the analyzer, from one thread. Never waits, never stops at damage: what cannot be read is counted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "event/login_event.hpp"
#include "spool/segment.hpp"

namespace guard::spool {

// How far a spool was read: of each segment that is not done, the offset of the next record.
struct Position {
    std::uint64_t done_through = 0;                     // all segments up to this number are done
    std::map<std::uint64_t, std::uint64_t> offsets;     // above it; kDone: done, while an older one is not

    static constexpr std::uint64_t kDone = ~std::uint64_t{0};
    // "1772323261169230 1772323261169231:8192 1772323261169232:done"
    [[nodiscard]] std::string to_string() const;
    [[nodiscard]] static std::optional<Position> parse(std::string_view text);
    friend bool operator==(const Position&, const Position&) = default;
};

struct ReaderCounters {
    std::uint64_t read = 0;
    std::uint64_t torn = 0;              // places where a crash or a failed write left no whole record
    std::uint64_t malformed = 0;         // sound records that are no valid event
    std::uint64_t unreadable = 0;        // segments with a damaged header or of another format version
    std::uint64_t deleted_unread = 0;    // segments that went before they were read to their end
};

struct WriterState {
    Counters counters;           // summed over the writers
    std::string id_fingerprint;  // of the newest segment, empty when there is none; must be that of the analyzer
};

class Reader {
  public:
    explicit Reader(std::filesystem::path directory, Position from = {});
    ~Reader();
    Reader(Reader&&) noexcept;

    // The earliest event that can be read now, or null. Valid until the next call of peek() or pop().
    [[nodiscard]] const LoginEvent* peek();
    // Passes over the event peek() returned.
    void pop();
    // Behind the last event that was passed over.
    [[nodiscard]] Position position() const;

    [[nodiscard]] const ReaderCounters& counters() const { return counters_; }
    // From the headers of the segments that exist now; reads all of them.
    [[nodiscard]] WriterState writers() const;
    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  private:
    class SegmentCursor;

    void look_for_segments();
    void finish(std::uint64_t number);

    std::filesystem::path directory_;
    Position position_;
    std::map<std::uint64_t, std::unique_ptr<SegmentCursor>> cursors_;
    SegmentCursor* front_ = nullptr;  // whose event peek() returned
    ReaderCounters counters_;
};

}  // namespace guard::spool
