// The reader on a directory with one segment. Input: a byte of mode, two that choose, the epoch (8 bytes), 16 bytes of
// the header (size and end), the records. Mode 1 makes the checksum of the header right, 2 size and end too, 4 every
// record. Mode 8 seals, 16 puts the records at the end of the 64 KiB that are read at once, 32 has a writer hold the
// segment first.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <system_error>

#include "event/crc32c.hpp"
#include "event/descriptor.hpp"
#include "event/little_endian.hpp"
#include "spool/reader.hpp"
#include "spool/record.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/record_bytes.hpp"

namespace {

using namespace guard;
using fuzz::require;

enum Mode : std::uint8_t { sound_header = 1, sound_size = 2, sound_records = 4, sealed = 8, at_border = 16, held = 32 };

constexpr std::size_t kHeaderBytes = 4096, kChunkBytes = 65'536;
constexpr std::uint64_t kNumber = 1'772'323'261'169'230;

fuzz::Reached events_read("events"), holes("holes"), unreadable("unreadable"), held_segments("held");

struct SegmentBytes {
    std::uint64_t epoch = 0;
    std::vector<std::uint8_t> header;
    std::size_t gap = 0;  // zeros in front of the records
    std::vector<std::uint8_t> records;
};

// As spool/README.md gives it.
SegmentBytes make_segment(fuzz::Input& input, std::uint8_t mode) {
    const auto chosen_gap = static_cast<std::size_t>(input.byte());
    SegmentBytes segment;
    const std::uint64_t epoch = segment.epoch = input.number(8);
    std::uint64_t size = input.number(8), end = input.number(8);
    const auto rest = input.rest();
    segment.records.assign(rest.begin(), rest.end());
    if ((mode & at_border) != 0) segment.gap = kChunkBytes - 8 * (chosen_gap + 1);
    if ((mode & sound_records) != 0)
        for (std::span<std::uint8_t> left(segment.records); left.size() >= 8;) {
            // A length of zero is a place that nobody wrote to.
            const bool hole = get_little_endian<std::uint32_t>(left.data()) == 0;
            const std::size_t length = hole ? 0 : fuzz::repair_record(left, epoch);
            left = left.subspan(std::max<std::size_t>(length, 8));
        }
    if ((mode & sound_size) != 0) {
        size = kHeaderBytes + segment.gap + segment.records.size();
        end = (mode & sealed) != 0 ? size : 0;
    }
    auto& header = segment.header;
    header.resize(kHeaderBytes);
    std::memcpy(header.data(), "PGSPOOL1", 8);
    put_little_endian(std::uint32_t{1}, header.data() + 8);
    put_little_endian(epoch, header.data() + 16);
    put_little_endian(size, header.data() + 24);
    put_little_endian(std::int64_t{1'772'323'261'169'230}, header.data() + 32);
    put_little_endian(end, header.data() + 40);
    std::memcpy(header.data() + 96, "v1,case=lower,realm=keep", 24);
    if ((mode & sound_header) != 0)
        put_little_endian(crc32c(std::span(header).first(128)), header.data() + 128);
    else
        put_little_endian(static_cast<std::uint32_t>(epoch), header.data() + 128);
    return segment;
}

// The only segment of the directory; gone with this. Written anew every time: the reader may not see what was before.
class SegmentFile {
  public:
    explicit SegmentFile(const SegmentBytes& segment)
        : path_(fuzz::scratch_directory() / spool::segment_name(kNumber)),
          file_(::open(path_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600)) {
        const std::size_t at = segment.header.size() + segment.gap;
        write(segment.header, 0);
        if (::ftruncate(file_.get(), static_cast<off_t>(at)) != 0) fail();
        write(segment.records, at);
    }
    ~SegmentFile() { ::unlink(path_.c_str()); }
    SegmentFile(const SegmentFile&) = delete;
    SegmentFile& operator=(const SegmentFile&) = delete;
    void hold() const {
        if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) fail();
    }
    void let_go() const { ::flock(file_.get(), LOCK_UN); }

  private:
    static void fail() { throw std::system_error(errno, std::generic_category(), "segment"); }
    void write(std::span<const std::uint8_t> bytes, std::size_t at) const {
        if (::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at)) !=
            static_cast<ssize_t>(bytes.size()))
            fail();
    }

    const std::filesystem::path path_;
    const Descriptor file_;
};

// Up to `most` events.
std::vector<LoginEvent> read(spool::Reader& reader, std::size_t most) {
    std::vector<LoginEvent> events;
    while (events.size() < most) {
        const LoginEvent* const event = reader.peek();
        if (event == nullptr) break;
        events.push_back(*event);
        reader.pop();
    }
    return events;
}

// The events of a segment that nobody writes to any more, in one pass over bytes in memory.
std::vector<LoginEvent> scan(const SegmentBytes& segment) {
    std::vector<LoginEvent> events;
    for (std::span<const std::uint8_t> left(segment.records); left.size() >= 8;) {
        const auto record = spool::decode_record(left, segment.epoch);
        std::size_t length = 8;
        if (record) {
            events.push_back(record->event);
            length = record->length;
        } else if (record.error() == spool::RecordError::malformed) {
            length = get_little_endian<std::uint32_t>(left.data());
        }
        left = left.subspan(length);
    }
    return events;
}

spool::Position stored(const spool::Position& position) {
    const auto parsed = spool::Position::parse(position.to_string());
    require(parsed && *parsed == position, "every position can be stored");
    return *parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::uint8_t mode = input.byte(), choice = input.byte();
    const SegmentBytes segment = make_segment(input, mode);
    const SegmentFile file(segment);
    const std::size_t most = segment.records.size() / 24;

    spool::Reader whole(fuzz::scratch_directory());
    const auto events = read(whole, most + 1);
    require(events.size() <= most, "no more events than records fit");
    require(whole.peek() == nullptr && whole.counters().read == events.size(), "the end is the end");
    require(whole.counters().torn <= (segment.records.size() + segment.gap) / 8 + 1, "no more holes than places");
    require(whole.writers().counters.appended == 0, "the counters are those of the header");
    constexpr unsigned kWhole = sound_header | sound_size;
    if ((mode & kWhole) == kWhole) require(events == scan(segment), "in pieces it is the same events as at once");
    if (!events.empty()) events_read.count();
    if (whole.counters().torn != 0) holes.count();
    if (whole.counters().unreadable != 0) unreadable.count();

    // From a position in between, nothing comes twice and nothing is missing; from the end, nothing at all.
    if ((mode & held) != 0) file.hold();
    spool::Reader first(fuzz::scratch_directory());
    auto again = read(first, choice);
    if ((mode & held) != 0 && !again.empty()) held_segments.count();
    file.let_go();
    spool::Reader second(fuzz::scratch_directory(), stored(first.position()));
    const auto others = read(second, most + 1);
    again.insert(again.end(), others.begin(), others.end());
    require(again == events, "reading that was interrupted gives the same events");
    spool::Reader last(fuzz::scratch_directory(), stored(second.position()));
    require(last.peek() == nullptr, "behind the end there is nothing");
    return 0;
}
