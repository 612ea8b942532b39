#include "replay/formats/detail.hpp"

#include <algorithm>
#include <charconv>

#include "event/text.hpp"
#include "replay/formats/accounting_time.hpp"
#include "replay/formats/text_scan.hpp"

namespace guard::replay {
namespace {

constexpr std::array<std::string_view, 4> kAddressNames = {
    "Framed-IP-Address = ", "Framed-IPv6-Address = ", "Framed-IPv6-Prefix = ", "Delegated-IPv6-Prefix = "};

// The values of one record, as they are written; of an attribute that is there twice the first, as in the server.
struct Record {
    std::uint32_t line = 0;
    std::string_view user_name, status, packet_type, event_timestamp, delay, timestamp;
    std::array<std::string_view, kAddressNames.size()> addresses;
    bool open = false, has_begin = false, has_name = false;
};

bool take_value(std::string_view line, std::string_view name, std::string_view& value) {
    if (!line.starts_with(name)) return false;
    if (value.empty()) value = line.substr(name.size());
    return true;
}

// A line of a record, without its tab.
void read_attribute(std::string_view line, Record& record) {
    if (line.size() < 4) return;
    switch (line[0]) {
        case 'A':
            if (!take_value(line, "Acct-Status-Type = ", record.status))
                take_value(line, "Acct-Delay-Time = ", record.delay);
            break;
        case 'D':
        case 'F':
            for (std::size_t i = 0; i < kAddressNames.size(); ++i)
                if (take_value(line, kAddressNames[i], record.addresses[i])) break;
            break;
        case 'E':
            take_value(line, "Event-Timestamp = ", record.event_timestamp);
            break;
        case 'P':
            take_value(line, "Packet-Type = ", record.packet_type);
            break;
        case 'T':
            take_value(line, "Timestamp = ", record.timestamp);
            break;
        case 'U':
            if (take_value(line, "User-Name = ", record.user_name)) record.has_name = true;
            break;
        default:
            break;
    }
}

// The text of a string as the server prints it: in quotes, with \n, \r, \t, \", \\ and three octal digits. None: it is
// none, or has not got its end.
std::optional<std::string_view> text_of(std::string_view value, ParsedChunk& out) {
    if (value.size() < 2 || value.front() != '"' || value.back() != '"') return std::nullopt;
    value = value.substr(1, value.size() - 2);
    if (value.find('\\') == value.npos) {
        if (value.find('"') != value.npos) return std::nullopt;
        return value;
    }
    std::string text;
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (value[i] == '"') return std::nullopt;
        if (value[i] != '\\') {
            text += value[i];
            continue;
        }
        if (++i == value.size()) return std::nullopt;
        constexpr std::string_view kLetters = "nrt\"\\'", kMeant = "\n\r\t\"\\'";
        if (const auto letter = kLetters.find(value[i]); letter != kLetters.npos) {
            text += kMeant[letter];
            continue;
        }
        unsigned byte = 0;
        const std::string_view digits = value.substr(i, 3);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 8);
        if (digits.size() != 3 || error != std::errc{} || end != digits.data() + 3 || byte > 255) return std::nullopt;
        text += static_cast<char>(byte);
        i += 2;
    }
    return out.kept.emplace_back(std::move(text));
}

// "Nov 22 2026 09:14:11 UTC", with or without quotes, as time on the wall; `zone` is what stands behind it.
std::optional<Time> wall_time(std::string_view text, std::string_view& zone) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    if (text.size() < 21 || text[3] != ' ' || text[6] != ' ' || text[11] != ' ' || text[20] != ' ') return std::nullopt;
    const auto month = month_of(text.substr(0, 3));
    const auto day = scan_number(text.substr(text[4] == ' ' ? 5 : 4, text[4] == ' ' ? 1 : 2));
    const auto year = scan_number(text.substr(7, 4));
    const auto clock = scan_clock(text.data() + 12);
    if (!month || !day || !year || !clock) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)}, *month,
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    zone = text.substr(21);
    return Time{std::chrono::sys_days{date}} + *clock;
}

// Event-Timestamp. Its zone is an abbreviation, which says nothing by itself; but the record tells also when it came,
// and zones differ by quarters of an hour while only what is within kMaxSkew counts.
std::optional<Time> stamped_time(std::string_view text, Time arrived) {
    std::string_view zone;
    const auto wall = wall_time(text, zone);
    if (!wall) return std::nullopt;
    if (zone == "UTC" || zone == "GMT") return wall;
    return *wall - std::chrono::round<std::chrono::duration<std::int64_t, std::ratio<900>>>(*wall - arrived);
}

// What a finished record is: an event, ignored, or a fault.
class Finisher {
  public:
    Finisher(const Record& record, ParsedChunk& out) : record_(record), out_(out) {}

