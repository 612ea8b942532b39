#include "replay/byte_source.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <vector>

#include "event/descriptor.hpp"
#include "event/text.hpp"
#include "replay/event_stream.hpp"

namespace guard::replay {
namespace {

constexpr std::size_t kMagicBytes = 6;

// What lies in the file, with its first bytes handed out again.
class RawBytes {
  public:
    RawBytes(Descriptor descriptor, bool may_wait, std::string name, const Stop& stop)
        : descriptor_(std::move(descriptor)), may_wait_(may_wait), name_(std::move(name)), stop_(stop) {}

    // 0: the end, or stopped.
    std::size_t read_some(std::span<char> to) {
        for (;;) {
            if (stop_.is_set() || (may_wait_ && !stop_.wait_readable(descriptor_.get()))) return 0;
            const ssize_t count = ::read(descriptor_.get(), to.data(), to.size());
            if (count >= 0) {
                bytes_.fetch_add(static_cast<std::uint64_t>(count), std::memory_order_relaxed);
                return static_cast<std::size_t>(count);
            }
            if (errno != EINTR && errno != EAGAIN)
                throw ReadError(name_ + ": cannot be read on: " + std::system_category().message(errno));
        }
    }
    std::size_t read_all(std::span<char> to) {
        std::size_t filled = 0;
        while (filled < to.size()) {
            const std::size_t count = read_some(to.subspan(filled));
            if (count == 0) break;
            filled += count;
        }
        return filled;
    }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const Stop& stop() const { return stop_; }

  private:
    Descriptor descriptor_;
    const bool may_wait_;
    const std::string name_;
    const Stop& stop_;
    std::atomic<std::uint64_t> bytes_{0};
};

class PlainSource final : public ByteSource {
  public:
    PlainSource(std::unique_ptr<RawBytes> raw, std::string beginning)
        : raw_(std::move(raw)), beginning_(std::move(beginning)) {}

    std::size_t read(std::span<char> to) override {
        const std::size_t first = std::min(beginning_.size(), to.size());
        std::copy_n(beginning_.data(), first, to.data());
        beginning_.erase(0, first);
        return first + raw_->read_all(to.subspan(first));
    }
    std::uint64_t bytes() const override { return raw_->bytes(); }

  private:
    std::unique_ptr<RawBytes> raw_;
    std::string beginning_;
};

class CompressedSource final : public ByteSource {
  public:
    CompressedSource(std::unique_ptr<RawBytes> raw, std::string beginning)
        : raw_(std::move(raw)), beginning_(std::move(beginning)), archive_(archive_read_new()), buffer_(256 * 1024) {
        archive_read_support_filter_gzip(archive_.get());
        archive_read_support_filter_zstd(archive_.get());
        archive_read_support_filter_xz(archive_.get());
        archive_read_support_filter_bzip2(archive_.get());
        archive_read_support_format_raw(archive_.get());
        archive_read_support_format_empty(archive_.get());
        archive_entry* entry = nullptr;
        if (archive_read_open(archive_.get(), this, nullptr, &CompressedSource::more, nullptr) != ARCHIVE_OK) fail();
        const int header = archive_read_next_header(archive_.get(), &entry);
        at_end_ = header == ARCHIVE_EOF;
        if (!at_end_ && header != ARCHIVE_OK && header != ARCHIVE_WARN) fail();
    }

    std::size_t read(std::span<char> to) override {
        std::size_t filled = 0;
        while (filled < to.size() && !at_end_ && !raw_->stop().is_set()) {
            const la_ssize_t count = archive_read_data(archive_.get(), to.data() + filled, to.size() - filled);
            if (count < 0) fail();
            at_end_ = count == 0;
            filled += static_cast<std::size_t>(count);
        }
        return filled;
    }
    std::uint64_t bytes() const override { return raw_->bytes(); }

