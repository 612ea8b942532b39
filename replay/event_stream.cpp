#include "replay/event_stream.hpp"

#include <algorithm>
#include <thread>

#include "replay/read_ahead.hpp"

namespace guard::replay {
namespace {

constexpr std::size_t kMaxInputs = 10'000;

unsigned threads_of(const StreamOptions& options) {
    return options.threads > 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
}

// All that is wrong with options that have nothing to do with a file.
std::vector<std::string> mistakes_of(const StreamOptions& options) {
    std::vector<std::string> mistakes;
    if (options.inputs.empty()) mistakes.emplace_back("no input");
    if (options.inputs.size() > kMaxInputs)
        mistakes.push_back(std::to_string(options.inputs.size()) + " inputs, expected at most " +
                           std::to_string(kMaxInputs));
    if (std::count_if(options.inputs.begin(), options.inputs.end(), is_standard_input) > 1)
        mistakes.emplace_back("standard input is named more than once");
    if (options.year && (*options.year < 1970 || *options.year > 9999))
        mistakes.push_back("found the year " + std::to_string(*options.year) + ", expected one from 1970 to 9999");
    if (options.id && !options.normalise(*options.id))
        mistakes.push_back("found an ID of " + std::to_string(options.id->size()) + " bytes (" +
                           options.normalise.fingerprint() + "), expected one of 1 to " + std::to_string(kMaxIdBytes));
    return mistakes;
}

}  // namespace

struct EventStream::State {
    explicit State(StreamOptions stream_options)
        : options(std::move(stream_options)), threads(threads_of(options)), pool(threads > 2 ? threads - 2 : 0) {}

    ~State() { stop.set(); }  // nobody waits for standard input any more

    const StreamOptions options;
    Stop stop;
    const unsigned threads;
    std::vector<InputCounts> counts;  // of the inputs
    std::optional<Merge> merge;
    WorkerPool pool;                 // its threads use what is above; so does the next
    std::optional<ReadAhead> ahead;  // with more threads than one
};

EventStream::EventStream(std::unique_ptr<State> state) : state_(std::move(state)) {}
EventStream::EventStream(EventStream&&) noexcept = default;
EventStream& EventStream::operator=(EventStream&&) noexcept = default;
EventStream::~EventStream() = default;

Expected<EventStream, std::vector<std::string>> EventStream::open(StreamOptions options) {
    auto mistakes = mistakes_of(options);
    const auto zone = Zone::find(options.zone);
    if (!zone) mistakes.push_back(zone.error());
    if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
    auto state = std::make_unique<State>(std::move(options));
    const Time now = SystemClock().now();
    state->counts.resize(state->options.inputs.size());
    std::vector<std::unique_ptr<Input>> inputs;
    for (std::size_t i = 0; i < state->options.inputs.size(); ++i) {
        auto input = Input::open(i, state->options, *zone, now, state->stop, state->counts[i]);
        if (input) {
            inputs.push_back(std::move(*input));
        } else {
            mistakes.push_back(std::move(input.error()));
        }
    }
    if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
    state->merge.emplace(std::move(inputs), state->options, state->threads, state->pool, state->stop, state->counts);
    if (state->threads > 1) state->ahead.emplace(*state->merge, state->pool, state->stop);
    return EventStream(std::move(state));
}

bool EventStream::next(Batch& batch) {
    State& state = *state_;
    if (!state.ahead) return state.merge->next(batch);
    if (state.ahead->next(batch)) return true;
    // What is not handed out was not read.
    for (const Batch& left : state.ahead->left_over())
        for (const StreamEvent& event : left) {
            --state.counts[event.input].events;
            --state.counts[event.input].by_protocol[static_cast<std::size_t>(event.protocol)];
        }
    state.ahead.reset();
    return false;
}

void EventStream::stop() {
    state_->stop.set();
}

const std::vector<InputCounts>& EventStream::counts() const {
    return state_->counts;
}

std::vector<MalformedLine> EventStream::faults() const {
    std::vector<MalformedLine> faults;
    for (const auto& input : state_->merge->inputs())
        faults.insert(faults.end(), input->faults().begin(), input->faults().end());
    return faults;
}

StreamProgress EventStream::progress() const {
    StreamProgress progress;
    bool known = true;
    for (const auto& input : state_->merge->inputs()) {
        progress.bytes += input->bytes();
        progress.of += input->size().value_or(0);
        known = known && input->size();
    }
    if (!known) progress.of = 0;
    return progress;
}

}  // namespace guard::replay
