#include "analyzer/daemon/inputs.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <stdexcept>
#include <system_error>

namespace guard::daemon {
namespace {

constexpr std::size_t kAtOnce = 1024;         // events
constexpr std::size_t kMostChanges = 10'000;  // of contracts that are journalled one by one

std::uint64_t control_number(const Positions& positions) {
    const auto known = positions.find(kControlStream);
    if (known == positions.end()) return 0;
    std::uint64_t number = 0;
    const char* const end = known->second.data() + known->second.size();
    if (std::from_chars(known->second.data(), end, number).ptr != end)
        throw std::runtime_error("the position in the control journal cannot be read: \"" + known->second + '"');
    return number;
}

std::optional<detection::Contract> find(const Contracts& contracts, const SubscriberKey& key) {
    const auto found = contracts.find(key);
    return found == contracts.end() ? std::nullopt : std::optional(found->second);
}

// Both are in the order of the keys.
ContractChanges changes(const Contracts& before, const Contracts& after) {
    ContractChanges result;
    auto old = before.begin();
    auto now = after.begin();
    while ((old != before.end() || now != after.end()) && result.changes.size() <= kMostChanges) {
        if (now == after.end() || (old != before.end() && old->first < now->first)) {
            result.changes.push_back({old->first, old->second, std::nullopt});
            ++old;
        } else if (old == before.end() || now->first < old->first) {
            result.changes.push_back({now->first, std::nullopt, now->second});
            ++now;
        } else {
            if (!(old->second == now->second)) result.changes.push_back({now->first, old->second, now->second});
            ++old, ++now;
        }
    }
    return result;
}

}  // namespace

Positions of_source(Positions positions) {
    positions.erase(kControlStream);
    return positions;
}

bool covers(const EventSource& source, const Positions& one, const Positions& other) {
    return control_number(other) <= control_number(one) && source.covers(of_source(one), of_source(other));
}

Inputs::Inputs(detection::Detector& detector, EventSource& source, ControlJournal& journal, const Clock& clock,
               std::chrono::seconds max_lag)
    : detector_(detector), source_(source), journal_(journal), clock_(clock), max_lag_(max_lag), events_(kAtOnce) {}

void Inputs::begin(Start start) {
    committed_ = of_source(start.committed);
    committed_number_ = control_number(start.committed);
    number_ = control_number(start.snapshot);
    actions_ = start.actions;
    allowed_ = std::move(start.allowed);
    contracts_ = std::move(start.contracts);
    gateways_ = std::move(start.gateways);
    places_.fingerprint = start.places;
    for (auto* inbox : {&releases_, &old_releases_}) inbox->open(start.since);
    for (auto* inbox : {&verdicts_, &old_verdicts_}) inbox->open(start.since);

    auto entries = journal_.take_entries();
    if (journal_.damaged() > 0) spdlog::info("event=control_journal_torn files={}", journal_.damaged());
    if (entries.empty() && start.snapshot.empty()) {
        for (const Release& release : start.releases)
            taken_by_time_.releases.emplace_back(release.time, release.number);
        for (const Verdict& verdict : start.verdicts)
            taken_by_time_.verdicts.emplace_back(verdict.time, verdict.number);
    }
    look_through(std::move(entries));
    const auto divide = [](auto told, const auto& by_time, auto& now, auto& old) {
        for (const auto& [time, number] : by_time) now.known(time, number);
        std::decay_t<decltype(told)> earlier;
        for (const auto& entry : told)
            if (std::find(by_time.begin(), by_time.end(), std::pair{entry.time, entry.number}) != by_time.end())
                earlier.push_back(entry);
        old.add(std::move(earlier));
        now.add(std::move(told));
    };
    divide(std::move(start.releases), taken_by_time_.releases, releases_, old_releases_);
    divide(std::move(start.verdicts), taken_by_time_.verdicts, verdicts_, old_verdicts_);

    apply(BreakerState(breaker_));
    apply(Lag(lag_));
    apply(Actions(actions_));
    know();
    source_.open(of_source(start.snapshot));
    source_.stop_at(entries_.empty() || entries_.back().number > committed_number_
                        ? committed_
                        : of_source(entries_.back().positions));
}

// What is in force where the snapshot was made is taken from before it; what came after it is still to come.
void Inputs::look_through(std::vector<ControlEntry> entries) {
    const std::uint64_t from = number_;
    const auto tail =
        std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.number > from; });
    const bool complete = tail != entries.end() ? tail->number == from + 1 : journal_.last() >= committed_number_;
    if (from > 0 && !complete) spdlog::warn("event=control_journal_gap after={}", from);
    for (auto entry = entries.begin(); entry != entries.end(); ++entry)
        std::visit([&](const auto& input) { look_at(input, entry < tail); }, entry->input);
    entries_.assign(std::make_move_iterator(tail), std::make_move_iterator(entries.end()));
    std::ranges::reverse(entries_);
}

