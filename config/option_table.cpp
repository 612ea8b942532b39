#include <algorithm>
#include <array>
#include <filesystem>
#include <type_traits>

#include "config/option.hpp"
#include "config/options.hpp"
#include "config/user_name.hpp"

namespace guard::config {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

// The member of Settings that an option is bound to.
#define IN(member)                     \
    [](Settings & settings) -> auto& { \
        return settings.member;        \
    }

constexpr bool kReloads = true;

constexpr std::array<std::string_view, 2> kCases{"lower", "keep"};
constexpr std::array<std::string_view, 2> kRealms{"keep", "strip"};
constexpr std::array<std::string_view, 3> kModes{"observe", "review", "enforce"};
constexpr std::array<std::string_view, 2> kProfiles{"guideline", "cautious"};
constexpr std::array<std::string_view, 4> kLevels{"error", "warning", "info", "debug"};
constexpr std::array<std::string_view, 16> kRules{
    "pppoe.jump",       "pppoe.jump.live",        "pppoe.jump.bounce", "pppoe.jump.spread", "pppoe.burst.far",
    "pppoe.burst.live", "pppoe.burst.sessions",   "pppoe.burst.rate",  "pppoe.churn",       "pppoe.reject",
    "smtp.jump",        "smtp.jump.corroborated", "smtp.burst.spread", "smtp.burst.rate",   "smtp.source",
    "smtp.source.hit"};

// The names are those of the enumerators, in their order.
template <auto in>
Choice choice(std::span<const std::string_view> names) {
    return {names, [](Settings& settings) { return static_cast<std::size_t>(in(settings)); },
            [](Settings& settings, std::size_t index) {
                in(settings) = static_cast<std::remove_reference_t<decltype(in(settings))>>(index);
            }};
}

bool any(std::string_view) {
    return true;
}

bool without_blanks(std::string_view text) {
    return text.find(' ') == text.npos;
}

bool is_channel_name(std::string_view text) {
    return text.size() <= 64 && std::ranges::all_of(text, [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                      (letter >= '0' && letter <= '9') || letter == '.' || letter == '_' || letter == '-';
           });
}

bool is_language(std::string_view text) {
    return text == "ja" || text == "en";
}

// libpq's key words and URIs both can carry a password, and the file is not made to keep one.
bool has_no_password(std::string_view connection) {
    if (connection.find("password") != connection.npos) return false;
    const auto scheme = connection.find("://");
    if (scheme == connection.npos) return true;
    const std::string_view authority = connection.substr(scheme + 3, connection.find('/', scheme + 3) - scheme - 3);
    const auto at = authority.find('@');
    return at == authority.npos || authority.substr(0, at).find(':') == authority.npos;
}

bool is_mail_address(std::string_view text) {
    const auto at = text.find('@');
    return text.empty() || (at != text.npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == text.npos &&
                            text.find_first_of(" <>,;:\"\\") == text.npos);
}

// Looked up now so that a slip of the pen stops the start, not the first notice.
bool is_time_zone(std::string_view text) {
    std::error_code error;
    return !text.empty() && text.front() != '/' && text.find("..") == text.npos &&
           std::filesystem::is_regular_file(std::filesystem::path("/usr/share/zoneinfo") / text, error);
}

Section identity() {
    return {
        "identity",
        "How a login name becomes the ID that everything is kept under. The module's own configuration and "
        "`guard.setting` in the database must say the same: another normalisation is noticed and stops publication.",
        {{"case", choice<IN(identity.letter_case)>(kCases),
          "`lower`: the letters A to Z become small. `keep`: IDs that differ in case are different."},
         {"realm", choice<IN(identity.realm)>(kRealms),
          "`strip`: the last `@` and all behind it are cut off. Only where no two realms share a name."}}};
}

Section spool() {
    return {"spool",
            "The journal that the RADIUS module writes and the analyzer reads.",
            {{"directories", Files{IN(spools)},
              "The spool of each instance of the module on this machine. The last part of a path may have wildcards, "
              "`/var/spool/pppoe-guard/*`: then every directory that matches is a spool, as soon as it is there."},
             {"retention", Duration{IN(spool_retention), 1h, days{30}},
              "A segment is deleted at this age, read or not (R8). No window of detection may be longer."},
             {"poll", Duration{IN(spool_poll), 0s, 60s},
              "How often to look for new events. `0s`: a hundred times a second."}}};
}

Section database() {
    return {
        "database",
        "PostgreSQL, where incidents, suspensions and notices are kept.",
        {{"connection",
          Text{IN(database), has_no_password, "a connection string without a password (database.password_file)", true},
          "Connection string of libpq, `host=/run/postgresql dbname=guard`."},
         {"password_file", File{IN(database_password_file)},
          "File whose first line is the password, readable by this user alone. Empty: none is needed."}}};
}

Section geo() {
    return {
        "geo",
        "Where an address is.",
        {{"pools", File{IN(pools)},
          "The operator's pools, `prefix,country,region,city,postal,lat,lon,radius_km,nas` (RFC 8805 and four columns "
          "more). The only source for PPPoE.",
          kReloads},
         {"mmdb", File{IN(mmdb)}, "A MaxMind DB with cities for SMTP sources outside the pools. Empty: none.",
          kReloads},
         {"gateways", File{IN(gateways)},
          "Mail gateways and carrier NAT, one prefix a line: reported, never blocked. Empty: none.", kReloads}}};
}

Section enforcement() {
    return {"enforcement",
            "The table of who is refused.",
            {{"table", File{IN(table)}, "The file that the module reads; the same path as in the module."}}};
}

Section analyzer() {
    return {"analyzer",
            "The daemon itself.",
            {{"state_directory", File{IN(state_directory)}, "Where snapshots are kept across restarts."},
             {"metrics_file", File{IN(metrics_file)},
              "Metrics in Prometheus' text format, for the node exporter's textfile collector. Empty: none."}}};
}

Section detection() {
    return {
        "detection",
        "What a finding may lead to, and what the rules share. Every threshold is the operator's own (R6).",
        {{"mode", choice<IN(detection.mode)>(kModes),
          "`observe`: findings are recorded, nothing is enforced and nobody notified. `review`: every action waits "
          "for a person. `enforce`: as the profile says.",
          kReloads},
         {"profile", choice<IN(detection.profile)>(kProfiles),
          "`guideline`: certain and probable findings suspend. `cautious`: certain ones suspend, probable ones go to "
          "a person.",
          kReloads},
         {"settle", Duration{IN(detection.settle), 0s, 1h},
          "A probable finding waits so long and is judged again, so that the first IDs of an outage are not suspended "
          "before the mass of the others shows what it is. Longer, by at most reorder, where accepts come late."},
         {"learning", Duration{IN(detection.learning), 0s, days{90}},
          "For so long after an ID was first seen its findings are graded one step lower."},
         {"familiar_window", Duration{IN(detection.familiar_window), days{2}, days{365}},
          "A region is familiar to an ID that was seen there twice within this time."},
         {"familiar_spacing", Duration{IN(detection.familiar_spacing), 1h, days{7}},
          "Sightings that count towards familiar are so far apart."},
         {"reorder", Duration{IN(detection.reorder), 0s, 10min},
          "An event may come so much too late. Replay puts it back into its order; what rests on a sign of life of a "
          "line waits so long."}}};
}

Section rule_modes() {
    Section section{"detection.rule_modes",
                    "A rule with a mode of its own; the others follow that of their service (`detection.pppoe.mode`, "
                    "`detection.smtp.mode`), or else `detection.mode`. Put the name in quotes: "
                    "`\"pppoe.jump\" = \"review\"`.",
                    {}};
    constexpr std::array<std::string_view, kRules.size()> kHelp{
        "An impossible pair of regions, the new one not familiar.",
        "Sessions in two far regions, both confirmed live, above the contract's limit.",
        "From one region to a far one and back again.",
        "Three or more mutually far regions.",
        "Many accepts with an impossible pair among them.",
        "Many accepts while an older session is confirmed live.",
        "More live sessions than the contract allows, by two.",
        "A rate of accepts that no household produces.",
        "Many accepts and nothing else: a line fault, never a suspension.",
        "Many rejects: a stale password, never a suspension.",
        "An impossible pair of countries: always for a person.",
        "An impossible pair of countries, and what a traveller does not do.",
        "Accepts from many networks in several countries within minutes.",
        "More accepts from one network than a person makes: never a suspension.",
        "One source that fails on many IDs (R3).",
        "An ID accepted from a source that guesses."};
    for (std::size_t i = 0; i < kRules.size(); ++i)
        section.options.push_back({kRules[i], RuleMode{kRules[i]}, kHelp[i], kReloads});
    return section;
}

Section pppoe() {
    return {
        "detection.pppoe",
        "PPPoE IDs (R1). Two places are impossible when they are at least `min_distance_km` apart, both radii taken "
        "off, and going from one to the other would take more than `max_speed_kmh`.",
        {{"mode", RuleMode{"pppoe"}, "For all rules of PPPoE that have none of their own.", kReloads},
         {"min_distance_km", Number{IN(detection.pppoe.min_distance_km), 0, 20000}, "Kilometres."},
         {"max_speed_kmh", Number{IN(detection.pppoe.max_speed_kmh), 1, 1'000'000}, "Kilometres per hour."},
         {"dead_peer_time", Duration{IN(detection.pppoe.dead_peer_time), 1s, 1h},
          "An older session is confirmed live only by a sign of life so long after the newer one began."},
         {"bounce_window", Duration{IN(detection.pppoe.bounce_window), 1min, 24h},
          "`pppoe.jump.bounce`: there and back within this time."},
         {"spread_window", Duration{IN(detection.pppoe.spread_window), 1min, 48h},
          "`pppoe.jump.spread`: the regions are counted within this time."},
         {"spread_regions", Count{IN(detection.pppoe.spread_regions), 3, 20}, "`pppoe.jump.spread`: so many regions."},
         {"burst_accepts", Count{IN(detection.pppoe.burst_accepts), 2, 10'000},
          "`pppoe.burst.far`, `pppoe.burst.live`, `pppoe.churn`: so many accepts."},
         {"burst_window", Duration{IN(detection.pppoe.burst_window), 10s, 24h}, "The same: within this time."},
         {"burst_live_after", Count{IN(detection.pppoe.burst_live_after), 1, 10'000},
          "`pppoe.burst.live`: the older session shows life after so many of the accepts."},
         {"burst_rate_accepts", Count{IN(detection.pppoe.burst_rate_accepts), 2, 10'000},
          "`pppoe.burst.rate`: so many accepts."},
         {"burst_rate_window", Duration{IN(detection.pppoe.burst_rate_window), 1s, 1h},
          "`pppoe.burst.rate`: within this time."},
         {"reject_count", Count{IN(detection.pppoe.reject_count), 1, 100'000}, "`pppoe.reject`: so many rejects."},
         {"reject_window", Duration{IN(detection.pppoe.reject_window), 10s, 24h}, "`pppoe.reject`: within this time."},
         {"default_sessions", Count{IN(detection.pppoe.default_sessions), 1, 100},
          "Sessions at a time that an ID without a contract row may have."}}};
}

Section smtp() {
    return {
        "detection.smtp",
        "SMTP-AUTH IDs (R2). Two places are impossible when they are in different countries, at least "
        "`min_distance_km` apart, both radii taken off, and going from one to the other would take more than "
        "`max_speed_kmh`. Where a database knows no more of a place than its country, the two count as exactly "
        "`min_distance_km` apart. Listed gateways count for nothing here. Of an ID the last day is remembered.",
        {{"mode", RuleMode{"smtp"}, "For all rules of SMTP-AUTH that have none of their own, `smtp.source` as well.",
          kReloads},
         {"min_distance_km", Number{IN(detection.smtp.min_distance_km), 0, 20000}, "Kilometres."},
         {"max_speed_kmh", Number{IN(detection.smtp.max_speed_kmh), 1, 1'000'000}, "Kilometres per hour."},
         {"jump_countries", Count{IN(detection.smtp.jump_countries), 3, 20},
          "`smtp.jump.corroborated`: the ID was used in so many countries, and between two that are not familiar "
          "nobody "
          "travels in that time ..."},
         {"jump_countries_window", Duration{IN(detection.smtp.jump_countries_window), 1min, 24h},
          "... within this time."},
         {"jump_accepts", Count{IN(detection.smtp.jump_accepts), 2, 5'000},
          "`smtp.jump.corroborated`: or there were so many accepts from the new network ..."},
         {"jump_accepts_window", Duration{IN(detection.smtp.jump_accepts_window), 1min, 24h}, "... within this time."},
         {"spread_networks", Count{IN(detection.smtp.spread_networks), 2, 48},
          "`smtp.burst.spread`: accepts from so many networks (/24, /48) ..."},
         {"spread_countries", Count{IN(detection.smtp.spread_countries), 2, 20}, "... in so many countries ..."},
         {"spread_window", Duration{IN(detection.smtp.spread_window), 10s, 24h}, "... within this time."},
         {"slow_spread_networks", Count{IN(detection.smtp.slow_spread_networks), 2, 48},
          "`smtp.burst.spread`, the longer window: accepts from so many networks ..."},
         {"slow_spread_countries", Count{IN(detection.smtp.slow_spread_countries), 2, 20},
          "... in so many countries ..."},
         {"slow_spread_window", Duration{IN(detection.smtp.slow_spread_window), 10s, 24h}, "... within this time."},
         {"rate_accepts", Count{IN(detection.smtp.rate_accepts), 2, 5'000},
          "`smtp.burst.rate`: so many accepts from one network ..."},
         {"rate_window", Duration{IN(detection.smtp.rate_window), 10s, 24h}, "... within this time."},
         {"hit_window", Duration{IN(detection.smtp.hit_window), 1min, 48h},
          "`smtp.source.hit`: an ID is suspect that was accepted from a source so long before it was found "
          "guessing."}}};
}

Section smtp_source() {
    return {
        "detection.smtp_source",
        "Sources that guess SMTP-AUTH passwords (R3): three speeds, each with its window, the number of IDs that the "
        "source failed on, and the share of accepts above which it is a gateway rather than an attacker.",
        {{"fast_window", Duration{IN(detection.smtp_source.fast_window), 10s, 24h}, "Fast guessing: the window."},
         {"fast_rejects", Count{IN(detection.smtp_source.fast_rejects), 1, 100'000}, "Rejects in it."},
         {"fast_ids", Count{IN(detection.smtp_source.fast_ids), 1, 100'000}, "IDs rejected in it."},
         {"fast_accept_percent", Count{IN(detection.smtp_source.fast_accept_percent), 0, 100},
          "At most so many accepts in a hundred attempts."},
         {"medium_window", Duration{IN(detection.smtp_source.medium_window), 10s, 24h},
          "The second speed: the window."},
         {"medium_ids", Count{IN(detection.smtp_source.medium_ids), 1, 100'000}, "IDs rejected in it."},
         {"medium_accept_percent", Count{IN(detection.smtp_source.medium_accept_percent), 0, 100},
          "At most so many accepts in a hundred attempts."},
         {"slow_window", Duration{IN(detection.smtp_source.slow_window), 10s, 48h}, "Slow guessing: the window."},
         {"slow_ids", Count{IN(detection.smtp_source.slow_ids), 1, 100'000}, "IDs rejected in it."},
         {"slow_accept_percent", Count{IN(detection.smtp_source.slow_accept_percent), 0, 100},
          "At most so many accepts in a hundred attempts."},
         {"quiet", Duration{IN(detection.smtp_source.quiet), 1s, 24h},
          "A block ends so long after the last attempt, refused ones included."},
         {"slow_quiet", Duration{IN(detection.smtp_source.slow_quiet), 1min, 24h},
          "The same for a block that slow guessing caused."}}};
}

Section guards() {
    return {
        "detection.guards",
        "What keeps a mass event or a fault of data from suspending the innocent. Always on; findings that a guard "
        "holds "
        "go to a person.",
        {{"storm_factor", Number{IN(detection.guards.storm_factor), 1, 1000},
          "Storm: distinct IDs accepted in a region in 5 minutes exceed so many times their moving average ..."},
         {"storm_base", Count{IN(detection.guards.storm_base), 0, 1'000'000}, "... plus so many."},
         {"step_ids", Count{IN(detection.guards.step_ids), 1, 1'000'000},
          "Storm: more than so many IDs make the same step between two regions or pools in 10 minutes ..."},
         {"step_factor", Number{IN(detection.guards.step_factor), 1, 1000}, "... and so many times the usual."},
         {"slow_step_ids", Count{IN(detection.guards.slow_step_ids), 1, 1'000'000},
          "Slow storm: more than so many PPPoE IDs make the same impossible step between two regions in an hour."},
         {"storm_hold", Duration{IN(detection.guards.storm_hold), 0s, 24h}, "How long a storm holds findings."},
         {"breaker_per_hour", Count{IN(detection.guards.breaker_per_hour), 0, 10'000},
          "Breaker: at most so many suspensions an hour ..."},
         {"breaker_per_hour_share", Number{IN(detection.guards.breaker_per_hour_share), 0, 1},
          "... and at most this share of the active IDs, but 3 at least."},
         {"breaker_per_day", Count{IN(detection.guards.breaker_per_day), 0, 100'000},
          "Breaker: suspensions a day that are always possible ..."},
         {"breaker_per_day_share", Number{IN(detection.guards.breaker_per_day_share), 0, 1},
          "... or this share of the active IDs, whichever is more."},
         {"breaker_per_pool", Count{IN(detection.guards.breaker_per_pool), 0, 10'000},
          "Breaker: at most so many suspensions for one pool in 10 minutes."},
         {"backend_reject_share", Number{IN(detection.guards.backend_reject_share), 0, 1},
          "Backend outage: no new block while more than this share of the attempts from known networks is rejected "
          "..."},
         {"backend_factor", Number{IN(detection.guards.backend_factor), 1, 1000},
          "... and so many times the usual share."},
         {"max_lag", Duration{IN(detection.guards.max_lag), 1s, 1h},
          "While the analyzer is so far behind, jumps go to a person."},
         {"max_clock_skew", Duration{IN(detection.guards.max_clock_skew), 1s, 5min},
          "Jumps to and from a pool go to a person while the Starts there are told to be so much later, or earlier, "
          "than the accepts they belong to: the clock of the NAS is wrong. A NAS that holds its Starts back until "
          "all addresses are known needs more."}}};
}

Section disconnect() {
    return {
        "disconnect",
        "Ending the running sessions of a suspended ID (RFC 5176).",
        {{"nas_file", File{IN(nas_file)},
          "A TOML file with one table a NAS, `[NAME]` as in the pool file's column `nas`, and in it `address`, "
          "`port`, "
          "`secret` and, for a relay, `relay = true`; mode 0600, of the analyzer's user or root's. Empty: nobody is "
          "disconnected."},
         {"timeout", Duration{IN(disconnect_timeout), 1s, 60s}, "How long to wait for an answer."},
         {"tries", Count{IN(disconnect_tries), 1, 100}, "How often to send a request before it is given up."},
         {"rate", Count{IN(disconnect_rate), 1, 10'000}, "At most so many requests a second to one NAS."},
         {"user_name", Texts{IN(disconnect_user_names), is_user_name_form, kUserNameForm},
          "How the NAS writes the User-Name, for the realms for which that is not the ID as it is kept: "
          "`\"isp.example={user}@ISP.EXAMPLE\"`. Before the `=` is the realm, nothing for IDs without one, `*` for "
          "all others; behind it a text with `{id}` or `{user}` (what is before the last `@`), `{realm}`, and "
          "`{user:upper}`, `{realm:upper}`, `{id:upper}`."}}};
}

Section release() {
    return {
        "release",
        "What ends a suspension, besides a person.",
        {{"trusted_password_roles", Texts{IN(trusted_password_roles), without_blanks, "the name of a database role"},
          "Database roles whose change of a password ends a suspension. A thief can change a password too: name the "
          "roles of channels that the operator trusts.",
          kReloads},
         {"trusted_password_channels",
          Texts{IN(trusted_password_channels), is_channel_name, "a name of letters, digits, `.`, `_`, `-`"},
          "The same by name, for `guardctl password-changed --channel NAME` and `guard.password_changed_by()`. None is "
          "trusted until it is named.",
          kReloads},
         {"mass_change", Count{IN(mass_change), 1, 1'000'000},
          "When one role changes the passwords of more suspended IDs than this within ten minutes, or in one "
          "transaction, they stay suspended and a person is asked.",
          kReloads}}};
}

Section notice() {
    return {"notice",
            "Notices to subscribers.",
            {{"smtp_host", Text{IN(smtp_host), without_blanks, "a host name or address"},
              "The mail server to hand mail to."},
             {"smtp_port", Count{IN(smtp_port), 1, 65535}, "Its port."},
             {"mail_from", Text{IN(mail_from), is_mail_address, "a mail address, local@domain"},
              "Envelope sender and From."},
             {"mail_from_name", Text{IN(mail_from_name), any, "a text"}, "The name beside it."},
             {"template_directory", File{IN(template_directory)}, "The templates of the notices."},
             {"default_language", Text{IN(default_language), is_language, "\"ja\" or \"en\""},
              "For a subscriber of whom no language is known."},
             {"time_zone",
              Text{IN(time_zone), is_time_zone, "a time zone of the system's database, such as \"Asia/Tokyo\""},
              "In which notices give times."},
             {"operator_name", Text{IN(operator_name), any, "a text"}, "Who writes."},
             {"operator_phone", Text{IN(operator_phone), any, "a text"}, "Whom to call."},
             {"operator_verify", Text{IN(operator_verify), any, "a text"},
              "Where a subscriber can check that the notice is genuine."},
             {"mail_only", Flag{IN(mail_only)},
              "Whether a notice may go by mail alone. Whose line is cut cannot read mail at home: with `false` such a "
              "notice stays "
              "queued and raises an alarm."},
             {"phone_list", Flag{IN(phone_list)},
              "Whether calls are a channel: `guardctl notices phone-list` says whom to call, and somebody does."},
             {"answer", Duration{IN(notice_answer), 1min, days{30}},
              "So long a step of the plan waits for an answer; then the next one begins."},
             {"senders", Count{IN(notice_senders), 1, 32},
              "So many deliveries at the same time in one notifier, each sender with connections of its own to the "
              "database and to the mail server."},
             {"retry", Duration{IN(notice_retry), 1s, 24h}, "First pause after a failed attempt; it doubles."},
             {"give_up", Duration{IN(notice_give_up), 1min, days{30}},
              "A channel that has failed for so long has failed for good."},
             {"metrics_file", File{IN(notice_metrics_file)},
              "The notifier's metrics, as `analyzer.metrics_file`. Empty: none."}}};
}

Section log() {
    return {"log",
            "What goes to standard error or the journal.",
            {{"level", choice<IN(log_level)>(kLevels), "The least important line that is written.", kReloads}}};
}

constexpr std::array<AtMost, 9> kAtMost{{
    {"detection.familiar_spacing", "detection.familiar_window"},
    {"detection.pppoe.spread_window", "spool.retention"},
    {"detection.pppoe.burst_live_after", "detection.pppoe.burst_accepts"},
    {"detection.smtp.hit_window", "spool.retention"},
    {"detection.smtp.jump_countries_window", "spool.retention"},
    {"detection.smtp_source.slow_window", "spool.retention"},
    {"detection.smtp_source.fast_ids", "detection.smtp_source.fast_rejects"},
    {"notice.retry", "notice.give_up"},
    {"notice.give_up", "notice.letter.keep"},
}};

#undef IN

}  // namespace

std::span<const Section> sections() {
    static const std::vector<Section> table = [] {
        std::vector<Section> all{identity(),    spool(),     database(),   geo(),     enforcement(),
                                 analyzer(),    detection(), rule_modes(), pppoe(),   smtp(),
                                 smtp_source(), guards(),    disconnect(), release(), notice()};
        for (Section& section : channel_sections()) all.push_back(std::move(section));
        for (Section& section : plan_sections()) all.push_back(std::move(section));
        all.push_back(log());
        return all;
    }();
    return table;
}

std::span<const AtMost> at_most() {
    return kAtMost;
}
std::span<const std::string_view> mode_names() {
    return kModes;
}
std::span<const std::string_view> rule_names() {
    return kRules;
}

}  // namespace guard::config
