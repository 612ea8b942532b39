#include "cli/replay/output_file.hpp"

#include <cerrno>
#include <cstring>

#include "cli/replay/could_not_run.hpp"

namespace guard::cli {

OutputFile::OutputFile(const std::filesystem::path& file) : name_(file == "-" ? "standard output" : file.string()) {
    if (file.empty()) return;
    if (file == "-") {
        out_ = stdout;
        return;
    }
    file_.reset(std::fopen(file.c_str(), "we"));
    if (!file_)
        throw CouldNotRun{fmt::format("{}: cannot be written ({}), expected a file in a directory that exists", name_,
                                      std::strerror(errno))};
    out_ = file_.get();
}

void OutputFile::write(std::string_view text) {
    if (out_ != nullptr && std::fwrite(text.data(), 1, text.size(), out_) != text.size()) fail();
}

void OutputFile::close() {
    if (out_ != nullptr && std::fflush(out_) != 0) fail();
    // Some file systems tell only now.
    if (file_ && std::fclose(file_.release()) != 0) fail();
    out_ = nullptr;
}

void OutputFile::fail() const {
    throw CouldNotRun{fmt::format("{}: could not be written: {}", name_, std::strerror(errno))};
}

}  // namespace guard::cli
