#include "replay/merge.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace guard::replay {
namespace {

constexpr std::size_t kBatchEvents = 2048;

}  // namespace

Merge::Merge(std::vector<std::unique_ptr<Input>> inputs, const StreamOptions& options, unsigned threads,
             WorkerPool& pool, const Stop& stop, std::vector<InputCounts>& counts)
    : options_(options),
      threads_(threads),
      pool_(pool),
      stop_(stop),
      counts_(counts),
      mail_wanted_(options.imap || options.pop3),
      ledger_(mail_wanted_),
      inputs_(std::move(inputs)) {
    if (options.id) wanted_id_ = options.normalise(*options.id);
    for (const auto& input : inputs_) later_.push_back(input.get());
    std::stable_sort(later_.begin(), later_.end(), [](const Input* a, const Input* b) {
        return a->bound() != b->bound() ? b->bound() < a->bound() : b->name() < a->name();
    });
    for (std::size_t i = 0; i < later_.size(); ++i) later_[i]->set_rank(later_.size() - i);
}

bool Merge::before(const StreamEvent& a, const StreamEvent& b) {
    const auto key = [](const StreamEvent& event) {
        const LoginEvent& login = event.event;
        return std::tie(login.time, login.service, login.id, login.kind, login.addresses, event.protocol,
                        event.attempts);
    };
    return key(a) < key(b);
}

bool Merge::after(const Input* a, const Input* b) {
    const auto key = [](const Input* input) {
        return std::tuple(input->sorter().front_key(), !input->sorter().front_is_late(), input->rank());
    };
    return key(b) < key(a);
}

void Merge::begin(Input& input) {
    input.begin(pool_, threads_ > 1 ? 8 * threads_ : 1, spill_);
    if (!input.advance(pool_)) return;
    begun_.push_back(&input);
    std::push_heap(begun_.begin(), begun_.end(), after);
}

bool Merge::has_next() {
    while (!later_.empty() && (begun_.empty() || later_.back()->bound() <= begun_.front()->sorter().front_key())) {
        Input* const input = later_.back();
        later_.pop_back();
        begin(*input);
    }
    return !begun_.empty();
}

void Merge::pop(StreamEvent& event) {
    std::pop_heap(begun_.begin(), begun_.end(), after);
    Input& input = *begun_.back();
    input.sorter().pop(event);
    if (input.sorter().has_next() || input.advance(pool_)) {
        std::push_heap(begun_.begin(), begun_.end(), after);
    } else {
        begun_.pop_back();
        input.set_ended();
    }
}

void Merge::take_next(Batch& batch, std::size_t& count) {
    const Time time = begun_.front()->sorter().front_key();
    release(time, batch, count);
    const std::size_t first = count;
    const auto take = [&] {
        if (count == batch.size()) batch.emplace_back();
        pop(batch[count++]);
    };
    const bool late = begun_.front()->sorter().front_is_late();
    const auto goes_on = [&] {
        return has_next() && begun_.front()->sorter().front_key() == time && !begun_.front()->sorter().front_is_late();
    };
    try {
        do take();
        while (!late && goes_on());
    } catch (...) {
        settle(batch, first, count);  // what was read before an input broke off counts
        throw;
    }
    if (count - first > 1 && inputs_.size() > 1) drop_copies(batch, first, count);
    settle(batch, first, count);
}

Merge::Part Merge::part(const StreamEvent& event) const {
    const Input& input = *inputs_[event.input];
    const bool begins = input.first_key() == event.event.time;
    if (begins == input.ended()) return Part::middle;
    return begins ? Part::begin : Part::end;
}

std::size_t Merge::times(const Batch& batch, std::size_t begin, std::size_t end) const {
    std::array<std::size_t, 3> most{};
    while (begin < end) {
        const StreamEvent& first = batch[order_[begin]];
        std::size_t behind = begin;
        while (behind < end && batch[order_[behind]].input == first.input) ++behind;
        std::size_t& of_part = most.at(static_cast<std::size_t>(part(first)));
        of_part = std::max(of_part, behind - begin);
        begin = behind;
    }
    return std::max(most[static_cast<std::size_t>(Part::middle)],
                    most[static_cast<std::size_t>(Part::end)] + most[static_cast<std::size_t>(Part::begin)]);
}