template <class Input>
void Inputs::look_at(const Input& input, bool before) {
    if constexpr (std::is_same_v<Input, Release>) releases_.known(input.time, input.number);
    if constexpr (std::is_same_v<Input, Verdict>) verdicts_.known(input.time, input.number);
    if constexpr (std::is_same_v<Input, TakenByTime>) {
        for (const auto& [time, number] : input.releases) releases_.known(time, number);
        for (const auto& [time, number] : input.verdicts) verdicts_.known(time, number);
        if (!before) taken_by_time_ = input;
    }
    if constexpr (std::is_same_v<Input, ContractChanges>)
        if (!before)
            for (const auto& change : input.changes) contracts_then_.try_emplace(change.key, change.before);
    if constexpr (std::is_same_v<Input, Places>) {
        // Of those before the last alone counts, which was in force at the snapshot.
        if (before) other_places_ = false;
        apply(input);
    }
    constexpr bool stays = std::is_same_v<Input, BreakerState> || std::is_same_v<Input, Lag> ||
                           std::is_same_v<Input, Present> || std::is_same_v<Input, Actions> ||
                           std::is_same_v<Input, AllowList>;
    if constexpr (stays)
        if (before) apply(input);
}

bool Inputs::read(Batch& batch) {
    const bool more = read_events();
    const bool live = stage_ == Stage::live;
    if (!more && !live) end_of_stage();
    collect(batch);
    return more || !live;
}

// True when there may be more to read at once.
bool Inputs::read_events() {
    const Time now = clock_.now();
    looked_steady_ = clock_.steady();
    bool more = true;
    std::size_t count = 0;
    for (; count < kAtOnce; ++count) {
        const LoginEvent* event = source_.peek();
        more = event != nullptr;
        if (!more) break;
        if (count == 0 && stage_ == Stage::live) {
            // Of the newest event: one that comes late by itself does not mean that we are.
            const bool lagging = now > std::max(last_event_, event->time) + max_lag_;
            if (lagging != lag_.lagging) control(Lag{lagging});
        }
        const Time time = time_of(*event, now);
        take_due(time);
        LoginEvent& slot = events_[pending_++];
        slot = *event;
        slot.time = time;
        last_event_ = std::max(last_event_, time);
        source_.pop();
    }
    take_pending();
    if (count > 0) {
        idle_since_ = now;
        idle_since_steady_ = looked_steady_;
    }
    return more;
}

// The limit of the stage is reached: what took effect there comes now, or the next stage.
void Inputs::end_of_stage() {
    if (!entries_.empty() && (stage_ == Stage::journalled || entries_.back().number <= committed_number_)) {
        ControlEntry entry = std::move(entries_.back());
        entries_.pop_back();
        number_ = entry.number;
        std::visit([this](const auto& input) { apply(input); }, entry.input);
    } else if (stage_ == Stage::recorded) {
        take_due(last_event_);
        static_cast<void>(detector_.take_late_sessions());
        decisions_.clear();
        put_back_old();
        number_ = std::max(number_, committed_number_);
        stage_ = Stage::journalled;
    }
    if (!entries_.empty() && (stage_ == Stage::journalled || entries_.back().number <= committed_number_)) {
        source_.stop_at(of_source(entries_.back().positions));
    } else if (stage_ == Stage::recorded) {
        source_.stop_at(committed_);
    } else {
        source_.stop_at(std::nullopt);
        contracts_then_.clear();
        know();
        stage_ = Stage::live;
        idle_since_ = clock_.now();
        idle_since_steady_ = clock_.steady();
    }
}

// As of when the event is taken: its own time, unless that is in the future.
Time Inputs::time_of(const LoginEvent& event, Time now) {
    if (stage_ == Stage::live) {
        if (event.time > now + kMaxFuture) {
            ++counters_.future_events;
            if (present_.now != now) control(Present{now});
        } else if (present_.now && event.time > *present_.now + kMaxFuture) {
            control(Present{});
        }
    }
    return present_.now && event.time > *present_.now + kMaxFuture ? *present_.now : event.time;
}

