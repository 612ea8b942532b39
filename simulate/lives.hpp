// What everybody does when woken: one function a life, by Actor::life. Each ends with Isp::wake(), or the actor sleeps
// for ever.
#pragma once

#include "simulate/isp.hpp"

namespace guard::simulate {

void live(Isp& isp, Actor& actor, Time now);

// lives_home.cpp
void live_at_home(Isp& isp, Actor& actor, Time now);
void live_at_second_home(Isp& isp, Actor& actor, Time now);
// lives_broken.cpp
void live_on_a_broken_line(Isp& isp, Actor& actor, Time now);
void live_with_a_wrong_password(Isp& isp, Actor& actor, Time now);
// lives_mass.cpp
void live_through_a_mass_event(Isp& isp, Actor& actor, Time now);
// lives_thief.cpp
void live_as_a_visitor(Isp& isp, Actor& actor, Time now);
void live_as_a_rotating_thief(Isp& isp, Actor& actor, Time now);
void live_as_a_patient_thief(Isp& isp, Actor& actor, Time now);
// lives_mail.cpp
void live_as_a_mail_client(Isp& isp, Actor& actor, Time now);
void live_as_a_mail_robot(Isp& isp, Actor& actor, Time now);
void live_as_a_guesser(Isp& isp, Actor& actor, Time now);

// The nights of switched_off: the hours of the day (UTC) between which there is no session.
inline constexpr auto kGoesOff = std::chrono::hours{14}, kComesOn = std::chrono::hours{24};
// Ordinary sessions last so long on average.
inline constexpr auto kSession = std::chrono::hours{96};

}  // namespace guard::simulate
