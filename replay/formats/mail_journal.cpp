// The journal as `journalctl -o json` exports it: one object a line, all values texts, the message a list of bytes
// where it is no UTF-8.
#include <charconv>
#include <optional>

#include "replay/formats/mail_line.hpp"

namespace guard::replay::mail {
namespace {

constexpr LineResult kNoJson{LineResult::Is::malformed, "no complete JSON object", "an entry of journalctl -o json"};

// Walks over the values of one object. Every step ends at the end of the text.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    bool take(char c) {
        skip_space();
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    [[nodiscard]] char next() {
        skip_space();
        return rest_.empty() ? '\0' : rest_.front();
    }
    [[nodiscard]] bool at_end() {
        skip_space();
        return rest_.empty();
    }

    // The text between the quotes, still escaped.
    std::optional<std::string_view> text() {
        if (!take('"')) return std::nullopt;
        for (std::size_t at = 0; (at = rest_.find_first_of("\"\\", at)) != rest_.npos; at += 2)
            if (rest_[at] == '"') {
                const std::string_view value = rest_.substr(0, at);
                rest_.remove_prefix(at + 1);
                return value;
            }
        return std::nullopt;
    }

    // Any value; the part of the text that it takes.
    std::optional<std::string_view> value() {
        const char first = next();
        const std::string_view begin = rest_;
        if (first == '"') {
            if (!text()) return std::nullopt;
        } else if (first == '[' || first == '{') {
            if (!nested()) return std::nullopt;
        } else {
            const auto end = rest_.find_first_of(",}] \t");
            if (end == rest_.npos || end == 0) return std::nullopt;
            rest_.remove_prefix(end);
        }
        return begin.substr(0, begin.size() - rest_.size());
    }

  private:
    void skip_space() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
    }

    bool nested() {
        int depth = 0;
        while (!rest_.empty()) {
            const char c = rest_.front();
            if (c == '"') {
                if (!text()) return false;
                continue;
            }
            rest_.remove_prefix(1);
            if (c == '[' || c == '{') ++depth;
            if ((c == ']' || c == '}') && --depth == 0) return true;
        }
        return false;
    }

    std::string_view rest_;
};

void put_utf8(std::uint32_t code, std::string& out) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0 | code >> 6);
        put(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        put(0xe0 | code >> 12);
        put(0x80 | (code >> 6 & 0x3f));
        put(0x80 | (code & 0x3f));
    } else {
        put(0xf0 | code >> 18);
        put(0x80 | (code >> 12 & 0x3f));
        put(0x80 | (code >> 6 & 0x3f));
        put(0x80 | (code & 0x3f));
    }
}

std::optional<std::uint32_t> hex4(std::string_view text) {
    if (text.size() < 4) return std::nullopt;
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + 4, value, 16);
    if (error != std::errc{} || end != text.data() + 4) return std::nullopt;
    return value;
}

bool unescape(std::string_view text, std::string& out) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        if (++i == text.size()) return false;
        constexpr std::string_view kShort = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
        if (const auto at = kShort.find(text[i]); at != kShort.npos) {
            out += kMeant[at];
            continue;
        }
        if (text[i] != 'u') return false;
        auto code = hex4(text.substr(i + 1));
        if (!code) return false;
        i += 4;
        if (*code >= 0xd800 && *code < 0xdc00) {
            if (text.substr(i + 1, 2) != "\\u") return false;
            const auto low = hex4(text.substr(i + 3));
            if (!low || *low < 0xdc00 || *low > 0xdfff) return false;
            code = 0x10000 + ((*code - 0xd800) << 10) + (*low - 0xdc00);
            i += 6;
        } else if (*code >= 0xdc00 && *code < 0xe000) {
            return false;
        }
        put_utf8(*code, out);
    }
    return true;
}

// A text, or a list of bytes, or null.
bool read_text(std::string_view value, std::string_view& into, std::deque<std::string>& kept) {
    into = {};
    if (value == "null") return true;
    if (value.size() >= 2 && value.front() == '"') {
        into = value.substr(1, value.size() - 2);
        if (into.find('\\') == into.npos) return true;
        std::string out;
        if (!unescape(into, out)) return false;
        into = kept.emplace_back(std::move(out));
        return true;
    }
    if (value.empty() || value.front() != '[') return false;
    std::string out;
    Scanner list(value);
    list.take('[');
    while (!list.take(']')) {
        const auto item = list.value();
        unsigned byte = 0;
        if (!item || item->front() == '[' || item->front() == '{' || item->front() == '"') return false;
        const auto [end, error] = std::from_chars(item->data(), item->data() + item->size(), byte);
        if (error != std::errc{} || end != item->data() + item->size() || byte > 255) return false;
        out += static_cast<char>(static_cast<unsigned char>(byte));
        if (!list.take(',') && list.next() != ']') return false;
    }
    into = kept.emplace_back(std::move(out));
    return true;
}

