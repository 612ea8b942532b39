#include "simulate/population.hpp"

#include <algorithm>
#include <numeric>

#include "event/ip_address.hpp"
#include "simulate/populate.hpp"

namespace guard::simulate {

Time first_instant() {
    return Time{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
}

std::uint32_t smtp_ids(const Arguments& arguments) {
    return arguments.smtp.value_or(arguments.subscribers / 10);
}

std::vector<std::pair<std::string, std::string>> parameters() {
    std::vector<std::pair<std::string, std::string>> all{
        {"mean_session_hours", "96"},
        {"interim_update_seconds", "3600"},
        {"dual_stack_percent", "40"},
        {"lost_stops_percent", "3"},
        {"redial_seconds", "5-60"},
        {"attacks_of_each_label_per_million_subscriber_months", std::to_string(kThievesPerMillionMonths)},
        {"attacks_of_each_named_scenario", "a thousandth of the subscribers, 2 to 100"},
        {"first_attack_day", "15, or the middle of a run of at most 17 days"},
        {"mail_interval_hours", "4"},
        {"mail_from_phones_percent", "35 of 40"},
    };
    for (const LabelRow& row : labels())
        if (row.per_100000 != 0)
            all.emplace_back(std::string(row.name) + "_per_100000", std::to_string(row.per_100000));
    return all;
}

namespace {

constexpr auto kDay = std::chrono::hours{24};

constexpr std::uint64_t kMostThieves = 100'000;

// While IDs that have been learned can be stolen: behind it two days are left for the attack.
struct AttackSpan {
    Microseconds from, until;
};

AttackSpan attack_span(Microseconds length) {
    return {length > 17 * kDay ? Microseconds{15 * kDay} : length / 2,
            length - std::min<Microseconds>(2 * kDay, length / 5)};
}

std::uint32_t attacks_of_each(const Arguments& arguments) {
    if (arguments.thieves) return *arguments.thieves;
    if (!arguments.scenarios.empty()) return std::clamp<std::uint32_t>(arguments.subscribers / 1000, 2, 100);
    const auto [from, until] = attack_span(std::chrono::days{arguments.days});
    const auto hours = static_cast<std::uint64_t>((until - from) / 1h);
    const std::uint64_t share = std::uint64_t{arguments.subscribers} * hours * kThievesPerMillionMonths;
    return std::max<std::uint32_t>(2, static_cast<std::uint32_t>(share / (30 * 24 * std::uint64_t{1'000'000})));
}

}  // namespace

std::uint32_t victims_for_each_attack(Label label) {
    return label == Label::review_flood ? 3 : 1;
}

std::optional<std::string> too_many_thieves(const Arguments& arguments) {
    std::uint64_t pppoe = 0, smtp = 0;
    for (const LabelRow& row : labels()) {
        const bool wanted =
            arguments.scenarios.empty() ||
            std::find(arguments.scenarios.begin(), arguments.scenarios.end(), row.label) != arguments.scenarios.end();
        if (!wanted || !is_attack(row.meaning) || is_source(row.meaning)) continue;
        (row.service == Service::pppoe ? pppoe : smtp) += victims_for_each_attack(row.label);
    }
    std::uint64_t limit = kMostThieves;
    if (pppoe > 0) limit = std::min(limit, arguments.subscribers / 2 / pppoe);
    if (smtp > 0) limit = std::min(limit, smtp_ids(arguments) / 2 / smtp);
    if (!arguments.thieves || (*arguments.thieves >= 1 && *arguments.thieves <= limit)) return std::nullopt;
    return "--thieves: found " + std::to_string(*arguments.thieves) + ", expected 1 to " + std::to_string(limit) +
           ": half of the IDs must be left to innocents";
}

Populator::Populator(Isp& the_isp, const Arguments& arguments)
    : isp(the_isp),
      random(seed_of(arguments.seed, ~std::uint64_t{0})),
      attacks_each(attacks_of_each(arguments)),
      subscribers_(arguments.subscribers),
      stride_(2'654'435'761U % std::max(2U, arguments.subscribers)) {
    wanted_.fill(arguments.scenarios.empty());
    for (const Label label : arguments.scenarios) wanted_.at(static_cast<std::size_t>(label)) = true;
    isp.mail_ids = smtp_ids(arguments);
    while (std::gcd(stride_, subscribers_) != 1) ++stride_;
    const auto [from, until] = attack_span(isp.end - isp.start);
    attacks_from = isp.start + from;
    attacks_until = isp.start + until;
}

std::uint32_t Populator::share(Label label, std::uint32_t of) const {
    if (!wanted(label)) return 0;
    return std::max<std::uint32_t>(2,
                                   static_cast<std::uint32_t>(std::uint64_t{of} * row_of(label).per_100000 / 100'000));
}

std::optional<std::uint32_t> Populator::next_subscriber(Label label) {
    if (taken_ >= subscribers_) return std::nullopt;
    const auto id = static_cast<std::uint32_t>((std::uint64_t{taken_++} * stride_ + stride_ / 2) % subscribers_);
    ++result.counts.at(static_cast<std::size_t>(label));
    return id;
}

std::optional<std::uint32_t> Populator::next_mail_id(Label label) {
    if (mail_taken_ >= isp.mail_ids) return std::nullopt;
    ++result.counts.at(static_cast<std::size_t>(label));
    return mail_taken_++;
}

void Populator::tell(Label label, std::uint32_t id, std::optional<Time> attack_start) {
    result.truth.push_back({id_text(row_of(label).service, id), label, attack_start});
    if (attack_start) count_attack(*attack_start);
}

void Populator::tell_source(Label label, std::uint32_t address, std::optional<Time> attack_start) {
    ++result.counts.at(static_cast<std::size_t>(label));
    result.truth.push_back({IpAddress::ipv4(address).to_string(), label, attack_start});
    if (attack_start) count_attack(*attack_start);
}

void Populator::count_attack(Time start) {
    ++result.attacks;
    if (start < isp.start + isp.defaults.learning) ++result.attacks_in_learning;
}

Time Populator::some_start() {
    return attacks_from + random.between(Microseconds{0}, attacks_until - attacks_from);
}

Actor Populator::line(Label label, std::uint32_t id) {
    Actor actor;
    actor.id = id;
    actor.label = label;
    actor.pool = isp.plan.some_pool(random);
    actor.dual_stack = random.percent(40);
    actor.lost = 3;
    actor.online_at_once = true;
    return actor;
}

Time Populator::first_hour() {
    return isp.start + random.between(Microseconds{0}, 1h);
}

Population populate(Isp& isp, const Arguments& arguments) {
    Populator populator(isp, arguments);
    populate_attacks(populator);
    populate_lines(populator);
    populate_mail(populator);
    return std::move(populator.result);
}

}  // namespace guard::simulate
