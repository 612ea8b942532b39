#include "evaluate/targets.hpp"

#include <algorithm>

#include "evaluate/bounds.hpp"

namespace guard::evaluate {
namespace {

constexpr double kMillion = 1e6;
// The first accept after the jump: accepts and the Start within 10 s are one.
constexpr double kFirstAccept = 10;

std::uint64_t rows_with(const Truth& truth, auto wanted) {
    return static_cast<std::uint64_t>(std::count_if(truth.rows().begin(), truth.rows().end(),
                                                    [&](const TruthRow& row) { return wanted(label_of(row)); }));
}

LabelResult sum_of(const Score& score, const Target& target) {
    const auto results = score.by_label();
    LabelResult sum;
    for (const Label label : target.labels) sum += results[static_cast<std::size_t>(label)];
    return sum;
}

// A value that must not be above the limit, or of a share below it.
Outcome judged(const Checked& checked) {
    if (!checked.measured) return Outcome::absent;
    if (!checked.target->limit) return Outcome::no_target;
    const double limit = *checked.target->limit;
    const bool share = checked.target->measure == Measure::found_share;
    const auto keeps = [&](double value) { return share ? value >= limit : value <= limit; };
    if (!keeps(*checked.measured)) return Outcome::missed;
    return keeps(checked.bound.value_or(*checked.measured)) ? Outcome::kept : Outcome::too_little;
}

void rate(Checked& checked, std::uint64_t events, std::optional<double> million_days) {
    checked.hits = events;
    if (!million_days || *million_days <= 0) return;
    checked.base = *million_days;
    checked.measured = static_cast<double>(events) / *million_days;
    checked.bound = poisson_upper(events) / *million_days;
}

void delay(Checked& checked, std::uint64_t hits, const Delays& delays) {
    checked.hits = hits;
    checked.base = static_cast<double>(delays.sorted.size());
    checked.measured = delays.quantile(0.5);
    if (checked.measured) checked.bound = delays.upper_bound(0.5);
}

std::uint64_t ambiguous_suspended(const Score& score) {
    const auto results = score.by_label();
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < results.size(); ++i)
        if (simulate::labels()[i].meaning == Class::ambiguous) count += results[i].suspended;
    return count;
}

Checked checked(const Target& target, const Measured& measured) {
    Checked result{&target};
    const LabelResult sum = sum_of(measured.score, target);
    switch (target.measure) {
        case Measure::innocent_suspended:
            rate(result, measured.score.innocent_suspended(), subscriber_days(measured.truth, measured.manifest));
            break;
        case Measure::ambiguous_suspended:
            rate(result, ambiguous_suspended(measured.score), subscriber_days(measured.truth, measured.manifest));
            break;
        case Measure::innocent_blocked:
            rate(result, measured.score.innocent_blocked(), source_days(measured.manifest));
            break;
        case Measure::mail_review_load:
            rate(result, measured.score.innocent_mail_reviews(),
                 static_cast<double>(measured.manifest.smtp) * measured.manifest.days / 1000);
            break;
        case Measure::mass_suspended:
            result.hits = sum.suspended;
            result.base = static_cast<double>(sum.count);
            if (sum.count > 0) result.measured = static_cast<double>(sum.suspended);
            break;
        case Measure::found_share:
            result.hits = sum.count - sum.neither();
            result.base = static_cast<double>(sum.count);
            if (sum.count == 0) break;
            result.measured = static_cast<double>(result.hits) / result.base;
            result.bound = share_lower(result.hits, sum.count);
            break;
        case Measure::finding_delay:
            delay(result, sum.count - sum.neither(), sum.found);
            break;
        case Measure::suspension_delay:
            delay(result, sum.suspended, sum.stopped);
            break;
        case Measure::unlimited_delay:
            delay(result, sum.count - sum.neither(), sum.unlimited);
            break;
        case Measure::same_outcome:
            if (!measured.differing) break;
            result.hits = *measured.differing;
            result.measured = static_cast<double>(*measured.differing);
            break;
    }
    result.outcome = judged(result);
    return result;
}

}  // namespace