// A release is an event: it takes its place among them by its time; and so does what a person found.
void Inputs::take_due(Time until) {
    const auto take = [&](Inbox<Release>& releases, Inbox<Verdict>& verdicts, const auto& use) {
        while (releases.due(until) || verdicts.due(until)) {
            const bool verdict_first =
                verdicts.due(until) &&
                (!releases.due(until) || verdicts.waiting().front().time < releases.waiting().front().time);
            if (verdict_first)
                use(verdicts.take());
            else
                use(releases.take());
        }
    };
    if (stage_ == Stage::live)
        take(releases_, verdicts_, [this](auto entry) { control(std::move(entry)); });
    else if (stage_ == Stage::recorded)
        take(old_releases_, old_verdicts_, [this](const auto& entry) {
            take_pending();
            apply(entry);
        });
}

// What is later than all that was recorded takes its place among what is to come.
void Inputs::put_back_old() {
    const auto put_back = [](auto& old, auto& now, auto& by_time) {
        while (old.due(Time::max())) {
            auto entry = old.take();
            std::erase(by_time, std::pair{entry.time, entry.number});
            now.put_back(std::move(entry));
        }
    };
    put_back(old_releases_, releases_, taken_by_time_.releases);
    put_back(old_verdicts_, verdicts_, taken_by_time_.verdicts);
}

// To the detectors several at a time, which is faster; each before whatever control input comes behind it.
void Inputs::take_pending() {
    if (pending_ == 0) return;
    views_.assign(events_.begin(), events_.begin() + static_cast<std::ptrdiff_t>(pending_));
    pending_ = 0;
    const std::size_t before = decisions_.size();
    detector_.on_events(views_, decisions_);
    if (stage_ == Stage::recorded) return;
    expect_disconnects(before);
    for (const LoginEventView& event : views_) open_disconnects_.seen(event, taken_);
}

// The decisions behind the first `from`.
void Inputs::expect_disconnects(std::size_t from) {
    for (; from < decisions_.size(); ++from) {
        const detection::Decision& decision = decisions_[from];
        if (!decision.enforced) continue;
        for (const IpAddress& address : decision.open_addresses)
            open_disconnects_.expect(decision.finding.service, decision.finding.id, address, decision.decided);
    }
}

void Inputs::control(ControlInput input) {
    if (stage_ != Stage::live) return;
    take_pending();
    journal(input);
    std::visit([this](const auto& value) { apply(value); }, input);
}

// What cannot be journalled takes effect all the same: that thieves are found matters more than that a restart repeats
// it to the letter, and the next snapshot makes good for it.
void Inputs::journal(const ControlInput& input) {
    try {
        begin_file();
        number_ = journal_.append(input, source_.positions(), clock_.now());
    } catch (const std::system_error& error) {
        ++counters_.journal_failures;
        incomplete_ = true;
        trouble_.warn(std::string("event=control_journal_not_written detail=\"") + error.what() + '"');
    }
}

// Each file says what is in force at its beginning: the one before it may go. After what could not be written there is
// a new one.
void Inputs::begin_file() {
    if (!incomplete_ && !journal_.wants_new_file(clock_.steady())) return;
    journal_.begin(number_, clock_.now(), clock_.steady());
    for (const ControlInput& each : in_force()) number_ = journal_.append(each, source_.positions(), clock_.now());
    incomplete_ = false;
}

std::vector<ControlInput> Inputs::in_force() const {
    return {breaker_, lag_, present_, actions_, allowed_, places_};
}

void Inputs::caught_up(Batch& batch) {
    if (stage_ != Stage::live) return;
    take_due(Time::max());
    // The clock may have been set while nothing came: time goes on from the last event as if it had not. As far as to
    // when it was looked for events: whoever was stopped since then has not seen those that came meanwhile.
    const Time now = idle_since_ + std::chrono::duration_cast<Microseconds>(looked_steady_ - idle_since_steady_);
    if (lag_.lagging) control(Lag{false});
    if (const auto due = detector_.next_settled(); due && *due <= now) control(Tick{now});
    collect(batch);
}

void Inputs::collect(Batch& batch) {
    auto late = detector_.take_late_sessions();
    if (stage_ == Stage::recorded) {
        decisions_.clear();
        return;
    }
    for (const detection::LateSession& session : late)
        for (const IpAddress& address : session.addresses)
            open_disconnects_.expect(session.service, session.id, address, last_event_);
    std::move(decisions_.begin(), decisions_.end(), std::back_inserter(batch.decisions));
    std::move(late.begin(), late.end(), std::back_inserter(batch.late_sessions));
    std::move(taken_.begin(), taken_.end(), std::back_inserter(batch.taken));
    taken_.clear();
    decisions_.clear();
    batch.positions = positions();
    batch.event_time = last_event_;
}