// A line in two logs is one: Exim's main and reject log, what rsyslog writes to mail.log and to mail.info. But of a log
// that ends in this second and one that begins in it, the second goes on where the first was rotated.
void Merge::drop_copies(Batch& batch, std::size_t first, std::size_t& count) {
    order_.clear();
    in_input_.clear();
    for (std::size_t i = first; i < count; ++i) {
        if (batch[i].trace.text == 0) continue;
        order_.push_back(i);
        ++in_input_[batch[i].input];
    }
    if (in_input_.size() < 2) return;
    // What stays is that of the log that says most: its lines are in their order, those of an excerpt are not.
    const auto key = [&](std::size_t i) {
        const StreamEvent& event = batch[i];
        return std::tuple(event.trace.text, count - in_input_[event.input], inputs_[event.input]->rank(), i);
    };
    std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
    dropped_.assign(count - first, false);
    for (std::size_t begin = 0, end = 0; begin < order_.size(); begin = end) {
        while (end < order_.size() && batch[order_[end]].trace.text == batch[order_[begin]].trace.text) ++end;
        const std::size_t counted = times(batch, begin, end);
        for (std::size_t i = begin + std::min(counted, end - begin); i < end; ++i) dropped_[order_[i] - first] = true;
    }
    std::size_t kept = first;
    for (std::size_t i = first; i < count; ++i) {
        if (dropped_[i - first]) {
            if (batch[i].attempts > 0) ignore(batch[i], Ignored::repeated);
            continue;
        }
        if (kept != i) std::swap(batch[kept], batch[i]);
        ++kept;
    }
    count = kept;
    const auto at = [&](std::size_t i) { return batch.begin() + static_cast<std::ptrdiff_t>(i); };
    std::stable_sort(at(first), at(count),
                     [&](const StreamEvent& a, const StreamEvent& b) { return part(a) < part(b); });
}

void Merge::release(std::optional<Time> now, Batch& batch, std::size_t& count) {
    while (held_.take_due(now, taken_)) {
        if (count == batch.size()) batch.emplace_back();
        std::swap(batch[count++], taken_);
        settle(batch, count - 1, count, true);
    }
}

// In a second whose lines stand in several logs nobody knows which came first: so all of it is held, then looked at.
void Merge::hold_rejects(Batch& batch, std::size_t first, std::size_t& count) {
    std::size_t kept = first;
    for (std::size_t i = first; i < count; ++i) {
        if (HeldRejects::concerns(batch[i])) {
            held_.hold(batch[i]);
            continue;
        }
        if (kept != i) std::swap(batch[kept], batch[i]);
        ++kept;
    }
    count = kept;
    for (std::size_t i = first; i < count; ++i) {
        if (batch[i].event.kind != Kind::accept) continue;
        while (held_.take_accepted(batch[i], taken_)) ignore(taken_, Ignored::repeated);
    }
}

void Merge::settle(Batch& batch, std::size_t first, std::size_t& count, bool held) {
    if (mail_wanted_ && !held) hold_rejects(batch, first, count);
    std::size_t kept = first;
    for (std::size_t i = first; i < count; ++i) {
        StreamEvent& read = batch[i];
        if (read.protocol != Protocol::pppoe && !take_attempts(read)) continue;
        if (!wanted(read.event)) {
            ignore(read, Ignored::not_wanted);
            continue;
        }
        InputCounts& counts = counts_[read.input];
        ++counts.events;
        ++counts.by_protocol[static_cast<std::size_t>(read.protocol)];
        if (kept != i) batch[kept] = std::move(read);
        ++kept;
    }
    count = kept;
    const auto at = [&](std::size_t i) { return batch.begin() + static_cast<std::ptrdiff_t>(i); };
    if (count - first > 1) std::sort(at(first), at(count), before);
}

bool Merge::take_attempts(StreamEvent& read) {
    LoginEvent& login = read.event;
    LogEvent event;
    event.at.time = login.time;
    event.protocol = read.protocol;
    event.kind = login.kind;
    event.id = login.id;
    event.addresses = login.addresses;
    event.attempts = read.attempts;
    event.connection = read.trace.connection;
    event.summary = read.trace.summary;
    event.copied = read.trace.copied;
    event.witness = read.trace.witness;
    if (!ledger_.take(event)) {
        // A note without attempts is of a line that is counted already.
        const bool not_wanted = event.protocol == Protocol::mail && !mail_wanted_;
        if (read.attempts > 0) ignore(read, not_wanted ? Ignored::not_wanted : Ignored::repeated);
        return false;
    }
    read.attempts = event.attempts;
    if (login.id.empty()) login.id = event.id;
    return true;
}

bool Merge::wanted(const LoginEvent& event) const {
    return (!options_.since || event.time >= *options_.since) && (!options_.until || event.time < *options_.until) &&
           (!wanted_id_ || event.id == *wanted_id_);
}

void Merge::ignore(const StreamEvent& read, Ignored why) {
    ++counts_[read.input].ignored[static_cast<std::size_t>(why)];
}

bool Merge::next(Batch& batch) {
    if (failure_) std::rethrow_exception(failure_);
    batch.resize(std::max(batch.size(), kBatchEvents));
    std::size_t count = 0;
    try {
        while (count < kBatchEvents && !stop_.is_set() && has_next()) take_next(batch, count);
        if (count < kBatchEvents && !stop_.is_set()) release(std::nullopt, batch, count);
    } catch (...) {
        failure_ = std::current_exception();
        release(std::nullopt, batch, count);
        if (count == 0) throw;
    }
    batch.resize(count);
    return count > 0;
}

}  // namespace guard::replay
