// A file (or standard output) that a replay writes line by line. Opened before the run, so that a name that cannot be
// written is known before hours of reading; a full disk is an error, not a short file. One thread.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace guard::cli {

class OutputFile {
  public:
    // "-" is standard output; empty: everything goes nowhere. Throws CouldNotRun.
    explicit OutputFile(const std::filesystem::path& file);

    [[nodiscard]] bool wanted() const { return out_ != nullptr; }
    // Throws CouldNotRun when the disk is full.
    void write(std::string_view text);
    // The last write; nothing may be written after it. Throws the same.
    void close();

  private:
    [[noreturn]] void fail() const;

    struct Close {
        void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
    };
    std::string name_;
    std::unique_ptr<std::FILE, Close> file_;
    std::FILE* out_ = nullptr;
};

}  // namespace guard::cli
