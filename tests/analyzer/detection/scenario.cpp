#include "tests/analyzer/detection/scenario.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "geo/prefectures.hpp"

namespace guard::detection::test {

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}
geo::Code region(std::string_view text) {
    return geo::Code::parse(text).value();
}

std::string pool_rows() {
    return "10.1.0.0/16,JP,JP-01\n10.13.0.0/16,JP,JP-13\n10.14.0.0/16,JP,JP-14\n10.27.0.0/16,JP,JP-27\n"
           "10.40.0.0/16,JP,JP-40\n10.46.0.0/16,JP,JP-46\n10.146.0.0/16,JP,JP-46\n"
           "2001:db8:100::/40,JP,JP-01\n2001:db8:4600::/40,JP,JP-46\n";
}

std::shared_ptr<const geo::Locator> locator(const std::string& rows) {
    std::istringstream text(rows);
    return std::make_shared<const geo::Locator>(geo::PoolTable::parse(text, "pools").value(), geo::DatabaseRanges{}, 1);
}

namespace {

struct Foreign {
    std::string_view code;
    geo::Coordinates coordinates;
    geo::Kilometres radius;
    bool country_only;
};
// Each has ten networks of 198.18.0.0/15 (RFC 2544), and an IPv6 /40.
constexpr std::array<Foreign, 9> kForeign{{{"US", {40.71, -74.01}, 20, false},
                                           {"RU", {55.75, 37.62}, 20, false},
                                           {"BR", {-23.55, -46.63}, 20, false},
                                           {"KR", {37.57, 126.98}, 20, false},
                                           {"DE", {52.52, 13.41}, 20, false},
                                           {"FR", {48.86, 2.35}, 20, false},
                                           {"VN", {16.0, 106.0}, 500, true},
                                           {"TH", {15.0, 101.0}, 500, true},
                                           {"AU", {-33.87, 151.21}, 1000, true}}};

}  // namespace

std::shared_ptr<const geo::Locator> world(const std::string& rows) {
    geo::DatabaseRanges database;
    constexpr std::uint32_t kFirst4 = 198U << 24 | 18U << 16;
    constexpr std::uint64_t kFirst6 = 0x2001'0db8'a000'0000;
    for (std::uint32_t n = 0; n < kForeign.size(); ++n) {
        geo::Place place;
        place.country = region(kForeign[n].code);
        place.coordinates = kForeign[n].coordinates;
        place.radius = kForeign[n].radius;
        place.country_only = kForeign[n].country_only;
        place.source = geo::Place::Source::database;
        database.locations.push_back(geo::Location::from(place));
        geo::append(database.v4, kFirst4 + n * 10 * 256, n + 1);
        geo::append(database.v6, kFirst6 + (std::uint64_t{n} << 24), n + 1);
    }
    geo::append(database.v4, kFirst4 + static_cast<std::uint32_t>(kForeign.size()) * 10 * 256, 0);
    geo::append(database.v6, kFirst6 + (std::uint64_t{kForeign.size()} << 24), 0);
    database.countries.emplace(region("AU"), geo::Circle{{-25, 134}, 2200});
    std::istringstream text(rows);
    return std::make_shared<const geo::Locator>(geo::PoolTable::parse(text, "pools").value(), std::move(database), 1);
}

std::string in_country(std::string_view code, unsigned network, unsigned host) {
    if (code == "JP") return in_prefecture(13, network * 250 + host);
    const auto found =
        std::find_if(kForeign.begin(), kForeign.end(), [&](const Foreign& country) { return country.code == code; });
    BOOST_REQUIRE(found != kForeign.end() && network < 10);
    return "198.18." + std::to_string((found - kForeign.begin()) * 10 + network) + '.' + std::to_string(host);
}

std::string in_prefecture(unsigned number, unsigned n) {
    return "10." + std::to_string(number) + '.' + std::to_string(n / 250) + '.' + std::to_string(n % 250 + 1);
}

geo::Place place(unsigned prefecture) {
    return locator()->in_pools(address(in_prefecture(prefecture))).value();
}

config::DetectionSettings enforced() {
    config::DetectionSettings settings;
    settings.mode = config::Mode::enforce;
    return settings;
}

Log& Log::add_all(Kind kind, const std::string& id, Time time, const std::vector<std::string>& addresses) {
    LoginEvent event{Service::pppoe, kind, id, {}, time};
    for (const std::string& text : addresses) event.addresses.push_back(address(text));
    events_.push_back(std::move(event));
    return *this;
}

