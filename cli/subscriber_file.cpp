#include "cli/subscriber_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>
#include <charconv>
#include <optional>
#include <set>
#include <string_view>

#include "cli/csv_row.hpp"
#include "event/keyed_hash.hpp"
#include "event/text.hpp"
#include "replay/line_reader.hpp"

namespace guard::cli {
namespace {

constexpr std::size_t kMistakes = 1000;
constexpr unsigned kMostSessions = 1000;

struct Column {
    std::string_view name;
    std::size_t longest;  // bytes
};
constexpr Column kColumns[] = {{"id", 253},         {"service", 16},        {"name", 200},      {"mail", 254},
                               {"language", 8},     {"sessions", 8},        {"home_region", 8}, {"phone", 32},
                               {"postal_code", 16}, {"postal_address", 500}};

// As guard.subscriber has it: ISO 3166, a country or a subdivision of one.
bool is_region(std::string_view text) {
    const auto capital = [](char letter) { return letter >= 'A' && letter <= 'Z'; };
    if (text.size() < 2 || !capital(text[0]) || !capital(text[1])) return false;
    if (text.size() == 2) return true;
    return text.size() >= 4 && text.size() <= 6 && text[2] == '-' &&
           std::ranges::all_of(text.substr(3),
                               [&](char letter) { return capital(letter) || (letter >= '0' && letter <= '9'); });
}

class Reader {
  public:
    Reader(const std::filesystem::path& file, const IdNormalisation& normalise, const SubscriberSink& sink)
        : file_(file), normalise_(normalise), sink_(sink) {}

    void take(std::uint64_t number, const replay::LineReader::Line& line) {
        number_ = number;
        std::string_view text = line.text;
        constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // as spreadsheets write it
        if (number == 1 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
        const auto fields = split_row(text);
        if (number == 1) return take_heading(fields.value_or(std::vector<std::string>{}));
        if (!line.too_long && line.text.empty()) return;
        if (line.too_long || !fields || fields->size() != columns_.size())
            return mistake(
                fmt::format("found no row of {} columns, expected one as the first line says", columns_.size()));
        take_row(*fields);
    }
    [[nodiscard]] bool hopeless() const { return columns_.empty() || mistakes.size() >= kMistakes; }
    void mistake(const std::string& what) {
        if (mistakes.size() < kMistakes) mistakes.push_back(fmt::format("{}:{}: {}", file_.string(), number_, what));
    }

    std::uint64_t rows = 0;
    std::vector<std::string> mistakes;

  private:
    void take_heading(const std::vector<std::string>& fields) {
        std::set<std::string> seen;
        for (const auto& field : fields) {
            const bool known =
                std::ranges::any_of(kColumns, [&](const Column& column) { return column.name == field; });
            if (!known)
                mistake("found the column " + in_quotes(field) +
                        ", expected id, service, name, mail, language, "
                        "sessions, home_region, phone, postal_code or postal_address");
            if (!seen.insert(field).second)
                mistake("found the column " + in_quotes(field) + " twice, expected it once");
        }
        if (!seen.contains("id")) mistake("found no column id, expected one");
        if (!mistakes.empty()) return;
        columns_ = fields;
        has_service_ = seen.contains("service");
        auto told = columns_;
        if (!has_service_) told.emplace_back("service");
        sink_.columns(told);
    }

    void take_row(std::vector<std::string> fields) {
        std::string service = "pppoe", id;
        const std::size_t before = mistakes.size();
        for (std::size_t i = 0; i < fields.size(); ++i) {
            check(columns_[i], fields[i]);
            if (columns_[i] == "service") service = fields[i];
            if (columns_[i] == "id") id = fields[i];
        }
        if (mistakes.size() != before) return;
        const std::string key = service + ' ' + id;
        if (!seen_.insert(keyed_hash(key_, {reinterpret_cast<const std::uint8_t*>(key.data()), key.size()}).low).second)
            return mistake("found a second row of the same ID and service, expected one");
        if (!has_service_) fields.push_back(service);
        ++rows;
        if (mistakes.empty()) sink_.row(fields);
    }

    // Says what is wrong; an ID becomes its normalised form in hexadecimal.
    void check(const std::string& column, std::string& field) {
        const auto* known = std::ranges::find_if(kColumns, [&](const Column& each) { return each.name == column; });
        if (column == "id") {
            const auto id = normalise_(field);
            if (!id) return mistake(fmt::format("found an ID of {} bytes, expected one of 1 to 253", field.size()));
            field = hexadecimal(*id);
            return;
        }
        if (field.size() > known->longest)
            return mistake(
                fmt::format("found {} bytes in {}, expected at most {}", field.size(), column, known->longest));
        if (!is_plain_utf8(field))
            return mistake("found bytes in " + column + " that are no plain UTF-8, expected text");
        check_value(column, field);
    }

    void check_value(const std::string& column, const std::string& field) {
        if (column == "service" && field != "pppoe" && field != "smtp_auth")
            mistake("found " + in_quotes(field) + ", expected the service pppoe or smtp_auth");
        if (column == "language" && !field.empty() && field != "ja" && field != "en")
            mistake("found " + in_quotes(field) + ", expected the language ja or en");
        if (column == "home_region" && !field.empty() && !is_region(field))
            mistake("found " + in_quotes(field) + ", expected a region such as JP-01");
        if (column == "mail" && !field.empty() &&
            (field.find('@') == std::string::npos || field.front() == '@' || field.back() == '@' ||
             field.find(' ') != std::string::npos))
            mistake("found no address in mail, expected one such as name@isp.example");
        if (column == "phone" && field.find_first_not_of("0123456789+-() ") != std::string::npos)
            mistake("found something else than digits, +, -, ( and ) in phone, expected a number");
        if (column == "sessions" && !field.empty()) {
            unsigned sessions = 0;
            const char* const end = field.data() + field.size();
            const auto number = std::from_chars(field.data(), end, sessions);
            if (number.ec != std::errc{} || number.ptr != end || sessions < 1 || sessions > kMostSessions)
                mistake("found " + in_quotes(field) + ", expected a number of sessions from 1 to 1000");
        }
    }

    const std::filesystem::path& file_;
    const IdNormalisation& normalise_;
    const SubscriberSink& sink_;
    const HashKey key_ = random_key();
    std::vector<std::string> columns_;
    std::uint64_t number_ = 1;
    bool has_service_ = false;
    boost::unordered_flat_set<std::uint64_t> seen_;
};

}  // namespace

Expected<std::uint64_t, std::vector<std::string>> read_subscribers(const std::filesystem::path& file,
                                                                   const IdNormalisation& normalise,
                                                                   const SubscriberSink& sink) {
    auto lines = replay::LineReader::open(file);
    if (!lines) return unexpected(std::vector<std::string>{lines.error()});
    Reader reader(file, normalise, sink);
    std::uint64_t number = 0;
    while (const auto line = lines->next()) {
        reader.take(++number, *line);
        if (reader.hopeless()) break;
    }
    if (number == 0) reader.mistake("found an empty file, expected a first line that names the columns");
    if (!reader.mistakes.empty()) return unexpected(std::move(reader.mistakes));
    return reader.rows;
}

}  // namespace guard::cli
