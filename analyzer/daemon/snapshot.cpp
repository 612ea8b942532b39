#include "analyzer/daemon/snapshot.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "analyzer/daemon/learned_file.hpp"
#include "analyzer/detection/state/state.hpp"
#include "event/crc32c.hpp"
#include "event/descriptor.hpp"
#include "event/file.hpp"

namespace guard::daemon {
namespace {

using detection::DetectorState;
using detection::StateReader;
using detection::StateWriter;

constexpr std::string_view kMagic = "PGSTATE1";
constexpr std::uint32_t kNoRest = 0;                // as version: there is only what was learned
constexpr std::uint64_t kMostLearned = 8ULL << 30;  // bytes of a file of the old format

std::filesystem::path newest(const std::filesystem::path& directory) {
    return directory / "state.snapshot";
}
std::filesystem::path previous(const std::filesystem::path& directory) {
    return directory / "state.previous";
}
constexpr std::array<const char*, 2> kLearnedFiles{"learned.snapshot", "learned.previous"};

// Two parts follow it, each with a version and a checksum of its own.
struct Header {
    struct Section {
        std::uint32_t version = 0, checksum = 0;
        std::uint64_t bytes = 0;
    };
    std::uint32_t layout = 0;  // of the packed records
    Hash128 key;               // tells one key from another without giving either away
    Section learned, rest;

    static constexpr std::size_t kBytes = 64;
    using Bytes = std::array<std::uint8_t, kBytes>;

    [[nodiscard]] std::uint64_t bytes() const { return kBytes + learned.bytes + rest.bytes; }
    [[nodiscard]] Bytes encode() const;
    [[nodiscard]] static Expected<Header> decode(const Bytes& bytes, const HashKey& of);
};

Hash128 key_check(const HashKey& key) {
    return keyed_hash(key, {reinterpret_cast<const std::uint8_t*>(kMagic.data()), kMagic.size()});
}

Header::Bytes Header::encode() const {
    Bytes bytes{};
    std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
    put_little_endian(layout, &bytes[12]);
    put_little_endian(key.low, &bytes[16]);
    put_little_endian(key.high, &bytes[24]);
    std::size_t at = 32;
    for (const Section& section : {learned, rest}) {
        put_little_endian(section.version, &bytes[at]);
        put_little_endian(section.checksum, &bytes[at + 4]);
        put_little_endian(section.bytes, &bytes[at + 8]);
        at += 16;
    }
    put_little_endian(crc32c(std::span(bytes).subspan(12)), &bytes[8]);
    return bytes;
}

Expected<Header> Header::decode(const Bytes& bytes, const HashKey& of) {
    if (std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) return unexpected("not a snapshot");
    if (get_little_endian<std::uint32_t>(&bytes[8]) != crc32c(std::span(bytes).subspan(12)))
        return unexpected("checksum of the header is wrong");
    Header header;
    header.layout = get_little_endian<std::uint32_t>(&bytes[12]);
    header.key = {get_little_endian<std::uint64_t>(&bytes[16]), get_little_endian<std::uint64_t>(&bytes[24])};
    std::size_t at = 32;
    for (Section* const section : {&header.learned, &header.rest}) {
        section->version = get_little_endian<std::uint32_t>(&bytes[at]);
        section->checksum = get_little_endian<std::uint32_t>(&bytes[at + 4]);
        section->bytes = get_little_endian<std::uint64_t>(&bytes[at + 8]);
        at += 16;
    }
    const Hash128 expected = key_check(of);
    if (header.key.low != expected.low || header.key.high != expected.high) return unexpected("made under another key");
    if (header.layout != detection::packed_layout() || header.learned.version != detection::kLearnedVersion)
        return unexpected("of another version of the analyzer");
    return header;
}

// Counts and sums up what goes through it. Writing begins while more is made: else all of it would wait for the last
// fsync(), and whoever else writes to that disk with it.
class SectionSink {
  public:
    explicit SectionSink(int file) : file_(file) {}

    void operator()(std::span<const std::uint8_t> bytes) {
        if (!write_all(file_, bytes)) throw std::system_error(errno, std::generic_category(), "cannot write snapshot");
        section_.checksum = crc32c(bytes, section_.checksum);
        section_.bytes += bytes.size();
        constexpr std::uint64_t kPiece = std::uint64_t{16} << 20;
        if (section_.bytes - begun_ < kPiece) return;
        static_cast<void>(sync_file_range(file_, 0, 0, SYNC_FILE_RANGE_WRITE));
        begun_ = section_.bytes;
    }
    [[nodiscard]] const Header::Section& section() const { return section_; }