Log& Log::add(Kind kind, const std::string& id, Time time, const std::string& where) {
    return add_all(kind, id, time, where.empty() ? std::vector<std::string>{} : std::vector{where});
}

Log& Log::dial(const std::string& id, Time time, const std::string& where) {
    return accept(id, time, where).assign(id, time + 1s, where);
}

Log& Log::alive_every(std::chrono::seconds step, const std::string& id, Time from, Time until,
                      const std::string& where) {
    for (Time time = from; time <= until; time += step) alive(id, time, where);
    return *this;
}

Log& Log::resident(const std::string& id, const std::string& where) {
    return dial(id, kStart - 16 * 24h, where).alive(id, kStart - 48h, where).alive(id, kStart - 24h, where);
}

std::vector<LoginEvent> Log::events() const {
    std::vector<LoginEvent> sorted = events_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
    return sorted;
}

LoginEvent smtp(Kind kind, const std::string& id, Time time, std::string_view source) {
    return {Service::smtp_auth, kind, id, {address(source)}, time};
}

Isp::Isp(const config::DetectionSettings& settings, Knowledge knowledge, std::shared_ptr<const geo::Locator> places)
    : detector(settings, std::move(places), std::move(knowledge), kKey) {}

Isp& Isp::read(const Log& log) {
    for (const LoginEvent& event : log.events()) detector.on_event(event, decisions);
    return *this;
}

Isp& Isp::read(const LoginEvent& event) {
    detector.on_event(event, decisions);
    return *this;
}

Isp& Isp::until(Time now) {
    detector.advance(now, decisions);
    return *this;
}

std::vector<Decision> Isp::of(Rule rule) const {
    std::vector<Decision> result;
    for (const Decision& decision : decisions)
        if (decision.finding.rule == rule) result.push_back(decision);
    return result;
}

Decision Isp::only(Rule rule) const {
    std::map<std::string, Decision> last;
    for (const Decision& decision : of(rule)) last.insert_or_assign(decision.finding.key(), decision);
    BOOST_REQUIRE_MESSAGE(last.size() == 1, to_string(rule) << " was found " << last.size() << " times, not once");
    return last.begin()->second;
}

std::size_t Isp::suspended() const {
    std::set<std::string> ids;
    for (const Decision& decision : decisions)
        if (decision.action == Action::suspend && decision.enforced) ids.insert(decision.finding.id);
    return ids.size();
}

std::size_t Isp::in_review() const {
    std::set<std::string> ids;
    for (const Decision& decision : decisions)
        if (decision.action == Action::review) ids.insert(decision.finding.id);
    return ids.size();
}

bool Isp::suspended(const std::string& id) const {
    return suspended_at(id).has_value();
}

std::optional<Time> Isp::found_at(const std::string& id) const {
    for (const Decision& decision : decisions)
        if (decision.finding.id == id && decision.finding.grade != Grade::notable) return decision.decided;
    return std::nullopt;
}

std::optional<Time> Isp::suspended_at(const std::string& id) const {
    for (const Decision& decision : decisions)
        if (decision.finding.id == id && decision.action == Action::suspend && decision.enforced)
            return decision.decided;
    return std::nullopt;
}

std::vector<Learned> all_learned(const Detector& detector) {
    std::vector<Learned> all;
    detector.streams().each_learned([&](std::uint64_t, const Learned& learned) { all.push_back(learned); });
    return all;
}

const Stream& open_stream(const Detector& detector) {
    const Stream* only = nullptr;
    detector.streams().each_open([&](const Stream& stream) {
        BOOST_REQUIRE(only == nullptr);
        only = &stream;
    });
    BOOST_REQUIRE(only != nullptr);
    return *only;
}

std::string told(const std::vector<Decision>& decisions) {
    std::ostringstream text;
    for (const Decision& decision : decisions) {
        const Finding& finding = decision.finding;
        text << finding.key() << ' ' << to_string(finding.grade) << ' ' << to_string(decision.action) << ' '
             << to_string(decision.reason) << ' ' << decision.enforced << ' ' << format_rfc3339(decision.decided)
             << '\n'
             << finding.summary_en << '\n'
             << finding.summary_ja << '\n';
        for (const Evidence& evidence : finding.evidence)
            text << "  " << format_rfc3339(evidence.time) << ' ' << to_string(evidence.kind) << ' '
                 << (evidence.address ? evidence.address->to_string() : "-") << ' ' << evidence.region.view() << '\n';
        for (const IpAddress& open : decision.open_addresses) text << "  open " << open.to_string() << '\n';
    }
    return text.str();
}

}  // namespace guard::detection::test
