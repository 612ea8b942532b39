// From logs to one ordered stream of events: opens files (plain, gzip, zstd, xz, bzip2), standard input or a table in
// PostgreSQL, tells the formats apart, parses on as many threads as wanted, adds what a line leaves out (the year, the
// zone), and puts all inputs together by time. For the batch jobs that replay logs. One thread calls; the events, their
// order, the counts and the faults are the same for any number of threads, any order of the inputs, and however they
// are compressed or cut. Memory is flat in the length of the inputs.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "event/expected.hpp"
#include "event/identity.hpp"
#include "event/login_event.hpp"
#include "replay/formats/log_parser.hpp"
#include "replay/malformed_line.hpp"

namespace guard::replay {

struct StreamOptions {
    // Files, "-" (standard input), or "postgresql:CONNECTION" with `table`.
    std::vector<std::string> inputs;
    std::string format;             // as format_names() says; empty: found out from the content, per input
    std::string table = "radacct";  // of "postgresql:": radacct or radpostauth, or SCHEMA.TABLE with one of these
    std::optional<int> year;        // of the first line of each file whose times lack it; none: from the file's mtime
    std::string zone;               // "Asia/Tokyo", of times that name none; empty: of this machine
    unsigned threads = 0;           // with the caller's; 0: as many as there are cores
    IdNormalisation normalise;
    std::chrono::seconds reorder{120};  // an event may come so much after a later one of its input
    // Only these; what is left out is counted as Ignored::not_wanted.
    bool imap = false, pop3 = false;
    std::optional<Service> service;
    std::optional<Time> since, until;     // since <= time < until
    std::optional<std::string> id;        // as written; normalised here
    std::size_t block_bytes = 64 * 1024;  // what is read and parsed at a time; for tests, at most 1 MiB
    std::size_t sort_bytes = 32 << 20;    // of the rows of a table, sorted in memory at a time; for tests
};

// What tells two lines of one attempt from two attempts; as in LogEvent, for the stream's own use.
struct Trace {
    std::uint64_t connection = 0;
    std::uint64_t text = 0;  // the same for the same line in another input; 0: it stands in no other
    bool summary = false, copied = false;
    Witness witness = Witness::server;
};

struct StreamEvent {
    LoginEvent event;  // smtp_auth for imap and pop3, too. The ID of a reject is empty where the log does not name it
    Protocol protocol = Protocol::pppoe;
    std::uint32_t attempts = 1;  // of a reject
    std::uint32_t input = 0;     // index into EventStream::counts()
    std::uint64_t line = 0;      // from 1; of a record or row the first
    Trace trace;
};
using Batch = std::vector<StreamEvent>;

struct InputCounts {
    std::string input;   // as the user wrote it; "standard input"
    std::string format;  // empty as long as it is not known
    std::uint64_t lines = 0;
    std::uint64_t events = 0;  // handed out; one line may tell of several, or of none
    std::array<std::uint64_t, kProtocols> by_protocol{};
    std::array<std::uint64_t, kIgnoredClasses> ignored{};
    std::array<std::uint64_t, kProtocols> left_out{};  // of Ignored::not_wanted: IMAP and POP3, told apart
    std::uint64_t malformed = 0;
    std::uint64_t late = 0;  // came more than `reorder` after a later one: out of order in what was handed out
};

struct StreamProgress {
    std::uint64_t bytes = 0;  // read so far, as they are on the disk
    std::uint64_t of = 0;     // all; 0: not known (standard input, a database)
};

class EventStream {
  public:
    static constexpr std::size_t kFaultsKept = 20;  // per input

    // Opens everything and looks at every beginning. All that is wrong at once, one message each, fit to be shown.
    static Expected<EventStream, std::vector<std::string>> open(StreamOptions options);
    EventStream(EventStream&&) noexcept;
    EventStream& operator=(EventStream&&) noexcept;
    ~EventStream();

    // Replaces what is in `batch` (hand in the same one again: its memory is used again). False: there are no more.
    // Throws ReadError when an input cannot be read on.
    [[nodiscard]] bool next(Batch& batch);

    // From any thread: next() returns false within a moment, also while it waits for standard input.
    void stop();

    // In the order of the options. Not between the first next() and the one that returns false or throws.
    [[nodiscard]] const std::vector<InputCounts>& counts() const;
    // The first kFaultsKept of each input; when counts() may be called.
    [[nodiscard]] std::vector<MalformedLine> faults() const;
    // May be called by any thread, at any time.
    [[nodiscard]] StreamProgress progress() const;

  private:
    struct State;
    explicit EventStream(std::unique_ptr<State> state);

    std::unique_ptr<State> state_;
};

// An input that ends in the middle of its compression, a disk that fails, a database that goes away. The message names
// the input.
class ReadError : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What --format may be: "jsonl", "detail", ...
[[nodiscard]] std::vector<std::string> format_names();

}  // namespace guard::replay