  private:
    int file_;
    Header::Section section_;
    std::uint64_t begun_ = 0;
};

template <class Write>
Header::Section write_section(int file, std::uint32_t version, const Write& write) {
    SectionSink sink(file);
    write(sink);
    Header::Section section = sink.section();
    section.version = version;
    return section;
}

template <class Write>
Header::Section write_state(int file, std::uint32_t version, const Write& write) {
    return write_section(file, version, [&](SectionSink& sink) {
        StateWriter writer(std::ref(sink));
        write(writer);
        writer.flush();
    });
}

// `write_rest` writes the second part and returns what it is.
template <class WriteRest>
std::uint64_t write_file(int file, const detection::Detector& detector, const HashKey& key,
                         const WriteRest& write_rest) {
    Header header;
    const auto write_header = [&] {
        const auto bytes = header.encode();
        if (pwrite(file, bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size()))
            throw std::system_error(errno, std::generic_category(), "cannot write snapshot");
    };
    write_header();
    lseek(file, Header::kBytes, SEEK_SET);
    header.layout = detection::packed_layout();
    header.key = key_check(key);
    header.learned = write_state(file, detection::kLearnedVersion,
                                 [&](StateWriter& writer) { DetectorState::write_learned(writer, detector); });
    header.rest = write_rest(file);
    write_header();
    return header.bytes();
}

// At most what is asked for; less at the end, or where the disk fails.
std::size_t read_some(int file, std::span<std::uint8_t> to) {
    std::size_t got = 0;
    while (got < to.size()) {
        const ssize_t count = ::read(file, to.data() + got, to.size() - got);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        got += static_cast<std::size_t>(count);
    }
    return got;
}

// False: there are not so many.
template <class Take>
bool each_piece(int file, std::uint64_t bytes, Take& take) {
    std::vector<std::uint8_t> piece(std::size_t{1} << 20);
    while (bytes > 0) {
        const auto wanted =
            std::span(piece).first(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, piece.size())));
        if (read_some(file, wanted) != wanted.size()) return false;
        take(wanted);
        bytes -= wanted.size();
    }
    return true;
}

bool is_whole(int file, const Header::Section& section) {
    std::uint32_t checksum = 0;
    auto sum = [&](std::span<const std::uint8_t> piece) { checksum = crc32c(piece, checksum); };
    return each_piece(file, section.bytes, sum) && checksum == section.checksum;
}

struct SoundFile {
    Descriptor file;
    Header header;
};

void copy_section(int from, const Header::Section& section, SectionSink& sink) {
    if (!each_piece(from, section.bytes, sink)) throw std::system_error(EIO, std::generic_category(), "snapshot");
}

StateReader reader_of(int file, const Header::Section& section) {
    return {[file](std::span<std::uint8_t> to) { return read_some(file, to); }, section.bytes};
}

struct Loader {
    const config::DetectionSettings& settings;
    const std::shared_ptr<const geo::Locator>& locator;
    const HashKey& key;

    [[nodiscard]] LoadedState nothing() const {
        LoadedState state;
        state.detector = std::make_unique<detection::Detector>(settings, locator, detection::Knowledge{}, key);
        return state;
    }
    [[nodiscard]] Expected<LoadedState> from(const std::filesystem::path& path, Part part) const;
    [[nodiscard]] Expected<LoadedState> from_learned(const std::filesystem::path& path) const;
};

// All of the file before any of it is used; what it holds comes next.
Expected<SoundFile> open_sound(const std::filesystem::path& path, const HashKey& key) {
    SoundFile sound{Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), {}};
    const int file = sound.file.get();
    struct stat status {};
    if (!sound.file || fstat(file, &status) != 0) return unexpected(std::strerror(errno));
    const auto size = static_cast<std::uint64_t>(status.st_size);
    Header::Bytes bytes{};
    if (read_some(file, bytes) != bytes.size()) return unexpected("not a snapshot");
    const auto header = Header::decode(bytes, key);
    if (!header) return unexpected(header.error());
    if (header->learned.bytes > size - Header::kBytes ||
        header->rest.bytes != size - Header::kBytes - header->learned.bytes)
        return unexpected("not as long as it says");
    if (!is_whole(file, header->learned) || !is_whole(file, header->rest)) return unexpected("checksum is wrong");
    lseek(file, Header::kBytes, SEEK_SET);
    sound.header = *header;
    return sound;
}

Expected<LoadedState> Loader::from(const std::filesystem::path& path, Part part) const {
    const auto sound = open_sound(path, key);
    if (!sound) return unexpected(sound.error());
    const Header& header = sound->header;
    LoadedState state = nothing();
    state.bytes = header.bytes();
    auto learned = reader_of(sound->file.get(), header.learned);
    if (!DetectorState::read_learned(learned, *state.detector)) return unexpected("contradicts itself");
    state.ids = state.detector->streams().size();
    if (part == Part::records) return state;
    if (part == Part::learned || header.rest.version != detection::kRestVersion) {
        DetectorState::keep_learned(*state.detector);
        if (part == Part::all && header.rest.version != kNoRest)
            state.warning = path.string() + ": of another version, of which only what was learned is taken";
        return state;
    }
    auto rest = reader_of(sound->file.get(), header.rest);
    archive_all(rest, state.positions);
    if (!DetectorState::read_rest(rest, *state.detector)) return unexpected("contradicts itself");
    return state;
}

