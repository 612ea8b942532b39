// Logs for the benchmarks of replay, made from a seed: the same bytes every time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace guard::bench {

// An ISP's days (isp_day.hpp) as JSON Lines of our own: 100,000 lines.
[[nodiscard]] std::string jsonl_log(std::size_t events);
// Its accounting as FreeRADIUS's detail writes that of a BRAS: 24 attributes a record.
[[nodiscard]] std::string detail_log(std::size_t records);

// A directory of its own, removed with the object.
class Directory {
  public:
    Directory();
    ~Directory();
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    std::string write(const std::string& name, const std::string& text) const;

  private:
    std::filesystem::path path_;
};

// CPU time of a command in nanoseconds, the median of three. Into a pipe: grep looks no further than the first match
// when nobody reads.
[[nodiscard]] double command_ns(const std::string& command);

}  // namespace guard::bench
