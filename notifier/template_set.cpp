#include "notifier/template_set.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <kainjow/mustache.hpp>
#include <regex>
#include <set>

#include "event/text.hpp"

namespace guard::notifier {
namespace {

namespace mustache = kainjow::mustache;
using Errors = std::vector<std::string>;

constexpr std::string_view kSubject = "Subject: ";
constexpr Service kServices[] = {Service::pppoe, Service::smtp_auth};

// mustache renders a missing variable as nothing; this context takes down who asked for what.
class Recorder final : public mustache::context<std::string> {
  public:
    explicit Recorder(const mustache::data* values) : context(values) {}

    const mustache::data* get(const std::string& name) const override {
        const auto* value = context::get(name);
        (value != nullptr ? used : unknown).insert(name);
        return value;
    }
    const mustache::data* get_partial(const std::string& name) const override {
        unknown.insert("> " + name);
        return nullptr;
    }

    mutable std::set<std::string> used, unknown;
};

std::string without_control(std::string text) {
    for (char& letter : text)
        if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) letter = ' ';
    return text;
}

mustache::data data_of(Service service, const TemplateSet::Values& values) {
    mustache::data data(mustache::data::type::object);
    for (const auto& [name, value] : values) data.set(name, without_control(value));
    for (const Service each : kServices) data.set(std::string(to_string(each)), mustache::data(each == service));
    return data;
}

// kainjow's mustache leaves an empty line where a section is skipped whose tags stand on lines of their own; the
// mustache manual says that such lines vanish. So they are joined with the next line here, and the mark keeps the
// library from taking an empty line behind them for the rest of the tag's.
constexpr char kMark = '\x01';

std::string with_joined_tag_lines(const std::string& text) {
    static const std::regex kTagLine(R"([ \t]*(\{\{[#^/][^}]*\}\})[ \t]*)");
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = text.substr(at, end - at);
        std::smatch tag;
        result += std::regex_match(line, tag, kTagLine) ? tag.str(1) + kMark : line + '\n';
        at = end + 1;
    }
    return result;
}

mustache::mustache parsed(const std::string& text) {
    mustache::mustache result(with_joined_tag_lines(text));
    result.set_custom_escape([](const std::string& plain) { return plain; });  // text, not HTML
    return result;
}

Rendered split(std::string text) {
    std::erase(text, kMark);
    const auto end = std::min(text.find('\n'), text.size());
    Rendered result{text.substr(0, end), text.substr(std::min(end + 1, text.size()))};
    if (result.subject.starts_with(kSubject)) result.subject.erase(0, kSubject.size());
    result.body.erase(0, std::min(result.body.find_first_not_of('\n'), result.body.size()));
    return result;
}

std::string read(const std::filesystem::path& path, Errors& errors) {
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file.good() && !file.eof())
        errors.push_back(path.string() + ": cannot be read");
    else if (auto flat = text; std::ranges::replace(flat, '\n', ' '), !is_plain_utf8(flat))
        errors.push_back(path.string() + ": not UTF-8 text with lines that end in a line feed");
    else if (!text.starts_with(kSubject))
        errors.push_back(path.string() + ":1: expected \"Subject: ...\"");
    else
        return text;
    return {};
}

// What a template asks for, over both services: a section that is left out hides what is in it.
void check(const std::string& path, const std::string& text, std::string_view kind, Errors& errors) {
    auto tmpl = parsed(text);
    if (!tmpl.is_valid()) {
        errors.push_back(path + ": " + tmpl.error_message());
        return;
    }
    TemplateSet::Values values;
    for (const std::string& name : TemplateSet::known_variables(kind)) values[name] = name;
    std::set<std::string> unknown;
    for (const Service service : kServices) {
        const auto data = data_of(service, values);
        Recorder recorder(&data);
        const auto rendered = split(tmpl.render(recorder));
        unknown.merge(recorder.unknown);
        const auto where = path + " (" + std::string(to_string(service)) + "): ";
        for (const std::string& name : TemplateSet::known_variables(kind))
            if (!recorder.used.contains(name)) errors.push_back(where + "does not use {{" + name + "}}");
        if (rendered.subject.empty()) errors.push_back(where + "the subject is empty");
    }
    for (const std::string& name : unknown) errors.push_back(path + ": {{" + name + "}} is not known");
}

}  // namespace

const std::vector<std::string>& TemplateSet::known_variables(std::string_view kind) {
    static const std::vector<std::string> suspended{"case_number",   "name",           "id_masked",
                                                    "seen",          "seen_at",        "suspended_at",
                                                    "operator_name", "operator_phone", "operator_verify"};
    static const std::vector<std::string> released = [] {
        auto result = suspended;
        result.emplace_back("released_at");
        return result;
    }();
    return kind == "released" ? released : suspended;
}

Expected<TemplateSet, Errors> TemplateSet::load(const std::filesystem::path& directory) {
    TemplateSet result;
    Errors errors;
    for (const std::string kind : {"suspended", "released"}) {
        for (const std::string language : {"ja", "en"}) {
            const auto name = kind + "." + language;
            const auto path = directory / (name + ".txt");
            const auto text = read(path, errors);
            if (!text.empty()) check(path.string(), text, kind, errors);
            result.texts_[name] = text;
        }
    }
    if (!errors.empty()) return unexpected(std::move(errors));
    return result;
}

Rendered TemplateSet::render(std::string_view kind, std::string_view language, Service service,
                             const Values& values) const {
    auto tmpl = parsed(texts_.at(std::string(kind) + "." + std::string(language)));
    return split(tmpl.render(data_of(service, values)));
}

}  // namespace guard::notifier
