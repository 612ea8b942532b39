#include "replay/event_stream.hpp"

#include <algorithm>
#include <thread>

#include "replay/input.hpp"

namespace guard::replay {
namespace {

constexpr std::size_t kBatchEvents = 2048;
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
        : options(std::move(stream_options)), threads(threads_of(options)), pool(threads - 1) {}

    // Whether `a` is to be handed out after `b`.
    static bool after(const Input* a, const Input* b) {
        if (a->sorter().front_key() != b->sorter().front_key())
            return b->sorter().front_key() < a->sorter().front_key();
        if (EventSorter::before(a->sorter().front(), b->sorter().front())) return false;
        if (EventSorter::before(b->sorter().front(), a->sorter().front())) return true;
        return b->name() < a->name();
    }

    void begin(Input& input) {
        input.begin(pool, 2 * threads + 1);
        if (!input.advance(pool)) return;
        begun.push_back(&input);
        std::push_heap(begun.begin(), begun.end(), after);
    }
    // Begins whatever may have the next event of all. False: there are no more.
    bool has_next() {
        while (!later.empty() && (begun.empty() || later.back()->bound() <= begun.front()->sorter().front_key())) {
            Input* const input = later.back();
            later.pop_back();
            begin(*input);
        }
        return !begun.empty();
    }
    void pop(StreamEvent& event) {
        std::pop_heap(begun.begin(), begun.end(), after);
        Input& input = *begun.back();
        input.sorter().pop(event);
        if (input.sorter().has_next() || input.advance(pool)) {
            std::push_heap(begun.begin(), begun.end(), after);
        } else {
            begun.pop_back();
        }
    }
    const StreamOptions options;
    Stop stop;
    const unsigned threads;
    std::vector<std::unique_ptr<Input>> inputs;  // as in the options
    std::vector<Input*> later;                   // not yet begun, the latest first
    std::vector<Input*> begun;                   // with an event waiting: a heap
    std::vector<InputCounts> counts;             // of the inputs
    std::exception_ptr failure;
    WorkerPool pool;  // last: its threads use the rest
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
    for (std::size_t i = 0; i < state->options.inputs.size(); ++i) {
        auto input = Input::open(i, state->options, *zone, now, state->stop, state->counts[i]);
        if (input) {
            state->inputs.push_back(std::move(*input));
        } else {
            mistakes.push_back(std::move(input.error()));
        }
    }
    if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
    for (const auto& input : state->inputs) state->later.push_back(input.get());
    std::sort(state->later.begin(), state->later.end(), [](const Input* a, const Input* b) {
        return a->bound() != b->bound() ? b->bound() < a->bound() : b->name() < a->name();
    });
    return EventStream(std::move(state));
}

bool EventStream::next(Batch& batch) {
    State& state = *state_;
    if (state.failure) std::rethrow_exception(state.failure);
    batch.resize(kBatchEvents);
    std::size_t count = 0;
    try {
        while (count < kBatchEvents && !state.stop.is_set() && state.has_next()) state.pop(batch[count++]);
    } catch (...) {
        // What was found so far is handed out first.
        state.failure = std::current_exception();
        if (count == 0) throw;
    }
    batch.resize(count);
    return count > 0;
}

void EventStream::stop() {
    state_->stop.set();
}

const std::vector<InputCounts>& EventStream::counts() const {
    return state_->counts;
}

std::vector<MalformedLine> EventStream::faults() const {
    std::vector<MalformedLine> faults;
    for (const auto& input : state_->inputs)
        faults.insert(faults.end(), input->faults().begin(), input->faults().end());
    return faults;
}

StreamProgress EventStream::progress() const {
    StreamProgress progress;
    bool known = true;
    for (const auto& input : state_->inputs) {
        progress.bytes += input->bytes();
        progress.of += input->size().value_or(0);
        known = known && input->size();
    }
    if (!known) progress.of = 0;
    return progress;
}

}  // namespace guard::replay
