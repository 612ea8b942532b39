#include "replay/jsonl_reader.hpp"

#include "replay/formats/jsonl.hpp"
#include "replay/line_reader.hpp"

namespace guard::replay {

static_assert(kLongestLine == JsonlParser::kLongestLine);

struct JsonlReader::State {
    State(std::string file_name, LineReader line_reader, IdNormalisation normalisation)
        : name(std::move(file_name)), lines(std::move(line_reader)), normalise(normalisation) {}

    // The event of a line, or its fault, or none of a blank one.
    std::optional<Expected<LoginEvent, Fault>> read(const LineReader::Line& line);

    std::string name;
    LineReader lines;
    IdNormalisation normalise;
    JsonlParser parser;
    ParsedChunk chunk;
    LineCounts counts;
    std::vector<MalformedLine> kept;
};

std::optional<Expected<LoginEvent, Fault>> JsonlReader::State::read(const LineReader::Line& line) {
    if (line.too_long)
        return unexpected(Fault{0, "a line of more than " + std::to_string(kLongestLine) + " bytes", "a shorter one"});
    std::string_view text = line.text;
    if (counts.lines == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    parser.parse(text, chunk);
    if (!chunk.faults.empty()) return unexpected(std::move(chunk.faults.front()));
    if (chunk.events.empty()) return std::nullopt;
    const LogEvent& event = chunk.events.front();
    auto id = normalise(event.id);
    if (!id)
        return unexpected(
            Fault{0, "an ID of " + std::to_string(event.id.size()) + " bytes (" + normalise.fingerprint() + ')',
                  "an \"id\" of 1 to " + std::to_string(kMaxIdBytes) + " bytes"});
    const Service service = event.protocol == Protocol::pppoe ? Service::pppoe : Service::smtp_auth;
    return LoginEvent{service, event.kind, std::move(*id), event.addresses, event.at.time};
}

JsonlReader::JsonlReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
JsonlReader::JsonlReader(JsonlReader&&) noexcept = default;
JsonlReader& JsonlReader::operator=(JsonlReader&&) noexcept = default;
JsonlReader::~JsonlReader() = default;

Expected<JsonlReader> JsonlReader::open(const std::filesystem::path& file, IdNormalisation normalise) {
    auto lines = LineReader::open(file);
    if (!lines) return unexpected(std::move(lines.error()));
    const std::string name = file == "-" ? "standard input" : file.string();
    return JsonlReader(std::make_unique<State>(name, std::move(*lines), normalise));
}

std::optional<Expected<LoginEvent, MalformedLine>> JsonlReader::next() {
    State& state = *state_;
    while (const auto line = state.lines.next()) {
        ++state.counts.lines;
        auto event = state.read(*line);
        if (!event) {
            ++state.counts.blank;
            continue;
        }
        if (*event) {
            ++state.counts.events;
            return std::move(**event);
        }
        ++state.counts.malformed;
        MalformedLine malformed{state.name, state.counts.lines, std::move(event->error().found),
                                std::move(event->error().expected)};
        if (state.kept.size() < kKept) state.kept.push_back(malformed);
        return unexpected(std::move(malformed));
    }
    return std::nullopt;
}

const LineCounts& JsonlReader::counts() const {
    return state_->counts;
}
std::span<const MalformedLine> JsonlReader::malformed() const {
    return state_->kept;
}

}  // namespace guard::replay