std::optional<Time> read_time(std::string_view value) {
    if (value.size() >= 2 && value.front() == '"') value = value.substr(1, value.size() - 2);
    std::int64_t microseconds = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), microseconds);
    constexpr std::int64_t kLatest = 253'402'300'799'000'000;  // the year 9999
    if (error != std::errc{} || end != value.data() + value.size() || microseconds < 0 || microseconds > kLatest)
        return std::nullopt;
    return Time{Microseconds{microseconds}};
}

// The values that tell of an attempt, where the entry has them.
struct Fields {
    std::string_view message, program, process, own_process, host, time, source_time;
    std::string_view logged, logged_at;  // of Docker's json-file

    std::string_view* find(std::string_view key) {
        if (key == "MESSAGE") return &message;
        if (key == "SYSLOG_IDENTIFIER") return &program;
        if (key == "SYSLOG_PID") return &process;
        if (key == "_PID") return &own_process;
        if (key == "_HOSTNAME") return &host;
        if (key == "__REALTIME_TIMESTAMP") return &time;
        if (key == "_SOURCE_REALTIME_TIMESTAMP") return &source_time;
        if (key == "log") return &logged;
        if (key == "time") return &logged_at;
        return nullptr;
    }
};

bool read_fields(std::string_view text, Fields& fields) {
    Scanner object(text);
    if (!object.take('{')) return false;
    while (!object.take('}')) {
        const auto key = object.text();
        if (!key || !object.take(':')) return false;
        const auto value = object.value();
        if (!value) return false;
        if (std::string_view* const field = fields.find(*key)) *field = *value;
        if (!object.take(',') && object.next() != '}') return false;
    }
    return object.at_end();
}

// {"log":"Mar  1 09:00:01 mx1 postfix/smtpd[7]: ...\n","stream":"stdout","time":"2026-03-01T00:00:01.169230155Z"}
LineResult container_entry(const Fields& fields, Line& line, std::deque<std::string>& kept) {
    constexpr LineResult kNoEntry{LineResult::Is::malformed, "no text or no time", "an entry of Docker's json-file"};
    std::string_view at;
    if (!read_text(fields.logged, line.message, kept) || !read_text(fields.logged_at, at, kept)) return kNoEntry;
    TimeReader times;
    const auto time = times.read(at);
    if (time.form != TimeReader::Form::iso || !time.at.has_zone || time.length != at.size()) return kNoEntry;
    line.at = time.at;
    if (line.message.ends_with('\n')) line.message.remove_suffix(1);
    return {LineResult::Is::container};
}

}  // namespace

LineResult journal_entry(std::string_view text, Line& line, std::deque<std::string>& kept) {
    Fields fields;
    if (!read_fields(text, fields)) return kNoJson;
    if (fields.time.empty() && !fields.logged.empty()) return container_entry(fields, line, kept);
    // When the program said it, where the journal knows; else when the journal took it.
    const auto time = read_time(fields.source_time.empty() ? fields.time : fields.source_time);
    if (!time) return {LineResult::Is::malformed, "no __REALTIME_TIMESTAMP", "an entry of journalctl -o json"};
    if (fields.program.empty() || fields.message.empty()) return {LineResult::Is::other};
    line.at = {*time, true, true};
    line.times = 1;
    const std::string_view process = fields.process.empty() ? fields.own_process : fields.process;
    line.process = line.host = line.tagged = {};
    if (!read_text(fields.program, line.program, kept) || !read_text(fields.message, line.message, kept) ||
        (!process.empty() && !read_text(process, line.process, kept)) ||
        (!fields.host.empty() && !read_text(fields.host, line.host, kept)))
        return {LineResult::Is::malformed, "a field that is no text", "an entry of journalctl -o json"};
    return {};
}

}  // namespace guard::replay::mail
