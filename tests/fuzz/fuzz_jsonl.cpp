// Replay's reader of JSON Lines. Input: a byte of settings of the normalisation of IDs, the file.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <system_error>

#include "event/text.hpp"
#include "replay/jsonl_reader.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace guard;
using fuzz::require;

fuzz::Reached events("events"), malformed_lines("malformed"), written_again("written again");

// A file in memory, with a name that can be opened.
class MemoryFile {
  public:
    explicit MemoryFile(std::string_view text) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
        if (descriptor_ < 0 || ::write(descriptor_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            throw std::system_error(errno, std::generic_category(), "memfd");
    }
    ~MemoryFile() { ::close(descriptor_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    [[nodiscard]] std::string name() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

  private:
    const int descriptor_;
};

std::vector<LoginEvent> read(std::string_view text, const IdNormalisation& normalise, replay::LineCounts& counts) {
    const MemoryFile file(text);
    auto reader = replay::JsonlReader::open(file.name(), normalise);
    require(reader.has_value(), "a file that is there opens");
    std::vector<LoginEvent> found;
    while (const auto next = reader->next()) {
        if (*next) {
            found.push_back(**next);
        } else {
            require(is_plain_utf8(next->error().to_string()), "a message is plain text");
            require(next->error().line == reader->counts().lines, "a message names its line");
        }
    }
    counts = reader->counts();
    require(counts.lines == counts.events + counts.blank + counts.malformed, "every line is counted once");
    require(counts.events == found.size(), "every event is counted");
    require(reader->malformed().size() == std::min<std::uint64_t>(counts.malformed, replay::JsonlReader::kKept),
            "the first malformed lines are kept");
    return found;
}

void check_event(const LoginEvent& event, const IdNormalisation& normalise) {
    require(!event.id.empty() && event.id.size() <= kMaxIdBytes, "an ID of 1 to 253 bytes");
    if (normalise.realm == IdNormalisation::Realm::keep)
        require(normalise(event.id) == event.id, "an ID is normalised");
    if (event.service == Service::smtp_auth) {
        require(event.addresses.size() == 1 && !event.addresses[0].is_prefix(), "SMTP-AUTH: the client's one address");
        require(event.kind == Kind::accept || event.kind == Kind::reject, "SMTP-AUTH has no sessions");
    }
}

std::string written(const LoginEvent& event) {
    std::string line = "{\"time\":\"" + format_rfc3339(event.time) + "\",\"service\":\"";
    line.append(to_string(event.service)).append("\",\"kind\":\"").append(to_string(event.kind)).append("\",\"id\":\"");
    for (const char c : event.id) {
        if (c == '"' || c == '\\' || (c >= 0 && c < 0x20)) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
            line += escaped;
        } else {
            line += c;
        }
    }
    line += "\",\"address\":[";
    for (const IpAddress& address : event.addresses)
        line += (line.back() == '[' ? "\"" : ",\"") + address.to_string() + '"';
    return line + "]}\n";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::uint8_t settings = input.byte();
    IdNormalisation normalise;
    normalise.letter_case = (settings & 1) != 0 ? IdNormalisation::Case::keep : IdNormalisation::Case::lower;
    normalise.realm = (settings & 2) != 0 ? IdNormalisation::Realm::strip : IdNormalisation::Realm::keep;
    replay::LineCounts counts;
    const auto found = read(fuzz::text_of(input.rest()), normalise, counts);
    if (!found.empty()) events.count();
    if (counts.malformed != 0) malformed_lines.count();

    std::string text;
    bool four_digits = true;  // of the year: a zone can move it out of those
    for (const LoginEvent& event : found) {
        check_event(event, normalise);
        text += written(event);
        four_digits = four_digits && event.time >= Time{std::chrono::sys_days{std::chrono::year{0} / 1 / 1}} &&
                      event.time < Time{std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1}};
    }
    if (found.empty() || !four_digits) return 0;
    IdNormalisation keep;
    keep.letter_case = IdNormalisation::Case::keep;
    require(read(text, keep, counts) == found, "written and read again they are the same events");
    written_again.count();
    return 0;
}
