// The labels of truth.csv, which are the names of the scenarios too: what each life or attack is, for whom it counts as
// what, and how many there are of it. One row a label; README.md gives the reasons.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "event/login_event.hpp"

namespace guard::simulate {

enum class Class : std::uint8_t {
    innocent,   // ordinary life: must never be suspended
    ambiguous,  // innocent, and the log cannot tell it from misuse: counted apart
    stolen,     // misused from attack_start on, and should be found
    hidden,     // misused, and below every threshold or in no way different from its owner
    guessing,   // a source that guesses passwords
    gateway,    // a source of many ordinary clients: must never be blocked
};

// In the order of the table in label.cpp.
enum class Label : std::uint8_t {
    ordinary,
    switched_off,
    flapping,
    accept_and_drop,
    wrong_password,
    several_sessions,
    two_routers,
    second_home,
    house_move,
    second_place,
    static_address,
    reused_address,
    retransmission,
    duplicate_accounting,
    late_accounting,
    clock_skew,
    dead_session,
    nas_assigned,
    power_cut,
    bras_restart,
    failover_fast,
    failover_slow,
    renumbering,
    reject_flood,
    maintenance,
    rotation_far,
    resale,
    single_far,
    rotation_near,
    offline_near,
    evader_rate,
    evader_speed,
    evader_distance,
    review_flood,
    flapping_imitator,
    smtp_ordinary,
    smtp_traveller,
    smtp_fetcher,
    smtp_bulk,
    smtp_wrong_password,
    mail_outage,
    smtp_botnet,
    smtp_foreign_server,
    smtp_guessed,
    carrier_gateway,
    guess_fast,
    guess_slow,
    guess_below,
    guess_spread,
};
inline constexpr std::size_t kLabels = 49;

struct LabelRow {
    Label label;
    std::string_view name;
    Service service;
    Class meaning;
    bool mass = false;  // happens to many at once
    std::uint32_t per_100000 =
        0;  // of the subscribers (of the SMTP-AUTH IDs); 0: counted otherwise, see population.cpp
    std::string_view description;
};

[[nodiscard]] std::span<const LabelRow> labels();
[[nodiscard]] const LabelRow& row_of(Label label);
[[nodiscard]] std::optional<Label> parse_label(std::string_view name);
[[nodiscard]] std::string_view to_string(Class meaning);

// Its rows in truth.csv give the address of a source, not an ID.
[[nodiscard]] constexpr bool is_source(Class meaning) {
    return meaning == Class::guessing || meaning == Class::gateway;
}
// Its rows have an attack_start.
[[nodiscard]] constexpr bool is_attack(Class meaning) {
    return meaning == Class::stolen || meaning == Class::hidden || meaning == Class::guessing;
}

}  // namespace guard::simulate
