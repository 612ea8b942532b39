#include "simulate/label.hpp"

#include <algorithm>
#include <array>

namespace guard::simulate {
namespace {

using enum Label;
using enum Class;
constexpr Service pppoe = Service::pppoe, smtp = Service::smtp_auth;

constexpr std::array<LabelRow, kLabels> kRows{{
    {ordinary, "ordinary", pppoe, innocent, false, 0, "sessions of days, a reconnection every few days"},
    {switched_off, "switched_off", pppoe, innocent, false, 3000, "the router is switched off at night"},
    {flapping, "flapping", pppoe, innocent, false, 300, "accepts every 6 to 60 s for hours, many Stops lost"},
    {accept_and_drop, "accept_and_drop", pppoe, innocent, false, 20, "accepted and dropped at once, for hours"},
    {wrong_password, "wrong_password", pppoe, innocent, false, 20, "an old router fails for ever"},
    {several_sessions, "several_sessions", pppoe, innocent, false, 500, "a contract for 2 to 4 sessions, all used"},
    {two_routers, "two_routers", pppoe, innocent, false, 500, "two routers at home on a contract for one session"},
    {second_home, "second_home", pppoe, innocent, false, 200, "weekends at a second home, long familiar"},
    {house_move, "house_move", pppoe, innocent, false, 100, "moves to another prefecture"},
    {second_place, "second_place", pppoe, ambiguous, false, 50, "a new second place on a contract for one session"},
    {static_address, "static_address", pppoe, innocent, false, 2000, "always the same address"},
    {reused_address, "reused_address", pppoe, innocent, false, 1000, "a few lines share hardly more addresses"},
    {retransmission, "retransmission", pppoe, innocent, false, 1000, "the same fact again, seconds later"},
    {duplicate_accounting, "duplicate_accounting", pppoe, innocent, false, 2000,
     "all accounting at a second server too"},
    {late_accounting, "late_accounting", pppoe, innocent, false, 2000, "accounting up to 120 s late"},
    {clock_skew, "clock_skew", pppoe, innocent, false, 1000, "a NAS whose clock is wrong"},
    {dead_session, "dead_session", pppoe, innocent, false, 1000, "Stop and life of a dead session minutes late"},
    {nas_assigned, "nas_assigned", pppoe, innocent, false, 2000, "an accept without address, the Start tells"},
    {power_cut, "power_cut", pppoe, innocent, true, 0, "a town without power, then several tries each"},
    {bras_restart, "bras_restart", pppoe, innocent, true, 0, "all sessions of a pool gone at once"},
    {failover_fast, "failover_fast", pppoe, innocent, true, 0, "a prefecture ends far away within 300 s, and back"},
    {failover_slow, "failover_slow", pppoe, innocent, true, 0, "the same within an hour"},
    {renumbering, "renumbering", pppoe, innocent, true, 0, "a pool is moved to other addresses"},
    {reject_flood, "reject_flood", pppoe, innocent, true, 0, "the password check of a region fails"},
    {maintenance, "maintenance", pppoe, innocent, true, 0, "a planned interruption at night"},
    {rotation_far, "rotation_far", pppoe, stolen, false, 0, "dials again and again from afar"},
    {resale, "resale", pppoe, stolen, false, 0, "sold to many all over the country"},
    {single_far, "single_far", pppoe, stolen, false, 0, "one session from afar, the owner's is days old"},
    {rotation_near, "rotation_near", pppoe, stolen, false, 0, "again and again in the owner's region, who is online"},
    {offline_near, "offline_near", pppoe, hidden, false, 0, "in the owner's region while that is offline"},
    {evader_rate, "evader_rate", pppoe, hidden, false, 0, "one accept fewer than a burst, in the same region"},
    {evader_speed, "evader_speed", pppoe, hidden, false, 0, "from afar, never faster than the speed limit"},
    {evader_distance, "evader_distance", pppoe, hidden, false, 0, "from another prefecture, nearer than the limit"},
    {review_flood, "review_flood", pppoe, stolen, false, 0, "many stolen IDs at once, to fill the review queue"},
    {flapping_imitator, "flapping_imitator", pppoe, stolen, false, 0,
     "redials like a broken line, the owner is online"},
    {smtp_ordinary, "smtp_ordinary", smtp, innocent, false, 0, "mail from home, and from a phone"},
    {smtp_traveller, "smtp_traveller", smtp, innocent, false, 1000, "abroad, while the scanner at home goes on"},
    {smtp_fetcher, "smtp_fetcher", smtp, innocent, false, 1000, "a mail service abroad sends for its user"},
    {smtp_bulk, "smtp_bulk", smtp, innocent, false, 100, "a newsletter from one network"},
    {smtp_wrong_password, "smtp_wrong_password", smtp, innocent, false, 500, "a stored password that is wrong"},
    {mail_outage, "mail_outage", smtp, innocent, true, 0, "the mail backend rejects everybody for an hour"},
    {smtp_botnet, "smtp_botnet", smtp, stolen, false, 0, "used from hundreds of networks"},
    {smtp_foreign_server, "smtp_foreign_server", smtp, stolen, false, 0, "used by one server abroad"},
    {smtp_guessed, "smtp_guessed", smtp, stolen, false, 0, "its password was guessed"},
    {carrier_gateway, "carrier_gateway", smtp, gateway, false, 0, "many phones behind one address"},
    {guess_fast, "guess_fast", smtp, guessing, false, 0, "a try every few seconds over many IDs"},
    {guess_slow, "guess_slow", smtp, guessing, false, 0, "one try in 15 minutes"},
    {guess_below, "guess_below", smtp, guessing, false, 0, "just below each threshold for sources"},
    {guess_spread, "guess_spread", smtp, guessing, false, 0, "one of many sources with a few tries a day each"},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < kRows.size(); ++i)
        if (static_cast<std::size_t>(kRows.at(i).label) != i) return false;
    return true;
}
static_assert(in_order());

constexpr std::array<std::string_view, 6> kClasses{"innocent", "ambiguous", "stolen", "hidden", "guessing", "gateway"};

}  // namespace

std::span<const LabelRow> labels() {
    return kRows;
}

const LabelRow& row_of(Label label) {
    return kRows.at(static_cast<std::size_t>(label));
}

std::optional<Label> parse_label(std::string_view name) {
    const auto* const found = std::ranges::find(kRows, name, &LabelRow::name);
    if (found == kRows.end()) return std::nullopt;
    return found->label;
}

std::string_view to_string(Class meaning) {
    return kClasses.at(static_cast<std::size_t>(meaning));
}

}  // namespace guard::simulate