const std::vector<Target>& targets() {
    using enum Measure;
    using enum config::Profile;
    using enum Label;
    static const std::vector<Target> all{
        {"innocent IDs suspended, per million subscriber-days", innocent_suspended, {}, 1.0, guideline},
        {"innocent IDs suspended, per million subscriber-days", innocent_suspended, {}, 0.1, cautious},
        {"ambiguous IDs suspended, per million subscriber-days", ambiguous_suspended, {}, {}, {}},
        {"suspended in a mass event",
         mass_suspended,
         {power_cut, bras_restart, failover_fast, failover_slow, renumbering, reject_flood, maintenance, mail_outage},
         0.0,
         {}},
        {"suspended for a clock that is wrong", mass_suspended, {clock_skew}, 0.0, {}},
        {"found: rotation from afar", found_share, {rotation_far}, 0.99, {}},
        {"found: resale to many", found_share, {resale}, 0.99, {}},
        {"found: single session from afar", found_share, {single_far}, 0.99, {}},
        {"found: rotation in the same region, owner online", found_share, {rotation_near}, 0.95, {}},
        {"found: SMTP-AUTH ID used by a botnet", found_share, {smtp_botnet}, 0.99, {}},
        {"found: SMTP-AUTH ID used by one foreign server", found_share, {smtp_foreign_server}, 0.95, {}},
        {"found: SMTP-AUTH ID whose password was guessed", found_share, {smtp_guessed}, 0.95, {}},
        {"found: source that guesses fast", found_share, {guess_fast}, 0.99, {}},
        {"found: source that guesses slowly", found_share, {guess_slow}, 0.95, {}},
        {"to the finding, median: rotation from afar", finding_delay, {rotation_far}, kFirstAccept, {}},
        {"to the finding, median: single session from afar", finding_delay, {single_far}, kFirstAccept, {}},
        {"to the suspension, median: rotation from afar", suspension_delay, {rotation_far}, 180.0, guideline},
        {"to the suspension, median: single session from afar", suspension_delay, {single_far}, 180.0, guideline},
        {"to the suspension, median: resale to many", suspension_delay, {resale}, 180.0, guideline},
        {"the same without the breaker: rotation from afar", unlimited_delay, {rotation_far}, {}, guideline},
        {"the same without the breaker: single session from afar", unlimited_delay, {single_far}, {}, guideline},
        {"the same without the breaker: resale to many", unlimited_delay, {resale}, {}, guideline},
        {"sources blocked wrongly, per million source-days", innocent_blocked, {}, 1.0, {}},
        {"for a person, of innocent mail users, per 1,000 and day", mail_review_load, {}, {}, {}},
        {"findings that differ in a second run", same_outcome, {}, 0.0, {}},
    };
    return all;
}

std::string_view to_string(Outcome outcome) {
    switch (outcome) {
        case Outcome::kept:
            return "kept";
        case Outcome::missed:
            return "missed";
        case Outcome::too_little:
            return "too little data";
        case Outcome::absent:
            return "not in the data";
        case Outcome::no_target:
            break;
    }
    return "no target";
}

double subscriber_days(const Truth& truth, const Manifest& manifest) {
    const auto others = [&](Service service) {
        return rows_with(truth, [service](const LabelRow& label) {
            return label.service == service && !simulate::is_source(label.meaning) && label.meaning != Class::innocent;
        });
    };
    const auto left = [](std::uint64_t all, std::uint64_t without) { return all - std::min(all, without); };
    const std::uint64_t innocents =
        std::max(left(manifest.subscribers, others(Service::pppoe)), left(manifest.smtp, others(Service::smtp_auth)));
    return static_cast<double>(innocents) * manifest.days / kMillion;
}

std::optional<double> source_days(const Manifest& manifest) {
    if (!manifest.sources) return std::nullopt;
    return static_cast<double>(*manifest.sources) * manifest.days / kMillion;
}

std::vector<Checked> check(const Measured& measured) {
    std::vector<Checked> all;
    for (const Target& target : targets())
        if (!target.profile || *target.profile == measured.profile) all.push_back(checked(target, measured));
    return all;
}

}  // namespace guard::evaluate