  private:
    static la_ssize_t more(archive* from, void* self, const void** bytes) {
        auto& source = *static_cast<CompressedSource*>(self);
        *bytes = source.buffer_.data();
        if (const std::size_t first = source.beginning_.size(); first > 0) {
            std::copy_n(source.beginning_.data(), first, source.buffer_.data());
            source.beginning_.clear();
            return static_cast<la_ssize_t>(first);
        }
        try {
            return static_cast<la_ssize_t>(source.raw_->read_some(source.buffer_));
        } catch (const std::exception& error) {
            archive_set_error(from, EIO, "%s", error.what());
            return ARCHIVE_FATAL;
        }
    }
    [[noreturn]] void fail() {
        const char* why = archive_error_string(archive_.get());
        throw ReadError(raw_->name() + ": cannot be decompressed: " + in_quotes(why ? why : "no reason given") +
                        ", expected all of what was compressed");
    }
    struct Close {
        void operator()(archive* a) const { archive_read_free(a); }
    };

    std::unique_ptr<RawBytes> raw_;
    std::string beginning_;
    std::unique_ptr<archive, Close> archive_;
    std::vector<char> buffer_;
    bool at_end_ = false;
};

bool is_compressed(std::string_view beginning) {
    using namespace std::string_view_literals;
    const auto zstd_frame_to_skip = [&] {  // RFC 8878 section 3.1.2
        return beginning.size() >= 4 && (beginning[0] & 0xf0) == 0x50 && beginning.substr(1, 3) == "\x2a\x4d\x18"sv;
    };
    return beginning.starts_with("\x1f\x8b"sv) || beginning.starts_with("\x28\xb5\x2f\xfd"sv) ||
           beginning.starts_with("\xfd\x37zXZ\0"sv) || beginning.starts_with("BZh"sv) || zstd_frame_to_skip();
}

}  // namespace

Stop::Stop() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (event_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

Stop::~Stop() {
    ::close(event_);
}

void Stop::set() {
    set_.store(true, std::memory_order_relaxed);
    const std::uint64_t one = 1;
    static_cast<void>(::write(event_, &one, sizeof one) < 0);  // cannot fail in a way that matters: it stays readable
}

bool Stop::wait_readable(int descriptor) const {
    for (;;) {
        std::array<pollfd, 2> waiting{{{descriptor, POLLIN, 0}, {event_, POLLIN, 0}}};
        const int ready = ::poll(waiting.data(), waiting.size(), -1);
        if (ready < 0 && errno == EINTR) continue;
        if (is_set()) return false;
        if (ready < 0 || waiting[0].revents != 0) return true;
    }
}

bool is_standard_input(const std::string& input) {
    return input == "-";
}

std::string input_name(const std::string& input) {
    return is_standard_input(input) ? "standard input" : input;
}

Expected<OpenedFile> open_file(const std::string& input, const Stop& stop) {
    const std::string name = input_name(input);
    Descriptor descriptor(is_standard_input(input) ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                                   : ::open(input.c_str(), O_RDONLY | O_CLOEXEC));
    const auto refuse = [&](const std::string& found) {
        return unexpected(name + ": found " + found + ", expected a readable file");
    };
    struct stat status {};
    if (!descriptor || ::fstat(descriptor.get(), &status) != 0) return refuse(std::strerror(errno));
    if (S_ISDIR(status.st_mode)) return refuse("a directory");
    const bool regular = S_ISREG(status.st_mode);
    auto raw = std::make_unique<RawBytes>(std::move(descriptor), !regular, name, stop);
    OpenedFile opened;
    if (regular) {
        opened.size = static_cast<std::uint64_t>(status.st_size);
        opened.modified = Time{std::chrono::seconds{status.st_mtim.tv_sec}};
    }
    try {
        std::string beginning(kMagicBytes, '\0');
        beginning.resize(raw->read_all(beginning));
        if (is_compressed(beginning)) {
            opened.source = std::make_unique<CompressedSource>(std::move(raw), std::move(beginning));
        } else {
            opened.source = std::make_unique<PlainSource>(std::move(raw), std::move(beginning));
        }
    } catch (const ReadError& error) {
        return unexpected(std::string(error.what()));
    }
    return opened;
}

}  // namespace guard::replay
