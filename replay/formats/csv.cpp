#include "replay/formats/csv.hpp"

#include <algorithm>

#include "event/text.hpp"
#include "replay/formats/log_prefix.hpp"

namespace guard::replay {
namespace {

constexpr std::size_t kMaxColumns = 256;

void ignore(ParsedChunk& out, Ignored why) {
    ++out.ignored[static_cast<std::size_t>(why)];
}
void add_fault(ParsedChunk& out, Fault fault) {
    ++out.malformed;
    if (out.faults.size() < ParsedChunk::kFaultsKept) out.faults.push_back(std::move(fault));
}

// What a database writes for nothing.
bool is_null(std::string_view value) {
    return value.empty() || value == "\\N" || value == "NULL" || value.starts_with("0000-00-00");
}

// rlm_sql writes each byte of a name that is not among its safe_characters as =XX, "=" itself too: "=2B" is "+".
std::string_view without_escapes(std::string_view name, ParsedChunk& out) {
    if (name.find('=') == name.npos) return name;
    const auto digit = [](char c) { return is_digit(c) ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
    std::string& text = out.kept.emplace_back();
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool escaped =
            name[i] == '=' && name.size() - i > 2 && digit(name[i + 1]) >= 0 && digit(name[i + 2]) >= 0;
        text += escaped ? static_cast<char>(digit(name[i + 1]) * 16 + digit(name[i + 2])) : name[i];
        i += escaped ? 2 : 0;
    }
    return text;
}

struct Cell {
    std::string_view text;  // without its quotes
    bool doubled = false;   // and it holds a quote, twice
    bool valid = true, ends_row = false;
    bool open = false;  // its closing quote is missing: all that was left is in it
};

// Takes a cell off `rest`, and the separator or line end behind it.
Cell take_cell(std::string_view& rest, char separator) {
    Cell cell;
    if (!rest.starts_with('"')) {
        const std::array<char, 2> ends{separator, '\n'};
        const auto end = std::min(rest.find_first_of({ends.data(), ends.size()}), rest.size());
        cell.text = rest.substr(0, end);
        cell.ends_row = end == rest.size() || rest[end] == '\n';
        if (cell.ends_row && cell.text.ends_with('\r')) cell.text.remove_suffix(1);
        cell.valid = cell.text.find('"') == cell.text.npos;
        rest.remove_prefix(std::min(end + 1, rest.size()));
        return cell;
    }
    std::size_t end = rest.find('"', 1);
    while (end != rest.npos && end + 1 < rest.size() && rest[end + 1] == '"') {
        cell.doubled = true;
        end = rest.find('"', end + 2);
    }
    if (end == rest.npos) {
        rest = {};
        return {{}, false, false, true, true};
    }
    cell.text = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (rest.starts_with('\r')) rest.remove_prefix(1);
    cell.ends_row = rest.empty() || rest[0] == '\n';
    cell.valid = cell.ends_row || rest[0] == separator;
    if (!cell.valid) {
        // Goes on at the next line: what this one was is lost.
        rest.remove_prefix(std::min(rest.find('\n'), rest.size()));
        cell.ends_row = true;
    }
    if (!rest.empty()) rest.remove_prefix(1);
    return cell;
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

}  // namespace

std::shared_ptr<const CsvParser> CsvParser::for_file(std::string_view beginning) {
    constexpr std::array<std::string_view, columns> kNames = {
        "username",     "reply",           "authdate",          "acctstarttime",    "acctupdatetime",
        "acctstoptime", "framedipaddress", "framedipv6address", "framedipv6prefix", "delegatedipv6prefix"};
    std::string_view line = take_line(beginning);
    const auto separator = line.find_first_of(",;\t");
    if (separator == line.npos) return nullptr;
    std::shared_ptr<CsvParser> parser(new CsvParser);
    parser->separator_ = line[separator];
    parser->header_ = line;
    std::array<unsigned, columns> times{};
    for (bool more = true; more;) {
        const Cell cell = take_cell(line, parser->separator_);
        more = !cell.ends_row;
        const auto name = std::find(kNames.begin(), kNames.end(), lower(cell.text));
        const auto column = static_cast<Column>(name - kNames.begin());
        if (!cell.valid || parser->order_.size() == kMaxColumns || (column != none && ++times[column] > 1))
            return nullptr;
        parser->order_.push_back(column);
    }
    parser->sessions_ = times[user_name] > 0 && (times[start] > 0 || times[stop] > 0);
    const bool attempts = times[user_name] > 0 && times[reply] > 0 && times[auth_date] > 0;
    return parser->sessions_ != attempts ? parser : nullptr;
}

std::size_t CsvParser::recognise(std::string_view beginning) const {
    const auto parser = for_file(beginning);
    // More than any other can make of the same bytes: the first line names the columns.
    return parser ? beginning.size() : 0;
}

std::size_t CsvParser::whole_records(std::string_view bytes) const {
    if (bytes.find('"') == bytes.npos) return LogParser::whole_records(bytes);
    std::size_t end = 0;
    for (std::string_view rest = bytes; !rest.empty();) {
        const Cell cell = take_cell(rest, separator_);
        const std::size_t taken = bytes.size() - rest.size();
        if (cell.open) break;
        if (cell.ends_row && bytes[taken - 1] == '\n') end = taken;
    }
    return end;
}

bool CsvParser::take_row(std::string_view& rest, Values& values, ParsedChunk& out, Fault& fault) const {
    std::size_t count = 0;
    bool valid = true;
    for (bool more = true; more; ++count) {
        const Cell cell = take_cell(rest, separator_);
        more = !cell.ends_row;
        valid = valid && cell.valid;
        if (count >= order_.size() || order_[count] == none) continue;
        values[order_[count]] = cell.text;
        if (!cell.doubled) continue;
        std::string& text = out.kept.emplace_back();
        for (std::size_t i = 0; i < cell.text.size(); ++i) {
            text += cell.text[i];
            if (cell.text[i] == '"') ++i;
        }
        values[order_[count]] = text;
    }
    if (!valid) {
        fault.found = "a quote where none can be";
        fault.expected = "a row of CSV (RFC 4180)";
    } else if (count != order_.size()) {
        fault.found = "a row of " + std::to_string(count) + " columns";
        fault.expected = std::to_string(order_.size()) + ", as the first line names";
    }
    return valid && count == order_.size();
}

void CsvParser::read_sessions(const Values& values, LogEvent& event, DayScanner& day, ParsedChunk& out) const {
    for (const Column column : {address, address6, prefix6, delegated6}) {
        if (is_null(values[column])) continue;
        const auto found = scan_address(values[column]);
        if (!found) return add_fault(out, {event.line, in_quotes(values[column]), "an IPv4 or IPv6 address or prefix"});
        if (is_assignable(*found)) event.addresses.push_back(*found);
    }
    std::array<std::optional<LogTime>, 3> times;
    constexpr std::array<Column, 3> kColumns = {start, update, stop};
    constexpr std::array<Kind, 3> kKinds = {Kind::assign, Kind::alive, Kind::release};
    for (std::size_t i = 0; i < times.size(); ++i) {
        if (is_null(values[kColumns[i]])) continue;
        times[i] = scan_timestamp(values[kColumns[i]], day);
        if (!times[i])
            return add_fault(out,
                             {event.line, in_quotes(values[kColumns[i]]), "a time like \"2026-03-02 10:00:00+09\""});
    }
    if (!times[0] && !times[1] && !times[2]) return add_fault(out, {event.line, "a session without a time", "one"});
    // FreeRADIUS sets the time of the last update also with the first and the last message of a session.
    const auto same = [&](std::size_t i) { return times[1] && times[i] && times[1]->time == times[i]->time; };
    if (same(0) || same(2)) times[1].reset();
    for (std::size_t i = 0; i < times.size(); ++i) {
        if (!times[i]) continue;
        event.at = *times[i];
        event.kind = kKinds[i];
        out.events.push_back(event);
    }
}

void CsvParser::read_attempt(const Values& values, LogEvent& event, DayScanner& day, ParsedChunk& out) const {
    if (values[reply] == "Access-Accept") {
        event.kind = Kind::accept;
    } else if (values[reply] == "Access-Reject") {
        event.kind = Kind::reject;
    } else {
        return ignore(out, Ignored::no_authentication);
    }
    const auto time = scan_timestamp(values[auth_date], day);
    if (!time)
        return add_fault(out, {event.line, in_quotes(values[auth_date]), "a time like \"2026-03-02 10:00:00+09\""});
    event.at = *time;
    out.events.push_back(event);
}

void CsvParser::parse(std::string_view chunk, ParsedChunk& out) const {
    out.clear();
    DayScanner day;
    while (!chunk.empty()) {
        const std::string_view before = chunk;
        Fault fault;
        fault.line = out.lines;
        Values values;
        const bool row = take_row(chunk, values, out, fault);
        const std::string_view text = before.substr(0, before.size() - chunk.size());
        out.lines += static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n'));
        const bool cut = !text.ends_with('\n');
        if (cut) ++out.lines;
        if (text.find_first_not_of("\r\n") == text.npos) {
            ignore(out, Ignored::blank);
        } else if (text.starts_with(header_) && text.find_first_not_of("\r\n", header_.size()) == text.npos) {
            ignore(out, Ignored::no_authentication);
        } else if (!row) {
            add_fault(out, std::move(fault));
        } else if (cut) {
            // Its last value may lack its end, too.
            add_fault(out, {fault.line, "a last row without its line end", "a whole one"});
        } else if (is_null(values[user_name])) {
            ignore(out, Ignored::no_id);
        } else {
            LogEvent event;
            event.line = fault.line;
            event.id = without_escapes(values[user_name], out);
            sessions_ ? read_sessions(values, event, day, out) : read_attempt(values, event, day, out);
        }
    }
}

}  // namespace guard::replay
