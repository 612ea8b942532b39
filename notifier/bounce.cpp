#include "notifier/bounce.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "event/text.hpp"

namespace guard::notifier {
namespace {

constexpr std::size_t kMaxFields = 500, kMaxValue = 4096, kMaxParts = 20, kMaxRecipients = 100;
constexpr std::size_t kMaxShown = 200, kMaxBoundary = 200, kMaxMessageId = 250;

// The first line without its end, taken off `text`.
std::string_view take_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](char letter) { return lower(letter); });
    return result;
}

std::string shown(std::string_view text) {
    return printable_ascii(text.substr(0, kMaxShown));
}

struct Field {
    std::string name;   // small letters
    std::string value;  // unfolded
};

struct Fields {
    std::vector<Field> all;
    bool sound = true;  // no line that is neither a field nor its continuation

    // Of the first with this name; empty if there is none.
    [[nodiscard]] std::string_view value(std::string_view name) const {
        const auto found = std::ranges::find(all, name, &Field::name);
        return found == all.end() ? std::string_view() : trimmed(found->value);
    }
};

bool is_field_name(std::string_view name) {
    return !name.empty() && name.size() <= 100 &&
           std::ranges::all_of(name, [](char letter) { return letter > 0x20 && letter < 0x7f; });
}

// Up to the next empty line, which is taken off `text`, too.
Fields take_fields(std::string_view& text) {
    Fields fields;
    while (!text.empty()) {
        const auto line = take_line(text);
        if (line.empty()) break;
        if (line.front() == ' ' || line.front() == '\t') {
            if (fields.all.empty())
                fields.sound = false;
            else if (auto& value = fields.all.back().value; value.size() + line.size() <= kMaxValue)
                value += line;
            continue;
        }
        const auto colon = line.find(':');
        const auto name = trimmed(line.substr(0, std::min(colon, line.size())));
        if (colon == std::string_view::npos || !is_field_name(name))
            fields.sound = false;
        else if (fields.all.size() < kMaxFields)
            fields.all.push_back({lower(name), std::string(line.substr(colon + 1, kMaxValue))});
    }
    return fields;
}

// "multipart/report; report-type=delivery-status; boundary=\"x\"": the type in small letters, and a parameter of it.
std::string media_type(std::string_view value) {
    return lower(trimmed(value.substr(0, value.find(';'))));
}

std::optional<std::string> parameter(std::string_view value, std::string_view name) {
    auto rest = value.substr(std::min(value.find(';'), value.size()));
    while (!rest.empty()) {
        rest.remove_prefix(1);  // the semicolon
        const auto equals = rest.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const bool wanted = lower(trimmed(rest.substr(0, equals))) == name;
        rest = trimmed(rest.substr(equals + 1));
        std::string text;
        if (rest.starts_with('"')) {
            std::size_t i = 1;
            for (; i < rest.size() && rest[i] != '"'; ++i) {
                if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
                text += rest[i];
            }
            rest.remove_prefix(std::min(i, rest.size()));
        } else {
            text = trimmed(rest.substr(0, rest.find(';')));
        }
        if (wanted) return text;
        rest.remove_prefix(std::min(rest.find(';'), rest.size()));
    }
    return std::nullopt;
}

// The parts between the boundaries of a multipart body (RFC 2046 section 5.1.1).
std::vector<std::string_view> parts_of(std::string_view body, const std::string& boundary) {
    std::vector<std::string_view> parts;
    const auto delimiter = "--" + boundary;
    const char* begin = nullptr;
    while (!body.empty() && parts.size() < kMaxParts) {
        const char* const here = body.data();
        const auto line = take_line(body);
        if (!line.starts_with(delimiter)) continue;
        const auto tail = trimmed(line.substr(delimiter.size()));
        if (!tail.empty() && tail != "--") continue;
        if (begin != nullptr) parts.emplace_back(begin, static_cast<std::size_t>(here - begin));
        if (tail == "--") return parts;
        begin = body.data();
    }
    // Cut off by the mailbox: what is there counts.
    if (begin != nullptr && parts.size() < kMaxParts)
        parts.emplace_back(begin, static_cast<std::size_t>(body.data() + body.size() - begin));
    return parts;
}

