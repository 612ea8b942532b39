#include "replay/formats/jsonl.hpp"

#include <simdjson.h>

#include <optional>

#include "event/expected.hpp"
#include "event/text.hpp"
#include "replay/formats/text_scan.hpp"

namespace guard::replay {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

tl::unexpected<Fault> fault(std::string found, std::string expected) {
    return unexpected(Fault{0, std::move(found), std::move(expected)});
}

std::string_view kind_of(element value) {
    switch (value.type()) {
        case element_type::ARRAY:
            return "a list";
        case element_type::OBJECT:
            return "an object";
        case element_type::STRING:
            return "a text";
        case element_type::BOOL:
            return "a truth value";
        case element_type::NULL_VALUE:
            return "null";
        default:
            return "a number";
    }
}

// The five keys, as they stand in the line.
struct Fields {
    std::optional<element> time, service, kind, id, address;

    std::optional<element>* find(std::string_view key) {
        if (key == "time") return &time;
        if (key == "service") return &service;
        if (key == "kind") return &kind;
        if (key == "id") return &id;
        if (key == "address") return &address;
        return nullptr;
    }
};

// The text of a field that must be one; `show` when a wrong value may stand in the message.
Expected<std::string_view, Fault> text(const std::optional<element>& field, const char* key,
                                       const std::string& expected) {
    std::string_view value;
    if (!field) return fault(std::string("no \"") + key + '"', expected);
    if (field->get(value) != simdjson::SUCCESS) return fault(std::string(kind_of(*field)), expected);
    return value;
}

template <class Parse>
auto parsed(const std::optional<element>& field, const char* key, Parse parse, const std::string& expected)
    -> Expected<typename std::invoke_result_t<Parse, std::string_view>::value_type, Fault> {
    const auto value = text(field, key, expected);
    if (!value) return unexpected(value.error());
    if (auto result = parse(*value)) return *result;
    return fault(in_quotes(*value), expected);
}

std::optional<Fault> add_address(element value, Addresses& addresses) {
    const char* const expected = "an IPv4 or IPv6 address or prefix";
    std::string_view written;
    if (value.get(written) != simdjson::SUCCESS) return Fault{0, std::string(kind_of(value)), expected};
    const auto address = IpAddress::parse(written);
    if (!address) return Fault{0, in_quotes(written), expected};
    if (!is_placeholder(*address)) addresses.push_back(*address);
    return std::nullopt;
}

Expected<Addresses, Fault> addresses_of(const std::optional<element>& field) {
    Addresses addresses;
    if (!field || field->is_null()) return addresses;
    simdjson::dom::array list;
    if (field->get(list) != simdjson::SUCCESS) {
        if (auto wrong = add_address(*field, addresses)) return unexpected(std::move(*wrong));
        return addresses;
    }
    if (list.size() > kMaxAddresses)
        return fault("a list of " + std::to_string(list.size()),
                     "at most " + std::to_string(kMaxAddresses) + " addresses");
    for (const element value : list)
        if (auto wrong = add_address(value, addresses)) return unexpected(std::move(*wrong));
    return addresses;
}

// What the fields must be together, by the nature of the protocols.
std::optional<Fault> contradiction(const LogEvent& event) {
    const bool authentication = event.kind == Kind::accept || event.kind == Kind::reject;
    if (event.protocol == Protocol::smtp) {
        if (!authentication)
            return Fault{0, in_quotes(to_string(event.kind)), "\"accept\" or \"reject\": SMTP-AUTH has no sessions"};
        if (event.addresses.size() != 1 || event.addresses.front().is_prefix())
            return Fault{
                0, event.addresses.size() == 1 ? "a prefix" : std::to_string(event.addresses.size()) + " addresses",
                "the one address of the client, since the service is smtp_auth"};
    } else if (event.kind == Kind::reject && !event.addresses.empty()) {
        return Fault{0, "an address of a reject", "none: an Access-Reject assigns no address"};
    }
    return std::nullopt;
}

Protocol protocol_of(Service service) {
    return service == Service::pppoe ? Protocol::pppoe : Protocol::smtp;
}

Expected<Fields, Fault> fields_of(simdjson::dom::parser& parser, std::string_view line) {
    element root;
    // A complete parse, not the lazy one: half a line must never pass because the half that matters came first.
    const auto error = parser.parse(line.data(), line.size(), false).get(root);
    simdjson::dom::object object;
    const std::string expected = "one JSON object in UTF-8";
    if (error) return fault(std::string("no JSON: ") + simdjson::error_message(error), expected);
    if (root.get(object) != simdjson::SUCCESS) return fault(std::string(kind_of(root)), expected);
    Fields fields;
    for (const auto [key, value] : object) {
        std::optional<element>* const field = fields.find(key);
        if (!field) continue;
        if (*field) return fault("two \"" + std::string(key) + '"', "each key once");
        *field = value;
    }
    return fields;
}

Expected<LogEvent, Fault> event_of(simdjson::dom::parser& parser, std::string_view line, ParsedChunk& out) {
    const auto fields = fields_of(parser, line);
    if (!fields) return unexpected(fields.error());
    const auto time = parsed(fields->time, "time", parse_rfc3339, "a \"time\" of RFC 3339 with its zone");
    if (!time) return unexpected(time.error());
    const auto service = parsed(fields->service, "service", parse_service, "a \"service\", \"pppoe\" or \"smtp_auth\"");
    if (!service) return unexpected(service.error());
    const auto kind = parsed(fields->kind, "kind", parse_kind,
                             "a \"kind\", \"accept\", \"reject\", \"assign\", \"alive\" or \"release\"");
    if (!kind) return unexpected(kind.error());
    const std::string an_id = "an \"id\" of 1 to " + std::to_string(kMaxIdBytes) + " bytes";
    const auto id = text(fields->id, "id", an_id);
    if (!id) return unexpected(id.error());
    // Whether a longer one is an ID is for the normalisation to say. An empty one is a reject's that has none, but not
    // in this format.
    if (id->empty()) return fault("an ID of 0 bytes", an_id);
    auto addresses = addresses_of(fields->address);
    if (!addresses) return unexpected(std::move(addresses.error()));
    LogEvent event;
    event.at.time = *time;
    event.protocol = protocol_of(*service);
    event.kind = *kind;
    event.addresses = *addresses;
    if (auto wrong = contradiction(event)) return unexpected(std::move(*wrong));
    event.id = out.kept.emplace_back(*id);
    return event;
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r\v\f") == line.npos;
}

// Reads a line as our own writers write it. False: it is something else, or wrong; nothing is said about it.
class Scanner {
  public:
    bool scan(std::string_view line, LogEvent& event) {
        rest_ = line;
        if (!skip("{\"time\":\"") || !time(event.at.time)) return false;
        if (skip("pppoe\",\"kind\":\"")) {
            event.protocol = Protocol::pppoe;
        } else if (skip("smtp_auth\",\"kind\":\"")) {
            event.protocol = Protocol::smtp;
        } else {
            return false;
        }
        if (!kind(event.kind) || !id(event.id)) return false;
        event.addresses.clear();
        if (!rest_.starts_with('}') && !addresses(event.addresses)) return false;
        return rest_ == "}" && !contradiction(event);
    }

