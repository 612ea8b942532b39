#include "replay/jsonl_reader.hpp"

#include <simdjson.h>

#include "event/text.hpp"
#include "replay/line_reader.hpp"

namespace guard::replay {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

static_assert(kReadablePadding >= simdjson::SIMDJSON_PADDING);

struct Fault {
    std::string found, expected;
};

tl::unexpected<Fault> fault(std::string found, std::string expected) {
    return unexpected(Fault{std::move(found), std::move(expected)});
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

Expected<std::string, Fault> id_of(const Fields& fields, const IdNormalisation& normalise) {
    const std::string expected = "an \"id\" of 1 to " + std::to_string(kMaxIdBytes) + " bytes";
    const auto value = text(fields.id, "id", expected);
    if (!value) return unexpected(value.error());
    if (auto id = normalise(*value)) return std::move(*id);
    return fault("an ID of " + std::to_string(value->size()) + " bytes (" + normalise.fingerprint() + ')', expected);
}

// 255.255.255.254 and .255 leave the choice to the NAS or to the subscriber (RFC 2865 section 5.8): no address.
bool is_placeholder(const IpAddress& address) {
    return address == IpAddress::ipv4(0xffffffff) || address == IpAddress::ipv4(0xfffffffe);
}

std::optional<Fault> add_address(element value, Addresses& addresses) {
    const char* const expected = "an IPv4 or IPv6 address or prefix";
    std::string_view written;
    if (value.get(written) != simdjson::SUCCESS) return Fault{std::string(kind_of(value)), expected};
    const auto address = IpAddress::parse(written);
    if (!address) return Fault{in_quotes(written), expected};
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
std::optional<Fault> contradiction(const LoginEvent& event) {
    const bool authentication = event.kind == Kind::accept || event.kind == Kind::reject;
    if (event.service == Service::smtp_auth) {
        if (!authentication)
            return Fault{in_quotes(to_string(event.kind)), "\"accept\" or \"reject\": SMTP-AUTH has no sessions"};
        if (event.addresses.size() != 1 || event.addresses.front().is_prefix())
            return Fault{
                event.addresses.size() == 1 ? "a prefix" : std::to_string(event.addresses.size()) + " addresses",
                "the one address of the client, since the service is smtp_auth"};
    } else if (event.kind == Kind::reject && !event.addresses.empty()) {
        return Fault{"an address of a reject", "none: an Access-Reject assigns no address"};
    }
    return std::nullopt;
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

Expected<LoginEvent, Fault> event_of(simdjson::dom::parser& parser, const IdNormalisation& normalise,
                                     std::string_view line) {
    const auto fields = fields_of(parser, line);
    if (!fields) return unexpected(fields.error());
    const auto time = parsed(fields->time, "time", parse_rfc3339, "a \"time\" of RFC 3339 with its zone");
    if (!time) return unexpected(time.error());
    const auto service = parsed(fields->service, "service", parse_service, "a \"service\", \"pppoe\" or \"smtp_auth\"");
    if (!service) return unexpected(service.error());
    const auto kind = parsed(fields->kind, "kind", parse_kind,
                             "a \"kind\", \"accept\", \"reject\", \"assign\", \"alive\" or \"release\"");
    if (!kind) return unexpected(kind.error());
    auto id = id_of(*fields, normalise);
    if (!id) return unexpected(std::move(id.error()));
    auto addresses = addresses_of(fields->address);
    if (!addresses) return unexpected(std::move(addresses.error()));
    LoginEvent event{*service, *kind, std::move(*id), *addresses, *time};
    if (auto wrong = contradiction(event)) return unexpected(std::move(*wrong));
    return event;
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r\v\f") == line.npos;
}

}  // namespace

std::string MalformedLine::to_string() const {
    return file + ':' + std::to_string(line) + ": found " + found + ", expected " + expected;
}

struct JsonlReader::State {
    State(std::string file_name, LineReader line_reader, IdNormalisation normalisation)
        : name(std::move(file_name)), lines(std::move(line_reader)), normalise(normalisation) {}

    std::string name;
    LineReader lines;
    IdNormalisation normalise;
    simdjson::dom::parser parser{kLongestLine};
    LineCounts counts;
    std::vector<MalformedLine> kept;
};

JsonlReader::JsonlReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
JsonlReader::JsonlReader(JsonlReader&&) noexcept = default;
JsonlReader& JsonlReader::operator=(JsonlReader&&) noexcept = default;
JsonlReader::~JsonlReader() = default;

Expected<JsonlReader> JsonlReader::open(const std::filesystem::path& file, IdNormalisation normalise) {
    auto lines = LineReader::open(file);
    if (!lines) return unexpected(std::move(lines.error()));
    const std::string name = file == "-" ? "standard input" : file.string();
    return JsonlReader(std::make_unique<State>(name, std::move(*lines), normalise));
}

std::optional<Expected<LoginEvent, MalformedLine>> JsonlReader::next() {
    State& state = *state_;
    while (const auto line = state.lines.next()) {
        ++state.counts.lines;
        std::string_view text = line->text;
        if (state.counts.lines == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
        if (is_blank(text) && !line->too_long) {
            ++state.counts.blank;
            continue;
        }
        auto event = line->too_long
                         ? fault("a line of more than " + std::to_string(kLongestLine) + " bytes", "a shorter one")
                         : event_of(state.parser, state.normalise, text);
        if (event) {
            ++state.counts.events;
            return std::move(*event);
        }
        ++state.counts.malformed;
        MalformedLine malformed{state.name, state.counts.lines, std::move(event.error().found),
                                std::move(event.error().expected)};
        if (state.kept.size() < kKept) state.kept.push_back(malformed);
        return unexpected(std::move(malformed));
    }
    return std::nullopt;
}

const LineCounts& JsonlReader::counts() const {
    return state_->counts;
}
std::span<const MalformedLine> JsonlReader::malformed() const {
    return state_->kept;
}

}  // namespace guard::replay