Expected<LoadedState> Loader::from_learned(const std::filesystem::path& path) const {
    try {
        LoadedState state = nothing();
        const auto ids = restore_learned(*state.detector, read_file(path, kMostLearned), key);
        if (!ids) return unexpected(ids.error());
        state.ids = *ids;
        return state;
    } catch (const std::system_error& error) {
        return unexpected(error.code().message());
    }
}

template <class WriteRest>
std::uint64_t replace_newest(const std::filesystem::path& directory, const detection::Detector& detector,
                             const HashKey& key, const WriteRest& write_rest) {
    std::uint64_t bytes = 0;
    replace_file(
        newest(directory), [&](int file) { bytes = write_file(file, detector, key, write_rest); }, 0600,
        previous(directory));
    for (const char* const name : kLearnedFiles) ::unlink((directory / name).c_str());
    return bytes;
}

}  // namespace

HashKey state_key(const std::filesystem::path& state_directory) {
    const auto path = state_directory / "hash.key";
    HashKey key{};
    if (std::filesystem::exists(path)) {
        const auto bytes = read_file(path, 1024);
        if (bytes.size() != key.size())
            throw std::system_error(EINVAL, std::generic_category(), path.string() + ": not a key of 16 bytes");
        std::copy(bytes.begin(), bytes.end(), key.begin());
        return key;
    }
    key = random_key();
    replace_file(path, key, 0600);
    return key;
}

std::uint64_t save_state(const detection::Detector& detector, const Positions& positions, const HashKey& key,
                         const std::filesystem::path& state_directory) {
    return replace_newest(state_directory, detector, key, [&](int file) {
        return write_state(file, detection::kRestVersion, [&](StateWriter& writer) {
            Positions copy = positions;
            archive_all(writer, copy);
            DetectorState::write_rest(writer, detector);
        });
    });
}

void take_learned(const detection::Detector& from, detection::Detector& to) {
    from.streams().each_learned([&](std::uint64_t key, const detection::Learned& learned) {
        if (learned.first_seen != Time{}) to.restore(key, learned);
    });
}

void save_learned(const detection::Detector& detector, const config::DetectionSettings& settings,
                  const std::shared_ptr<const geo::Locator>& locator, const HashKey& key,
                  const std::filesystem::path& state_directory) {
    const LoadedState state = load_state(settings, locator, key, state_directory, Part::records);
    take_learned(detector, *state.detector);
    replace_newest(state_directory, *state.detector, key, [&](int file) {
        if (state.file.empty()) return Header::Section{};  // kNoRest
        const auto sound = open_sound(state.file, key);
        if (!sound) throw std::system_error(EIO, std::generic_category(), state.file.string());
        const Header& header = sound->header;
        lseek(sound->file.get(), static_cast<off_t>(Header::kBytes + header.learned.bytes), SEEK_SET);
        return write_section(file, header.rest.version,
                             [&](SectionSink& sink) { copy_section(sound->file.get(), header.rest, sink); });
    });
}

LoadedState load_state(const config::DetectionSettings& settings, const std::shared_ptr<const geo::Locator>& locator,
                       const HashKey& key, const std::filesystem::path& state_directory, Part part,
                       const std::function<bool(const Positions&)>& usable) {
    const Loader loader{settings, locator, key};
    std::string warning;
    std::uint64_t refused = 0;
    const auto is_sound = [&](const std::filesystem::path& path, const Expected<LoadedState>& state) {
        const std::string said = state ? state->warning : path.string() + ": " + state.error();
        if (!said.empty()) warning += (warning.empty() ? "" : "; ") + said;
        if (!said.empty()) ++refused;
        return state.has_value();
    };
    const auto give = [&](Expected<LoadedState> state) {
        state->warning = warning;
        state->refused = refused;
        return std::move(*state);
    };
    std::filesystem::path ahead;  // the newest of those
    const auto take = [&](Expected<LoadedState> state, const std::filesystem::path& path) {
        state->file = path;
        state->ahead = !ahead.empty();
        return give(std::move(state));
    };
    std::error_code error;
    for (const auto& path : {newest(state_directory), previous(state_directory)}) {
        if (!std::filesystem::exists(path, error)) continue;
        auto state = loader.from(path, part);
        if (!is_sound(path, state)) continue;
        if (!usable || usable(state->positions)) return take(std::move(state), path);
        if (ahead.empty()) ahead = path;
    }
    if (!ahead.empty())
        if (auto state = loader.from(ahead, Part::learned); is_sound(ahead, state))
            return take(std::move(state), ahead);
    for (const char* const name : kLearnedFiles) {
        const auto path = state_directory / name;
        if (!std::filesystem::exists(path, error)) continue;
        if (auto state = loader.from_learned(path); is_sound(path, state)) return give(std::move(state));
    }
    return give(loader.nothing());
}

}  // namespace guard::daemon
