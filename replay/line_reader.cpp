#include "replay/line_reader.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace guard::replay {
namespace {

constexpr std::size_t kBufferBytes = 2 * kLongestLine;

}  // namespace

Expected<LineReader> LineReader::open(const std::filesystem::path& file) {
    const bool standard_input = file == "-";
    const int descriptor =
        standard_input ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    const auto refuse = [&](const std::string& found) {
        return unexpected((standard_input ? "standard input" : file.string()) + ": found " + found +
                          ", expected a readable file");
    };
    if (descriptor < 0) return refuse(std::strerror(errno));
    LineReader reader(descriptor);
    struct stat status {};
    if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode)) return refuse("a directory");
    return reader;
}

LineReader::LineReader(int descriptor) : descriptor_(descriptor), buffer_(kBufferBytes + kReadablePadding) {}

LineReader::LineReader(LineReader&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      buffer_(std::move(other.buffer_)),
      begin_(std::exchange(other.begin_, 0)),
      end_(std::exchange(other.end_, 0)),
      at_end_(std::exchange(other.at_end_, true)) {}

LineReader& LineReader::operator=(LineReader&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    std::swap(buffer_, other.buffer_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(at_end_, other.at_end_);
    return *this;
}

LineReader::~LineReader() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

bool LineReader::fill() {
    if (at_end_) return false;
    if (begin_ > 0) std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    for (;;) {
        const ssize_t count = ::read(descriptor_, buffer_.data() + end_, kBufferBytes - end_);
        if (count > 0) {
            end_ += static_cast<std::size_t>(count);
            return true;
        }
        if (count == 0) {
            at_end_ = true;
            return false;
        }
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "reading the input");
    }
}

std::string_view LineReader::take(std::size_t length, bool with_end) {
    std::string_view line(buffer_.data() + begin_, length);
    begin_ += length + (with_end ? 1 : 0);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

void LineReader::skip_rest_of_line() {
    for (;;) {
        if (const void* found = std::memchr(buffer_.data() + begin_, '\n', end_ - begin_)) {
            begin_ = static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data()) + 1;
            return;
        }
        begin_ = end_;
        if (!fill()) return;
    }
}

std::optional<LineReader::Line> LineReader::next() {
    for (std::size_t searched = 0;;) {
        const std::size_t available = end_ - begin_;
        const void* found = std::memchr(buffer_.data() + begin_ + searched, '\n', available - searched);
        const std::size_t length =
            found ? static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data()) - begin_ : available;
        if (length > kLongestLine) {
            skip_rest_of_line();
            return Line{{}, true};
        }
        if (found) return Line{take(length, true)};
        searched = available;
        if (fill()) continue;
        if (available == 0) return std::nullopt;
        return Line{take(available, false)};
    }
}

}  // namespace guard::replay
