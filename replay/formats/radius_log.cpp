#include "replay/formats/radius_log.hpp"

#include <algorithm>

#include "event/text.hpp"
#include "replay/formats/accounting_time.hpp"

namespace guard::replay {
namespace {

using Variant = RadiusLogParser::Variant;

constexpr std::string_view kTemplate = "guard1 ";

enum class Shape : std::uint8_t { login, linelog, other };

bool is_login(std::string_view message) {
    return message.starts_with("Login OK") || message.starts_with("Login incorrect") ||
           message.starts_with("Invalid user");
}
// As Debian's mods-available/linelog writes them.
bool is_linelog(std::string_view message) {
    return message.starts_with("Accepted user: ") || message.starts_with("Rejected user: ") ||
           message.starts_with("Connect: [") || message.starts_with("Disconnect: [");
}
// The server's own log has no sessions.
bool is_attempt_by_linelog(std::string_view message) {
    return message.starts_with("Accepted user: ") || message.starts_with("Rejected user: ") ||
           (message.starts_with(kTemplate) &&
            (message.find(" accept id=") != message.npos || message.find(" reject id=") != message.npos));
}

// "(12) Login OK" -> "Login OK"
std::string_view without_number(std::string_view message) {
    if (!message.starts_with('(')) return message;
    const auto end = message.find_first_not_of("0123456789", 1);
    if (end == 1 || end == message.npos || !message.substr(end).starts_with(") ")) return message;
    return message.substr(end + 2);
}

Shape shape_of(std::string_view message) {
    if (is_login(without_number(message))) return Shape::login;
    return is_linelog(message) || message.starts_with(kTemplate) ? Shape::linelog : Shape::other;
}

bool is_server(std::string_view program) {
    return program.empty() || program == "radiusd" || program == "freeradius";
}

// The text between `before` and `after`, each of which must be there once: what a user may choose (a name, a password,
// a message made of it) could hold either, and then nobody knows where the name ends.
std::optional<std::string_view> between(std::string_view text, std::string_view before, std::string_view after) {
    const auto begin = text.find(before), end = text.rfind(after);
    if (begin == text.npos || end == text.npos || begin + before.size() > end) return std::nullopt;
    if (text.find(before, begin + 1) != text.npos || text.find(after) != end) return std::nullopt;
    return text.substr(begin + before.size(), end - begin - before.size());
}

// One line of one of these logs.
class Line {
  public:
    Line(const PrefixedLine& line, std::uint32_t number, RadiusLogParser::Variant variant, ParsedChunk& out)
        : line_(line), variant_(variant), out_(out) {
        event_.line = number;
    }

    // `cut`: the line lacks its end, and so may what stands in it.
    void read(bool cut) {
        const std::string_view message = without_number(line_.message);
        const bool attempt = is_attempt_by_linelog(line_.message);
        if (is_login(message) ? variant_ == Variant::linelog : attempt && variant_ != Variant::linelog)
            return ignore(Ignored::repeated);
        if (line_.message.starts_with(kTemplate)) return by_template(line_.message.substr(kTemplate.size()));
        if (!is_login(message) && !is_linelog(line_.message)) {
            if (!line_.has_time) return fault("a line without a time that is known", "one of FreeRADIUS or of syslog");
            return ignore(Ignored::no_authentication);
        }
        if (cut) return fault("a last line without its end", "a whole one");
        if (!line_.has_time)
            return fault("a login without a time", "linelog by the template of the manual, or by way of syslog");
        event_.at = line_.at;
        if (is_login(message)) return login(message);
        if (message.starts_with("Accepted user: ")) return named(Kind::accept, message.substr(15));
        if (message.starts_with("Rejected user: ")) return named(Kind::reject, message.substr(15));
        session(message.starts_with("Connect") ? Kind::assign : Kind::release, message);
    }

  private:
    void ignore(Ignored why) { ++out_.ignored[static_cast<std::size_t>(why)]; }
    void fault(std::string found, std::string expected) {
        ++out_.malformed;
        if (out_.faults.size() < ParsedChunk::kFaultsKept)
            out_.faults.push_back({event_.line, std::move(found), std::move(expected)});
    }
    void named(Kind kind, std::string_view id) {
        if (id.empty()) return ignore(Ignored::no_id);
        event_.kind = kind;
        event_.id = id;
        out_.events.push_back(event_);
    }
    void login(std::string_view message) {
        const auto names = between(message, ": [", "] (from client ");
        if (!names) return fault("a login whose ID has no clear end", "\"...: [ID] (from client ...)\"");
        const Kind kind = message.starts_with("Login OK") ? Kind::accept : Kind::reject;
        named(kind, variant_ == Variant::login_with_slash ? *names : names->substr(0, names->find('/')));
    }
    // "Connect: [u1] (did ... cli ... port 7 ip 192.0.2.5)", "Disconnect: [u1] (did ... ip 192.0.2.5) 86400 seconds"
    void session(Kind kind, std::string_view message) {
        const auto name = between(message, "onnect: [", "] (did ");
        const auto begin = message.rfind(" ip "), end = message.rfind(')');
        if (!name || begin == message.npos || end == message.npos || end < begin + 4)
            return fault("a session without a clear ID or address", "\"...: [ID] (did ... ip ADDRESS)\"");
        const std::string_view address = message.substr(begin + 4, end - begin - 4);
        if (!address.empty() && !add_address(address)) return;
        named(kind, *name);
    }
    bool add_address(std::string_view text) {
        const auto address = scan_address(text);
        if (!address) return fault(in_quotes(text), "an IPv4 or IPv6 address or prefix"), false;
        if (is_assignable(*address)) event_.addresses.push_back(*address);
        return true;
    }
    // "1795338951 assign id=u1%40isp.example address=192.0.2.5,,, stamp=1795338941 delay=10"
    void by_template(std::string_view text);
    bool take_field(std::string_view key, std::string_view value);
    bool unquote(std::string_view text);

