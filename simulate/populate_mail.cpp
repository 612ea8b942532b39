// SMTP-AUTH: mail clients, stolen IDs, sources that guess.
#include <algorithm>

#include "simulate/populate.hpp"
#include "simulate/world.hpp"

namespace guard::simulate {
namespace {

constexpr auto kDay = std::chrono::hours{24};

Actor client(Populator& all, Label label, std::uint32_t id) {
    Actor actor;
    actor.id = id;
    actor.label = label;
    actor.life = Life::mail_client;
    actor.pool = all.isp.plan.some_pool(all.random);
    actor.address = all.isp.plan.pools()[actor.pool].v4 + all.random.below(AddressPlan::kPoolSize);
    actor.dual_stack = all.random.percent(40);
    ++all.result.innocent_sources;
    return actor;
}

void add_client(Populator& all, Label label, std::uint32_t id) {
    Actor actor = client(all, label, id);
    switch (label) {
        case Label::smtp_traveller:  // the first journey; place_of() plans the others
            actor.due = all.some_start() - kDay;
            actor.until = actor.due + all.random.between(2 * kDay, 8 * kDay);
            actor.step = some_country_abroad(all.random);
            actor.other = some_address(actor.step, all.random);
            break;
        case Label::smtp_fetcher:  // most of them are in the country that is second in the list
            actor.other =
                some_address(all.random.percent(70) ? Country{1} : some_country_abroad(all.random), all.random);
            break;
        case Label::smtp_bulk:
            actor.count = all.random.between(500, 3000);
            actor.dual_stack = false;
            return all.isp.add(actor, all.isp.start + all.random.between(Microseconds{0}, 7 * kDay));
        default:
            actor.count = all.random.percent(40) ? 1 : 0;  // has a phone
    }
    all.isp.add(actor, all.isp.start + all.random.between(Microseconds{0}, 8h));
}

// A source somewhere abroad with a try every `pace` seconds, and an eighth more by chance.
Actor guesser(Populator& all, Label label, std::uint32_t pace, Time start, Microseconds length) {
    Actor actor;
    actor.label = label;
    actor.life = Life::guesser;
    do actor.address = some_address(some_country_abroad(all.random), all.random);
    while (!all.take_source(actor.address));
    actor.other = pace;
    actor.until = std::min(start + length, all.isp.end);
    all.tell_source(label, actor.address, start);
    return actor;
}

std::uint32_t seconds_between_tries_below_each_threshold(const config::SmtpSourceSettings& settings) {
    const auto pace = [](std::chrono::seconds window, unsigned ids) { return window.count() / (ids - 1) + 1; };
    return static_cast<std::uint32_t>(
        std::max({pace(settings.fast_window, settings.fast_rejects), pace(settings.medium_window, settings.medium_ids),
                  pace(settings.slow_window, settings.slow_ids)}));
}

void add_guessers(Populator& all) {
    const auto& settings = all.isp.defaults.smtp_source;
    for (std::uint32_t i = 0; i < all.attacks_each; ++i) {
        const auto add = [&](Label label, std::uint32_t pace, Microseconds length) {
            if (!all.wanted(label)) return;
            const Time start = all.some_start();
            all.isp.add(guesser(all, label, pace, start, length), start);
        };
        add(Label::guess_fast, all.random.between(1, 5), all.random.between(1h, 8h));
        add(Label::guess_slow, 840, 60 * kDay);
        add(Label::guess_below, seconds_between_tries_below_each_threshold(settings), 60 * kDay);
        for (int source = 0; source < 10; ++source) add(Label::guess_spread, 21'600, 60 * kDay);
    }
}

// While the backend fails nobody gets in, thieves included.
Time start_of_misuse(Populator& all) {
    const Time start = all.some_start();
    return start >= all.isp.mail_fails && start < all.isp.mail_works_again ? start + 1h : start;
}

void add_stolen(Populator& all, Label label, std::uint32_t id) {
    add_client(all, Label::smtp_ordinary, id);
    const Time start = start_of_misuse(all);
    if (label == Label::smtp_guessed) {
        const Time begins = start - all.random.between(5min, 60min);
        Actor actor = guesser(all, Label::guess_fast, all.random.between(1, 5), begins, 8h);
        actor.id = id;
        actor.step = 1;
        actor.due = start;
        actor.count = all.random.between(3, 10);
        all.isp.add(actor, begins);
    } else {
        Actor actor;
        actor.id = id;
        actor.label = label;
        actor.life = Life::mail_robot;
        actor.address = some_address(some_country_abroad(all.random), all.random);
        actor.other = static_cast<std::uint32_t>(all.random.next());
        actor.count = all.random.between(100, 600);  // robots
        actor.until = start + all.random.between(3h, 24h);
        all.isp.add(actor, start);
    }
    all.tell(label, id, start);
}

}  // namespace

void populate_mail(Populator& all) {
    if (all.isp.mail_ids == 0) return;
    for (std::uint32_t i = 0; i < kGateways; ++i) all.tell_source(Label::carrier_gateway, gateway(i));
    all.result.innocent_sources += kGateways;
    if (all.wanted(Label::mail_outage)) {
        all.isp.mail_fails = all.some_start();
        all.isp.mail_works_again = all.isp.mail_fails + 1h;
    }
    for (const LabelRow& row : labels()) {
        if (row.service != Service::smtp_auth || is_source(row.meaning) || row.mass || !all.wanted(row.label)) continue;
        const bool stolen = is_attack(row.meaning);
        const std::uint32_t count = stolen                ? all.attacks_each
                                    : row.per_100000 == 0 ? 0
                                                          : all.share(row.label, all.isp.mail_ids);
        for (std::uint32_t i = 0; i < count; ++i) {
            const auto id = all.next_mail_id(row.label);
            if (!id) break;
            if (stolen) {
                add_stolen(all, row.label, *id);
            } else {
                all.tell(row.label, *id);
                add_client(all, row.label, *id);
            }
        }
    }
    while (const auto id = all.next_mail_id(Label::smtp_ordinary)) add_client(all, Label::smtp_ordinary, *id);
    add_guessers(all);
}

}  // namespace guard::simulate
