#include "evaluate/verdict.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "event/text.hpp"

namespace guard::evaluate {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> kActionNames{"suspend", "review", "block", "record"};

// Takes members out of one finding; after the first fault what it gives does not count.
class Members {
  public:
    explicit Members(const json& object) : object_(object) {}

    std::string text(const char* key) {
        const auto member = object_.find(key);
        if (member == object_.end()) return fault(std::string("no \"") + key + '"', "a finding of guardctl replay");
        if (!member->is_string()) return fault(std::string("a \"") + key + "\" that is no text", "a text");
        return member->get<std::string>();
    }
    Time time(const char* key) {
        const std::string written = text(key);
        const auto time = parse_rfc3339(written);
        if (!time) fault(in_quotes(written), std::string("a \"") + key + "\" of RFC 3339");
        return time.value_or(Time{});
    }
    Action action() {
        const std::string written = text("action");
        const auto* const known = std::find(kActionNames.begin(), kActionNames.end(), written);
        if (known == kActionNames.end())
            fault(in_quotes(written), "an \"action\", \"suspend\", \"review\", \"block\" or \"record\"");
        return static_cast<Action>(known - kActionNames.begin());
    }
    Subject subject() {
        const std::string written = text("service");
        const auto service = parse_service(written);
        if (!service) fault(in_quotes(written), "a \"service\", \"pppoe\" or \"smtp_auth\"");
        const bool id = object_.contains("id"), source = object_.contains("source");
        if (id == source) fault(id ? "an \"id\" and a \"source\"" : "neither \"id\" nor \"source\"", "one of them");
        if (id || !source) return {service.value_or(Service::pppoe), false, id ? text("id") : std::string()};
        const std::string name = text("source");
        const auto address = IpAddress::parse(name);
        if (!address) fault(in_quotes(name), "a \"source\" that is an address");
        return {service.value_or(Service::pppoe), true, address ? address->source().to_string() : name};
    }
    [[nodiscard]] bool contains(const char* key) const { return object_.contains(key); }
    [[nodiscard]] const std::string& first_fault() const { return fault_; }

  private:
    std::string fault(const std::string& found, const std::string& expected) {
        if (fault_.empty()) fault_ = "found " + found + ", expected " + expected;
        return {};
    }

    const json& object_;
    std::string fault_;
};

Expected<Verdict> verdict_of(const replay::LineReader::Line& line) {
    if (line.too_long) return unexpected("found a line of more than 128 KiB, expected a shorter one");
    const json object = json::parse(line.text, nullptr, false);
    if (!object.is_object()) return unexpected("found no JSON object, expected one finding a line");
    Members members(object);
    Verdict verdict;
    verdict.action = members.action();
    verdict.subject = members.subject();
    verdict.found = members.time("time");
    verdict.decided = members.time("decided");
    verdict.rule = members.text("rule");
    if (members.contains("reason")) verdict.reason = members.text("reason");
    if (!members.first_fault().empty()) return unexpected(members.first_fault());
    return verdict;
}

}  // namespace

Expected<FindingReader> FindingReader::open(const std::filesystem::path& file) {
    auto lines = replay::LineReader::open(file);
    if (!lines) return unexpected(std::move(lines.error()));
    return FindingReader(file == "-" ? "standard input" : file.string(), std::move(*lines));
}

std::optional<Expected<Verdict>> FindingReader::next() {
    while (const auto line = lines_.next()) {
        ++number_;
        if (line->text.empty() && !line->too_long) continue;
        auto verdict = verdict_of(*line);
        if (!verdict) return unexpected(name_ + ':' + std::to_string(number_) + ": " + verdict.error());
        return verdict;
    }
    return std::nullopt;
}

}  // namespace guard::evaluate