  private:
    bool skip(std::string_view text) {
        if (!rest_.starts_with(text)) return false;
        rest_.remove_prefix(text.size());
        return true;
    }
    bool time(Time& time) {
        constexpr std::size_t kUpToFraction = 19;
        if (rest_.size() < kUpToFraction + 1 || rest_[10] != 'T') return false;
        const auto day = day_(rest_.data());
        const auto clock = scan_clock(rest_.data() + 11);
        if (!day || !clock) return false;
        rest_.remove_prefix(kUpToFraction);
        std::int64_t below_second = 0;
        if (skip(".")) {
            std::int64_t unit = 1'000'000;
            std::size_t digits = 0;
            for (; digits < 6 && digits < rest_.size() && is_digit(rest_[digits]); ++digits) {
                unit /= 10;
                below_second += unit * (rest_[digits] - '0');
            }
            if (digits == 0) return false;
            rest_.remove_prefix(digits);
        }
        time = *day + *clock + Microseconds{below_second};
        return skip("Z\",\"service\":\"");
    }
    bool kind(Kind& kind) {
        const std::size_t end = rest_.find('"');
        const auto found = end == rest_.npos ? std::nullopt : parse_kind(rest_.substr(0, end));
        if (!found) return false;
        kind = *found;
        rest_.remove_prefix(end);
        return skip("\",\"id\":\"");
    }
    // Printable ASCII without escapes.
    bool id(std::string_view& id) {
        std::size_t length = 0;
        while (length < rest_.size() && rest_[length] >= ' ' && rest_[length] < '\x7f' && rest_[length] != '"' &&
               rest_[length] != '\\')
            ++length;
        id = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return length > 0 && skip("\"");
    }
    bool address(Addresses& addresses) {
        if (!skip("\"")) return false;
        const std::size_t end = rest_.substr(0, 64).find_first_not_of("0123456789abcdefABCDEF.:/");
        const auto found = end == rest_.npos ? std::nullopt : scan_address(rest_.substr(0, end));
        if (!found || addresses.size() == kMaxAddresses) return false;
        if (!is_placeholder(*found)) addresses.push_back(*found);
        rest_.remove_prefix(end);
        return skip("\"");
    }
    bool addresses(Addresses& addresses) {
        if (!skip(",\"address\":")) return false;
        if (!skip("[")) return address(addresses);
        std::size_t count = 0;
        do {
            if (++count > kMaxAddresses || !address(addresses)) return false;
        } while (skip(","));
        return skip("]");
    }

    std::string_view rest_;
    DayScanner day_;
};

}  // namespace

std::size_t JsonlParser::recognise(std::string_view beginning) const {
    constexpr std::size_t kLines = 100;
    std::size_t found = 0;
    for (std::size_t line = 0; line < kLines && !beginning.empty(); ++line) {
        const std::string_view text = take_line(beginning);
        if (text.find('{') <= 2 && text.find("\"time\"") != text.npos && text.find("\"service\"") != text.npos &&
            text.find("\"kind\"") != text.npos)
            ++found;
    }
    return found;
}

void JsonlParser::parse(std::string_view chunk, ParsedChunk& out) const {
    out.clear();
    Scanner scanner;
    std::optional<simdjson::dom::parser> parser;
    for (LogEvent event; !chunk.empty(); ++out.lines) {
        const std::string_view line = take_line(chunk);
        if (scan_ && line.size() <= kLongestLine && scanner.scan(line, event)) {
            event.line = out.lines;
            out.events.push_back(event);
            continue;
        }
        if (line.size() <= kLongestLine && is_blank(line)) {
            ++out.ignored[static_cast<std::size_t>(Ignored::blank)];
            continue;
        }
        if (!parser) parser.emplace(kLongestLine);
        auto found = line.size() > kLongestLine
                         ? fault("a line of more than " + std::to_string(kLongestLine) + " bytes", "a shorter one")
                         : event_of(*parser, line, out);
        if (found) {
            found->line = out.lines;
            out.events.push_back(*found);
            continue;
        }
        ++out.malformed;
        if (out.faults.size() < ParsedChunk::kFaultsKept) {
            found.error().line = out.lines;
            out.faults.push_back(std::move(found.error()));
        }
    }
}

}  // namespace guard::replay