void Inputs::meet_database(const std::vector<detection::OpenSuspension>& open,
                           std::vector<detection::CarriedOut> carried_out, Batch& batch) {
    while (auto verdict =
               verdicts_.take_if([](const Verdict& waiting) { return waiting.kind == Verdict::Kind::suspended; }))
        control(std::move(*verdict));
    if (detector_.restore_breaker(carried_out)) journal(BreakerCounts{std::move(carried_out)});
    if (detector_.restore_suspensions(open)) journal(Suspensions{open});
    // Of each process, also when there is nothing to tell: that is how the next one knows in which mode this one was.
    journal(std::exchange(taken_by_time_, {}));
    if (other_places_) {
        spdlog::warn("event=replayed_with_other_places");
        journal(places_);
        other_places_ = false;
    }
    collect(batch);
}

void Inputs::set_breaker_open(bool open) {
    if (open != breaker_.open) control(BreakerState{open});
}

void Inputs::set_actions(const Actions& actions) {
    if (!(actions == actions_)) control(actions);
}

void Inputs::set_allowed(const AllowList& allowed) {
    if (!(allowed == allowed_)) control(allowed);
}

void Inputs::set_contracts(std::shared_ptr<const Contracts> contracts) {
    if (stage_ != Stage::live) return;
    auto changed = changes(*contracts_, *contracts);
    if (changed.changes.empty()) return;
    if (changed.changes.size() > kMostChanges) changed.changes.clear();
    take_pending();
    journal(changed);
    contracts_ = std::move(contracts);
    know();
}

void Inputs::set_places(std::shared_ptr<const geo::Locator> locator, std::vector<IpAddress> gateways,
                        const std::string& fingerprint) {
    if (stage_ != Stage::live) return;
    take_pending();
    places_.fingerprint = fingerprint;
    journal(places_);
    detector_.set_locator(std::move(locator));
    gateways_ = std::move(gateways);
    know();
}

void Inputs::keep_term(std::chrono::seconds retention) {
    journal_.keep_term(retention, clock_.now());
}

Positions Inputs::positions() const {
    Positions positions = source_.positions();
    positions[kControlStream] = std::to_string(number_);
    return positions;
}

// What is in force, to the detectors. The maps stay as they are when new ones are read.
void Inputs::know() {
    detection::Knowledge knowledge;
    knowledge.gateways = gateways_;
    knowledge.contract = [contracts = contracts_, then = contracts_then_](
                             Service service, const std::string& id) -> std::optional<detection::Contract> {
        if (const auto other = then.find({service, id}); other != then.end()) return other->second;
        return find(*contracts, {service, id});
    };
    knowledge.allowed = [allowed = allowed_.entries](Service service, const std::string& id, Time now) {
        const auto found = allowed.find({service, id});
        return found != allowed.end() && now < found->second;
    };
    detector_.set_knowledge(std::move(knowledge));
}

void Inputs::apply(const Release& release) {
    detector_.release(release.service, release.id, release.time);
}

void Inputs::apply(const Verdict& verdict) {
    switch (verdict.kind) {
        case Verdict::Kind::suspended:
            detector_.suspend_by_person(verdict.service, verdict.id, verdict.time);
            break;
        case Verdict::Kind::ordinary:
            detector_.found_ordinary(verdict.service, verdict.id, verdict.places, verdict.time);
            break;
        case Verdict::Kind::dismissed:
            detector_.dismiss(verdict.service, verdict.id, verdict.time);
            break;
    }
}

void Inputs::apply(const BreakerState& breaker) {
    breaker_ = breaker;
    detector_.set_breaker_open(breaker.open);
}

void Inputs::apply(const Lag& lag) {
    lag_ = lag;
    detector_.set_lagging(lag.lagging);
}

void Inputs::apply(const Tick& tick) {
    const std::size_t before = decisions_.size();
    detector_.advance(tick.now, decisions_);
    if (stage_ != Stage::recorded) expect_disconnects(before);
}

void Inputs::apply(const Present& present) {
    present_ = present;
}

void Inputs::apply(const Actions& actions) {
    actions_ = actions;
    config::DetectionSettings settings;
    settings.mode = actions.mode;
    settings.profile = actions.profile;
    settings.rule_modes = actions.rule_modes;
    detector_.set_actions(settings);
}

void Inputs::apply(const AllowList& allowed) {
    allowed_ = allowed;
    know();
}

// Read again: the contracts are those of now but where the journal knows what they were then.
void Inputs::apply(const ContractChanges& contracts) {
    for (const auto& change : contracts.changes) contracts_then_.insert_or_assign(change.key, change.after);
    know();
}

// The files of then are not there any more; that they were others may lead to something else.
void Inputs::apply(const Places& places) {
    other_places_ = other_places_ || (!places.fingerprint.empty() && places.fingerprint != places_.fingerprint);
}

}  // namespace guard::daemon
