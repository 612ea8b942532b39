// Stands in for replay/event_stream.cpp: JSON Lines, files one after the other.
#include <algorithm>
#include <queue>

#include "replay/event_stream.hpp"
#include "replay/jsonl_reader.hpp"

namespace guard::replay {
namespace {

struct Later {
    bool operator()(const StreamEvent& a, const StreamEvent& b) const {
        const auto key = [](const StreamEvent& read) {
            return std::tie(read.event.time, read.event.service, read.event.id, read.event.kind, read.event.addresses,
                            read.line);
        };
        return key(b) < key(a);
    }
};

}  // namespace

struct EventStream::State {
    StreamOptions options;
    std::vector<JsonlReader> readers;
    std::vector<InputCounts> counts;
    std::priority_queue<StreamEvent, std::vector<StreamEvent>, Later> waiting;
    Time newest = Time::min();
    std::size_t at = 0;
    std::optional<std::string> id;

    bool wanted(const StreamEvent& read) const {
        const LoginEvent& event = read.event;
        return (!options.service || event.service == *options.service) &&
               (!options.since || event.time >= *options.since) && (!options.until || event.time < *options.until) &&
               (!id || event.id == *id);
    }
    void hand_out(Batch& batch, bool all) {
        while (!waiting.empty() && (all || waiting.top().event.time + options.reorder < newest)) {
            if (wanted(waiting.top())) {
                ++counts[at].events;
                ++counts[at].by_protocol.at(static_cast<std::size_t>(waiting.top().protocol));
                batch.push_back(waiting.top());
            } else {
                ++counts[at].ignored.at(static_cast<std::size_t>(Ignored::not_wanted));
            }
            waiting.pop();
        }
    }
};

Expected<EventStream, std::vector<std::string>> EventStream::open(StreamOptions options) {
    auto state = std::make_unique<State>();
    std::vector<std::string> mistakes;
    for (const std::string& input : options.inputs) {
        auto reader = JsonlReader::open(input, options.normalise);
        if (!reader) {
            mistakes.push_back(reader.error());
            continue;
        }
        state->readers.push_back(std::move(*reader));
        state->counts.push_back({input == "-" ? "standard input" : input, "jsonl", 0, 0, {}, {}, 0, 0});
    }
    if (!mistakes.empty()) return unexpected(std::move(mistakes));
    if (options.id) state->id = options.normalise(*options.id);
    state->options = std::move(options);
    return EventStream(std::move(state));
}

EventStream::EventStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
EventStream::EventStream(EventStream&&) noexcept = default;
EventStream& EventStream::operator=(EventStream&&) noexcept = default;
EventStream::~EventStream() = default;

bool EventStream::next(Batch& batch) {
    batch.clear();
    State& state = *state_;
    while (batch.size() < 4096) {
        if (state.at == state.readers.size()) return !batch.empty();
        JsonlReader& reader = state.readers[state.at];
        const auto line = reader.next();
        const LineCounts& counts = reader.counts();
        state.counts[state.at].lines = counts.lines;
        state.counts[state.at].malformed = counts.malformed;
        state.counts[state.at].ignored[0] = counts.blank;
        if (!line) {
            state.hand_out(batch, true);
            state.newest = Time::min();
            ++state.at;
            continue;
        }
        if (!*line) continue;
        StreamEvent read;
        read.event = **line;
        read.protocol = read.event.service == Service::pppoe ? Protocol::pppoe : Protocol::smtp;
        read.input = static_cast<std::uint32_t>(state.at);
        read.line = counts.lines;
        state.newest = std::max(state.newest, read.event.time);
        state.waiting.push(std::move(read));
        state.hand_out(batch, false);
    }
    return true;
}

const std::vector<InputCounts>& EventStream::counts() const {
    return state_->counts;
}
std::vector<MalformedLine> EventStream::faults() const {
    std::vector<MalformedLine> all;
    for (const JsonlReader& reader : state_->readers)
        all.insert(all.end(), reader.malformed().begin(), reader.malformed().end());
    return all;
}
StreamProgress EventStream::progress() const {
    return {};
}
std::vector<std::string> format_names() {
    return {"jsonl"};
}

}  // namespace guard::replay
