#include "replay/row_sorter.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "spool/record.hpp"

namespace guard::replay {
namespace {

// An entry: the number of the line, and the record as in the spool, which knows its length.
constexpr std::size_t kLine = sizeof(std::uint64_t);
constexpr std::size_t kLongestEntry = kLine + spool::kMaxRecordBytes;
constexpr std::size_t kRunBuffer = 16 * 1024;
constexpr std::size_t kKept = 64 * 1024;  // of an input that fits in there nothing goes to the file
constexpr std::uint64_t kEpoch = 0;

std::string directory() {
    const char* const wanted = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    return wanted != nullptr && *wanted != '\0' ? wanted : "/var/tmp";
}

[[noreturn]] void fail() {
    throw ReadError("a table cannot be sorted: a file in " + directory() +
                    " ($TMPDIR, else /var/tmp): " + std::system_category().message(errno));
}

Descriptor open_without_name() {
    Descriptor file(::open(directory().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (file) return file;
    // Not every file system can do that.
    std::string name = directory() + "/guardctl-XXXXXX";
    Descriptor named(::mkostemp(name.data(), O_CLOEXEC));
    if (!named || ::unlink(name.c_str()) != 0) fail();
    return named;
}

// There may be thousands of inputs: their memory must go, which assigning nothing would keep.
template <class Values>
void release(Values& values) {
    Values().swap(values);
}

}  // namespace

std::uint64_t SpillFile::append(std::span<const std::uint8_t> bytes) {
    if (!file_) file_ = open_without_name();
    const std::uint64_t begin = size_;
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(size_));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) fail();
        size_ += static_cast<std::uint64_t>(count);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return begin;
}

void SpillFile::read(std::uint64_t at, std::span<std::uint8_t> to) const {
    while (!to.empty()) {
        const ssize_t count = ::pread(file_.get(), to.data(), to.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) fail();
        at += static_cast<std::uint64_t>(count);
        to = to.subspan(static_cast<std::size_t>(count));
    }
}

void RowSorter::push(const StreamEvent& event) {
    if (bytes_.size() + kLongestEntry > memory_ && !keys_.empty()) spill();
    spool::RecordBuffer record;
    const std::size_t length = spool::encode_record(event.event, kEpoch, record);
    keys_.push_back({event.event.time, bytes_.size(), kLine + length});
    const auto* const line = reinterpret_cast<const std::uint8_t*>(&event.line);
    bytes_.insert(bytes_.end(), line, line + kLine);
    bytes_.insert(bytes_.end(), record.begin(), record.begin() + static_cast<std::ptrdiff_t>(length));
}

std::vector<std::uint8_t> RowSorter::sorted() {
    // What came first lies first.
    std::sort(keys_.begin(), keys_.end(),
              [](const Key& a, const Key& b) { return a.time != b.time ? a.time < b.time : a.at < b.at; });
    std::vector<std::uint8_t> all;
    all.reserve(bytes_.size());
    for (const Key& key : keys_) {
        const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(key.at);
        all.insert(all.end(), begin, begin + static_cast<std::ptrdiff_t>(key.length));
    }
    bytes_.clear();
    keys_.clear();
    return all;
}

void RowSorter::spill() {
    const auto all = sorted();
    Run& run = runs_.emplace_back();
    run.at = file_.append(all);
    run.end = run.at + all.size();
}

void RowSorter::finish() {
    if (runs_.empty() && bytes_.size() <= kKept) {
        runs_.emplace_back().buffer = sorted();
    } else if (!keys_.empty()) {
        spill();
    }
    release(bytes_);
    release(keys_);
    for (std::size_t run = 0; run < runs_.size(); ++run) advance(run);
}

void RowSorter::advance(std::size_t number) {
    Run& run = runs_[number];
    std::size_t left = run.buffer.size() - run.next;
    if (left < kLongestEntry && run.at < run.end) {
        const auto more = static_cast<std::size_t>(std::min<std::uint64_t>(run.end - run.at, kRunBuffer - left));
        run.buffer.erase(run.buffer.begin(), run.buffer.begin() + static_cast<std::ptrdiff_t>(run.next));
        run.next = 0;
        run.buffer.resize(left + more);
        file_.read(run.at, std::span(run.buffer).subspan(left));
        run.at += more;
        left += more;
    }
    if (left == 0) {
        release(run.buffer);
        return;
    }
    const std::uint8_t* const entry = run.buffer.data() + run.next;
    std::memcpy(&run.head.line, entry, kLine);
    const auto length = spool::decode_record({entry + kLine, left - kLine}, kEpoch, run.head.event);
    if (!length) throw ReadError("a table cannot be sorted: the file in " + directory() + " is not what was written");
    run.next += kLine + *length;
    heads_.push({run.head.event.time, number});
}

bool RowSorter::next(StreamEvent& event) {
    if (heads_.empty()) return false;
    const std::size_t run = heads_.top().run;
    heads_.pop();
    std::swap(event, runs_[run].head);
    advance(run);
    return true;
}

}  // namespace guard::replay
