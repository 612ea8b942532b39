// What the files that make up the population share; private to them.
#pragma once

#include <unordered_set>

#include "simulate/population.hpp"

namespace guard::simulate {

// Stolen IDs for each attack of that label.
[[nodiscard]] std::uint32_t victims_for_each_attack(Label label);

class Populator {
  public:
    Populator(Isp& isp, const Arguments& arguments);

    [[nodiscard]] bool wanted(Label label) const { return wanted_.at(static_cast<std::size_t>(label)); }
    // How many of a label there are, of so many; at least 2 when it is wanted.
    [[nodiscard]] std::uint32_t share(Label label, std::uint32_t of) const;
    // An ID that nobody has yet, counted for the label; none: all are given out.
    [[nodiscard]] std::optional<std::uint32_t> next_subscriber(Label label);
    [[nodiscard]] std::optional<std::uint32_t> next_mail_id(Label label);
    // Rows of truth.csv.
    void tell(Label label, std::uint32_t id, std::optional<Time> attack_start = std::nullopt);
    void tell_source(Label label, std::uint32_t address, std::optional<Time> attack_start = std::nullopt);

    // False: another attacker has this address.
    [[nodiscard]] bool take_source(std::uint32_t address) { return sources_.insert(address).second; }

    // An ordinary line of that ID somewhere, by population.
    [[nodiscard]] Actor line(Label label, std::uint32_t id);
    [[nodiscard]] Time first_hour();
    [[nodiscard]] Time some_start();  // of an attack
    [[nodiscard]] std::uint32_t subscribers() const { return subscribers_; }

    Isp& isp;
    Random random;
    Population result;
    const std::uint32_t attacks_each;
    Time attacks_from{}, attacks_until{};

  private:
    void count_attack(Time start);

    std::array<bool, kLabels> wanted_{};
    const std::uint32_t subscribers_;
    std::uint32_t stride_;
    std::uint32_t taken_ = 0, mail_taken_ = 0;
    std::unordered_set<std::uint32_t> sources_;
};

void populate_attacks(Populator& populator);  // populate_attacks.cpp
void populate_lines(Populator& populator);    // populate_lines.cpp
void populate_mass(Populator& populator);     // populate_mass.cpp: before the ordinary lines are added
void populate_mail(Populator& populator);     // populate_mail.cpp

}  // namespace guard::simulate