    void finish() {
        if (!record_.has_begin) return fault("a record without its first line", "one that begins with a time");
        const auto timestamp = scan_seconds(record_.timestamp);
        if (!timestamp) return fault("a record without its last line", "one that ends with \"Timestamp = SECONDS\"");
        if (record_.status.empty() && record_.packet_type.empty())
            return fault("neither Packet-Type nor Acct-Status-Type", "one of them");
        const auto kind = kind_of_record();
        if (!kind) return ignore(Ignored::no_authentication);
        if (!record_.has_name || record_.user_name == "\"\"") return ignore(Ignored::no_id);
        LogEvent event;
        event.kind = *kind;
        event.line = record_.line;
        if (!take_time(Time{std::chrono::seconds{*timestamp}}, event) || !take_addresses(event)) return;
        const auto name = text_of(record_.user_name, out_);
        if (!name) return fault("a User-Name that is no text in quotes", "\"...\"");
        event.id = *name;
        out_.events.push_back(event);
    }

  private:
    void ignore(Ignored why) { ++out_.ignored[static_cast<std::size_t>(why)]; }
    void fault(std::string found, std::string expected) {
        ++out_.malformed;
        if (out_.faults.size() < ParsedChunk::kFaultsKept)
            out_.faults.push_back({record_.line, std::move(found), std::move(expected)});
    }
    [[nodiscard]] std::optional<Kind> kind_of_record() const {
        if (record_.packet_type == "Access-Accept") return Kind::accept;
        if (record_.packet_type == "Access-Reject") return Kind::reject;
        if (!record_.packet_type.empty() && record_.packet_type != "Accounting-Request") return std::nullopt;
        if (record_.status == "Start") return Kind::assign;
        if (record_.status == "Interim-Update" || record_.status == "Alive") return Kind::alive;
        if (record_.status == "Stop") return Kind::release;
        return std::nullopt;
    }
    bool take_time(Time received, LogEvent& event) {
        std::int64_t delay = 0;
        if (!record_.delay.empty()) {
            const auto number = scan_number(record_.delay);
            if (!number) return fault(in_quotes(record_.delay), "Acct-Delay-Time in seconds"), false;
            delay = *number;
        }
        const Time arrived = accounting_time(received, std::nullopt, delay);
        std::optional<Time> stamped;
        if (!record_.event_timestamp.empty()) {
            stamped = stamped_time(record_.event_timestamp, arrived);
            if (!stamped)
                return fault(in_quotes(record_.event_timestamp), "Event-Timestamp as \"Mar  2 2026 10:00:00 UTC\""),
                       false;
        }
        event.at.time = accounting_time(received, stamped, delay);
        return true;
    }
    bool take_addresses(LogEvent& event) {
        if (event.kind == Kind::reject) return true;  // it assigns none, whatever its reply list held
        for (const std::string_view value : record_.addresses) {
            if (value.empty()) continue;
            const auto address = scan_address(value);
            if (!address) return fault(in_quotes(value), "an IPv4 or IPv6 address or prefix"), false;
            if (is_assignable(*address)) event.addresses.push_back(*address);
        }
        return true;
    }

    const Record& record_;
    ParsedChunk& out_;
};

}  // namespace

std::size_t DetailParser::recognise(std::string_view beginning) const {
    std::size_t records = 0;
    for (bool header = false; !beginning.empty();) {
        const std::string_view line = take_line(beginning);
        const bool attribute = line.starts_with('\t') && line.find(" = ") != line.npos;
        if (attribute && header) ++records;
        header = !line.empty() && line[0] != '\t';
    }
    return records;
}

std::size_t DetailParser::whole_records(std::string_view bytes) const {
    const auto end = bytes.rfind("\n\n");
    return end == bytes.npos ? 0 : end + 2;
}

void DetailParser::parse(std::string_view chunk, ParsedChunk& out) const {
    out.clear();
    Record record;
    const auto finish = [&] {
        if (record.open) Finisher(record, out).finish();
        record = Record{};
    };
    for (; !chunk.empty(); ++out.lines) {
        const void* const found = std::memchr(chunk.data(), '\n', chunk.size());
        if (!found) {
            // Half a line: whatever it was to say, it is not known, and the record is not at its end. A password is
            // not looked at.
            if (chunk[0] != '\t') finish();
            if (!record.open) record.line = out.lines;
            record.has_begin = record.has_begin || chunk[0] != '\t';
            record.open = true;
            record.timestamp = {};
            ++out.lines;
            break;
        }
        const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - chunk.data());
        const std::string_view line = chunk.substr(0, length);
        chunk.remove_prefix(length + 1);
        if (line.empty()) {
            if (!record.open) ++out.ignored[static_cast<std::size_t>(Ignored::blank)];
            finish();
        } else if (line[0] == '\t' && record.open) {
            read_attribute(line.substr(1), record);
        } else {
            finish();  // of a server that was killed: the next one begins without an empty line
            record.open = true;
            record.has_begin = line[0] != '\t';
            record.line = out.lines;
        }
    }
    finish();
}

}  // namespace guard::replay