// RFC 3463: "5.1.1", perhaps with a comment behind it.
std::string status_of(std::string_view value) {
    const auto code = value.substr(0, value.find_first_not_of("0123456789."));
    const auto first = code.find('.'), second = code.find('.', first + 1);
    const bool sound = first == 1 && second != std::string_view::npos && second > 2 && second <= 5 &&
                       code.size() > second + 1 && code.size() <= second + 4 &&
                       code.find('.', second + 1) == std::string_view::npos &&
                       (code[0] == '2' || code[0] == '4' || code[0] == '5');
    return sound ? std::string(code) : std::string();
}

std::optional<Bounce::Action> action_of(std::string_view value) {
    static constexpr std::array<std::string_view, 5> kNames{"failed", "delayed", "delivered", "relayed", "expanded"};
    const auto found = std::ranges::find(kNames, lower(value.substr(0, value.find_first_of(" \t("))));
    if (found == kNames.end()) return std::nullopt;
    return static_cast<Bounce::Action>(found - kNames.begin());
}

// Behind "rfc822;" and its like.
std::string_view behind_type(std::string_view value) {
    const auto semicolon = value.find(';');
    return semicolon == std::string_view::npos ? value : trimmed(value.substr(semicolon + 1));
}

void read_recipients(std::string_view report, std::optional<Bounce>& best) {
    for (std::size_t i = 0; i < kMaxRecipients && !report.empty(); ++i) {
        const auto fields = take_fields(report);
        const auto action = action_of(fields.value("action"));
        const auto status = status_of(fields.value("status"));
        if (!action || status.empty()) continue;
        const bool better = !best || (best->action != Bounce::Action::failed && *action == Bounce::Action::failed);
        if (!better) continue;
        best = Bounce{.message_id = {},
                      .action = *action,
                      .status = status,
                      .permanent = status.front() == '5',
                      .final_recipient = shown(behind_type(fields.value("final-recipient"))),
                      .diagnostic = shown(behind_type(fields.value("diagnostic-code")))};
    }
}

std::string message_id_in(std::string_view returned) {
    const auto fields = take_fields(returned);
    const auto value = fields.value("message-id");
    const auto begin = value.find('<'), end = value.find('>', std::min(begin, value.size()));
    if (begin == std::string_view::npos || end == std::string_view::npos) return {};
    const auto id = value.substr(begin, end - begin + 1);
    const bool sound = id.size() >= 5 && id.size() <= kMaxMessageId && id.find('@') != std::string_view::npos &&
                       std::ranges::all_of(id, [](char letter) { return letter > 0x20 && letter < 0x7f; });
    return sound ? std::string(id) : std::string();
}

}  // namespace

const char* to_string(BounceError error) {
    switch (error) {
        case BounceError::too_large:
            return "longer than 1 MiB";
        case BounceError::malformed:
            return "no mail: its header cannot be read";
        case BounceError::no_report:
            return "no delivery status notification";
        case BounceError::no_recipient:
            return "a report that names no action and status";
        case BounceError::no_message_id:
            return "a report that does not return the header of the mail it is about";
    }
    return "?";
}

Expected<Bounce, BounceError> parse_bounce(std::string_view message) {
    if (message.size() > kMaxBounce) return unexpected(BounceError::too_large);
    if (message.starts_with("From ")) (void)take_line(message);  // as mailboxes and pipes put it in front
    const auto header = take_fields(message);
    if (header.all.empty() || !header.sound) return unexpected(BounceError::malformed);
    const auto type = header.value("content-type");
    const auto boundary = parameter(type, "boundary");
    if (media_type(type) != "multipart/report" || !boundary || boundary->empty() || boundary->size() > kMaxBoundary ||
        lower(parameter(type, "report-type").value_or("delivery-status")) != "delivery-status")
        return unexpected(BounceError::no_report);

    std::optional<Bounce> bounce;
    std::string message_id;
    bool has_report = false;
    for (auto part : parts_of(message, *boundary)) {
        const auto fields = take_fields(part);
        const auto part_type = media_type(fields.value("content-type"));
        if (part_type == "message/delivery-status" || part_type == "message/global-delivery-status") {
            has_report = true;
            read_recipients(part, bounce);
        } else if ((part_type == "message/rfc822" || part_type == "text/rfc822-headers" ||
                    part_type == "message/global" || part_type == "message/global-headers") &&
                   message_id.empty()) {
            message_id = message_id_in(part);
        }
    }
    if (!has_report) return unexpected(BounceError::no_report);
    if (!bounce) return unexpected(BounceError::no_recipient);
    if (message_id.empty()) return unexpected(BounceError::no_message_id);
    bounce->message_id = message_id;
    return *bounce;
}

}  // namespace guard::notifier
