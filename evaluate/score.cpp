#include "evaluate/score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "evaluate/bounds.hpp"

namespace guard::evaluate {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

double seconds_between(Time start, Time end) {
    return end == Time::max() ? kNever : std::chrono::duration<double>(end - start).count();
}

bool is_innocent(Class meaning) {
    return meaning == Class::innocent || meaning == Class::gateway;
}

}  // namespace

std::optional<double> Delays::quantile(double share) const {
    if (sorted.empty()) return std::nullopt;
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

double Delays::upper_bound(double share) const {
    const std::size_t rank = quantile_upper_rank(share, sorted.size());
    return rank < sorted.size() ? sorted[rank] : kNever;
}

void Delays::add(const Delays& other) {
    sorted.insert(sorted.end(), other.sorted.begin(), other.sorted.end());
    std::sort(sorted.begin(), sorted.end());
}

LabelResult& LabelResult::operator+=(const LabelResult& other) {
    count += other.count;
    suspended += other.suspended;
    review += other.review;
    early += other.early;
    found.add(other.found);
    stopped.add(other.stopped);
    unlimited.add(other.unlimited);
    for (const auto& [reason, number] : other.held) held[reason] += number;
    return *this;
}

std::string_view to_string(Wrong::What what) {
    switch (what) {
        case Wrong::What::innocent_suspended:
            return "innocent_suspended";
        case Wrong::What::innocent_blocked:
            return "innocent_blocked";
        case Wrong::What::missed:
            break;
    }
    return "missed";
}

std::uint16_t Score::number_of(const std::string& word) {
    const auto known = std::find(words_.begin(), words_.end(), word);
    if (known != words_.end()) return static_cast<std::uint16_t>(known - words_.begin());
    if (words_.size() == std::numeric_limits<std::uint16_t>::max()) return 0;
    words_.push_back(word);
    return static_cast<std::uint16_t>(words_.size() - 1);
}

void Score::note(Stopped& state, const Verdict& verdict) {
    if (verdict.action == Action::review) {
        state.review = true;
        state.reason = number_of(verdict.reason);
    } else if (verdict.found < state.time) {
        state.stopped = true;
        state.time = verdict.found;
        state.rule = number_of(verdict.rule);
    }
}

void Score::add(const Verdict& verdict) {
    if (verdict.action == Action::record) return;
    const auto number = truth_.find(verdict.subject);
    const bool innocent = !number || is_innocent(label_of(truth_.rows()[*number]).meaning);
    if (innocent && verdict.action == Action::review && !verdict.subject.source &&
        verdict.subject.service == Service::smtp_auth)
        ++innocent_mail_reviews_;
    if (!number) {
        note(ordinary_[key_of(verdict.subject)], verdict);
        return;
    }
    Row& row = rows_[*number];
    if (verdict.found < truth_.rows()[*number].attack_start) {
        note(row.early, verdict);
        return;
    }
    row.found = std::min(row.found, verdict.found);
    if (verdict.action != Action::review || verdict.reason == "breaker")
        row.unlimited = std::min(row.unlimited, verdict.decided);
    if (verdict.action != Action::review) {
        row.stopped = std::min(row.stopped, verdict.decided);
        return;
    }
    row.review = true;
    row.reason = number_of(verdict.reason);
}

std::vector<LabelResult> Score::by_label() const {
    std::vector<LabelResult> results(simulate::kLabels);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const Row& row = rows_[i];
        const TruthRow& truth = truth_.rows()[i];
        LabelResult& result = results[static_cast<std::size_t>(truth.label)];
        ++result.count;
        if (!simulate::is_attack(label_of(truth).meaning)) {
            result.suspended += row.early.stopped ? 1 : 0;
            if (!row.early.review || row.early.stopped) continue;
            ++result.review;
            ++result.held[words_.at(row.early.reason)];
            continue;
        }
        const bool stopped = row.stopped != Time::max();
        result.suspended += stopped ? 1 : 0;
        if (row.review && !stopped) {
            ++result.review;
            ++result.held[words_.at(row.reason)];
        }
        result.early += row.early.stopped ? 1 : 0;
        result.found.sorted.push_back(seconds_between(truth.attack_start, row.found));
        result.stopped.sorted.push_back(seconds_between(truth.attack_start, row.stopped));
        result.unlimited.sorted.push_back(seconds_between(truth.attack_start, row.unlimited));
    }
    for (LabelResult& result : results) {
        std::sort(result.found.sorted.begin(), result.found.sorted.end());
        std::sort(result.stopped.sorted.begin(), result.stopped.sorted.end());
        std::sort(result.unlimited.sorted.begin(), result.unlimited.sorted.end());
    }
    return results;
}

std::uint64_t Score::ordinary_suspended() const {
    return static_cast<std::uint64_t>(std::count_if(ordinary_.begin(), ordinary_.end(), [](const auto& entry) {
        return entry.first.front() != 's' && entry.second.stopped;
    }));
}

std::uint64_t Score::ordinary_in_review() const {
    return static_cast<std::uint64_t>(std::count_if(ordinary_.begin(), ordinary_.end(), [](const auto& entry) {
        return entry.first.front() != 's' && entry.second.review && !entry.second.stopped;
    }));
}

std::uint64_t Score::innocent_suspended() const {
    std::uint64_t count = 0;
    for_each_wrong([&](const Wrong& wrong) { count += wrong.what == Wrong::What::innocent_suspended ? 1 : 0; });
    return count;
}

std::uint64_t Score::innocent_blocked() const {
    std::uint64_t count = 0;
    for_each_wrong([&](const Wrong& wrong) { count += wrong.what == Wrong::What::innocent_blocked ? 1 : 0; });
    return count;
}

void Score::for_each_wrong(const std::function<void(const Wrong&)>& sink) const {
    const auto stopped = [&](std::string label, Subject subject, const Stopped& state) {
        const auto what = subject.source ? Wrong::What::innocent_blocked : Wrong::What::innocent_suspended;
        sink({what, std::move(label), std::move(subject), state.time, words_.at(state.rule)});
    };
    const std::vector<Subject> subjects = truth_.subjects();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const TruthRow& truth = truth_.rows()[i];
        const LabelRow& label = label_of(truth);
        const bool attack = simulate::is_attack(label.meaning);
        if (rows_[i].early.stopped && (attack || is_innocent(label.meaning)))
            stopped(std::string(label.name), subjects[i], rows_[i].early);
        if (attack && label.meaning != Class::hidden && rows_[i].found == Time::max())
            sink({Wrong::What::missed, std::string(label.name), subjects[i], truth.attack_start, {}});
    }
    for (const auto& [key, state] : ordinary_)
        if (state.stopped) stopped("ordinary", subject_of(key), state);
}

}  // namespace guard::evaluate