    const PrefixedLine& line_;
    const RadiusLogParser::Variant variant_;
    ParsedChunk& out_;
    LogEvent event_;
    std::optional<std::int64_t> stamp_;
    std::int64_t delay_ = 0;
    std::array<bool, 4> seen_{};  // keys of the template
};

std::string_view take_word(std::string_view& text) {
    const auto end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

// %{urlquote:...}: %40 for each byte that is not plain.
bool Line::unquote(std::string_view text) {
    if (text.find('%') == text.npos) {
        event_.id = text;
        return true;
    }
    std::string id;
    const auto digit = [](char c) {
        if (is_digit(c)) return c - '0';
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            id += text[i];
            continue;
        }
        if (text.size() - i < 3 || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) return false;
        id += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
        i += 2;
    }
    event_.id = out_.kept.emplace_back(std::move(id));
    return true;
}

bool Line::take_field(std::string_view key, std::string_view value) {
    constexpr std::array<std::string_view, 4> kKeys = {"id", "address", "stamp", "delay"};
    const auto at = static_cast<std::size_t>(std::find(kKeys.begin(), kKeys.end(), key) - kKeys.begin());
    if (at == kKeys.size()) return fault(in_quotes(key), "id, address, stamp or delay"), false;
    if (seen_.at(at)) return fault("two of \"" + std::string(key) + '"', "each key once"), false;
    seen_.at(at) = true;
    if (key == "id") {
        if (!unquote(value)) return fault("an id with a % that begins no byte", "%{urlquote:%{User-Name}}"), false;
    } else if (key == "address") {
        for (int count = 0; !value.empty(); ++count) {
            const auto end = std::min(value.find(','), value.size());
            if (count == static_cast<int>(kMaxAddresses)) return fault("more addresses", "at most four"), false;
            if (end > 0 && !add_address(value.substr(0, end))) return false;
            value.remove_prefix(std::min(end + 1, value.size()));
        }
    } else if (!value.empty()) {
        const auto number = scan_seconds(value);
        if (!number) return fault(in_quotes(value), std::string(key) + " in seconds"), false;
        if (key == "stamp")
            stamp_ = *number;
        else
            delay_ = *number;
    }
    return true;
}

void Line::by_template(std::string_view text) {
    const auto received = scan_seconds(take_word(text));
    const auto kind = parse_kind(take_word(text));
    if (!received || !kind) return fault("no time or no kind", "\"guard1 SECONDS KIND id=...\"");
    event_.kind = *kind;
    bool ended = false;
    while (!text.empty()) {
        const std::string_view word = take_word(text);
        const auto equals = word.find('=');
        if (equals == word.npos && word == "end") {
            ended = text.empty();
            break;
        }
        if (equals == word.npos) return fault("a word without \"=\"", "KEY=VALUE"), void();
        if (!take_field(word.substr(0, equals), word.substr(equals + 1))) return;
    }
    if (!ended) return fault("a line without its end", "one that ends with the word \"end\"");
    if (event_.kind == Kind::reject) event_.addresses.clear();
    std::optional<Time> stamped;
    if (stamp_) stamped = Time{std::chrono::seconds{*stamp_}};
    event_.at = {accounting_time(Time{std::chrono::seconds{*received}}, stamped, delay_), true, true};
    named(*kind, event_.id);
}

}  // namespace

std::string_view RadiusLogParser::name() const {
    switch (variant_) {
        case Variant::login:
            return "radius";
        case Variant::login_with_slash:
            return "radius-slash";
        case Variant::linelog:
            break;
    }
    return "linelog";
}

std::size_t RadiusLogParser::recognise(std::string_view beginning) const {
    if (variant_ == Variant::login_with_slash) return 0;  // not for the content to say
    std::size_t found = 0;
    DayScanner day;
    std::deque<std::string> kept;
    JournalReader journal;
    while (!beginning.empty()) {
        const std::string_view text = take_line(beginning);
        PrefixedLine line;
        if (text.starts_with('{')) {
            kept.clear();
            line = journal.read(text, kept).value_or(PrefixedLine{});
        } else {
            line = take_prefix(text, day);
        }
        if (!is_server(line.program)) continue;
        const Shape shape = shape_of(line.message);
        if (variant_ == Variant::linelog) found += shape == Shape::linelog ? 1U : 0U;
        // What the server says about itself is of its log too, but a login says more.
        else
            found += shape == Shape::login ? 2U : line.program.empty() && line.category.empty() ? 0U : 1U;
    }
    return found;
}

void RadiusLogParser::parse(std::string_view chunk, ParsedChunk& out) const {
    out.clear();
    DayScanner day;
    JournalReader journal;
    const bool cut = !chunk.ends_with('\n');
    for (; !chunk.empty(); ++out.lines) {
        const std::string_view text = take_line(chunk);
        if (text.empty()) {
            ++out.ignored[static_cast<std::size_t>(Ignored::blank)];
            continue;
        }
        PrefixedLine line;
        if (text[0] == '{') {
            if (const auto entry = journal.read(text, out.kept)) line = *entry;
        } else {
            line = take_prefix(text, day);
        }
        if (line.has_time && !is_server(line.program)) {
            ++out.ignored[static_cast<std::size_t>(Ignored::other_program)];
        } else {
            Line(line, out.lines, variant_, out).read(cut && chunk.empty());
        }
    }
}

}  // namespace guard::replay
