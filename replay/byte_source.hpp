// Where the bytes of an input come from: a file or standard input, plain or compressed (gzip, zstd, xz, bzip2, also
// several such streams one behind the other), found out from its first bytes. One thread at a time; stop() and bytes()
// may be called by any.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "event/expected.hpp"
#include "event/time.hpp"

namespace guard::replay {

// Ends reads that wait: once set it stays.
class Stop {
  public:
    Stop();
    ~Stop();
    Stop(const Stop&) = delete;
    Stop& operator=(const Stop&) = delete;
    void set();
    [[nodiscard]] bool is_set() const { return set_.load(std::memory_order_relaxed); }
    // False: it was set before `descriptor` had anything to read.
    [[nodiscard]] bool wait_readable(int descriptor) const;

  private:
    int event_;
    std::atomic<bool> set_{false};
};

class ByteSource {
  public:
    virtual ~ByteSource() = default;

    // Fills `to` as far as there is input: fewer bytes mean its end, or that it was stopped. Throws ReadError.
    [[nodiscard]] virtual std::size_t read(std::span<char> to) = 0;
    // Read so far, as they are on the disk.
    [[nodiscard]] virtual std::uint64_t bytes() const = 0;
};

struct OpenedFile {
    std::unique_ptr<ByteSource> source;
    std::uint64_t size = 0;        // on the disk; 0: not a file
    std::optional<Time> modified;  // of a file
};

[[nodiscard]] bool is_standard_input(const std::string& input);  // "-"
// "standard input", or the name of the file.
[[nodiscard]] std::string input_name(const std::string& input);

// `stop` must outlive the source. The error is one message with the file, what was found and what was expected.
[[nodiscard]] Expected<OpenedFile> open_file(const std::string& input, const Stop& stop);

}  // namespace guard::replay
