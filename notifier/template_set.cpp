#include "notifier/template_set.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <kainjow/mustache.hpp>
#include <regex>
#include <set>

#include "event/text.hpp"
#include "notifier/template_recorder.hpp"

namespace guard::notifier {
namespace {

namespace mustache = kainjow::mustache;
using Errors = std::vector<std::string>;

constexpr std::string_view kSubject = "Subject: ";
constexpr Service kServices[] = {Service::pppoe, Service::smtp_auth};
constexpr std::string_view kKinds[] = {"suspended", "released"};
constexpr std::string_view kLanguages[] = {"ja", "en"};

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

std::string html_escaped(const std::string& plain) {
    std::string result;
    for (const char letter : plain) {
        switch (letter) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            default:
                result += letter;
        }
    }
    return result;
}

struct Form {
    bool has_subject, is_html;
};

mustache::mustache parsed(const std::string& text, const Form& form) {
    mustache::mustache result(with_joined_tag_lines(text));
    result.set_custom_escape(form.is_html ? html_escaped : [](const std::string& plain) { return plain; });
    return result;
}

Rendered split(std::string text, const Form& form) {
    std::erase(text, kMark);
    if (!form.has_subject) return {{}, std::move(text), {}};
    const auto end = std::min(text.find('\n'), text.size());
    Rendered result{text.substr(0, end), text.substr(std::min(end + 1, text.size())), {}};
    if (result.subject.starts_with(kSubject)) result.subject.erase(0, kSubject.size());
    result.body.erase(0, std::min(result.body.find_first_not_of('\n'), result.body.size()));
    return result;
}

std::string read(const std::filesystem::path& path, const Form& form, Errors& errors) {
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file.good() && !file.eof())
        errors.push_back(path.string() + ": cannot be read");
    else if (auto flat = text; std::ranges::replace(flat, '\n', ' '), !is_plain_utf8(flat))
        errors.push_back(path.string() + ": not UTF-8 text with lines that end in a line feed");
    else if (form.has_subject && !text.starts_with(kSubject))
        errors.push_back(path.string() + ":1: expected \"Subject: ...\"");
    else if (text.empty())
        errors.push_back(path.string() + ": is empty");
    else
        return text;
    return {};
}

// {{{name}}} and {{&name}} go past the escape.
bool has_unescaped_tag(const std::string& text) {
    static const std::regex kUnescaped(R"(\{\{(\{|\s*&))");
    return std::regex_search(text, kUnescaped);
}

struct Check {
    std::string path, text;
    std::string_view kind;
    Medium medium;
    Form form;
};

// What a template asks for, over both services: a section that is left out hides what is in it.
void check(const Check& file, Errors& errors) {
    auto tmpl = parsed(file.text, file.form);
    if (!tmpl.is_valid()) {
        errors.push_back(file.path + ": " + tmpl.error_message());
        return;
    }
    if (file.form.is_html && has_unescaped_tag(file.text))
        errors.push_back(file.path + ": a tag in three braces or with '&' is not escaped, expected {{...}}");
    TemplateSet::Values values;
    for (const std::string& name : TemplateSet::known_variables(file.kind)) values[name] = name;
    std::set<std::string> unknown;
    for (const Service service : kServices) {
        const auto data = data_of(service, values);
        TemplateRecorder recorder(&data);
        const auto rendered = split(tmpl.render(recorder), file.form);
        unknown.merge(recorder.unknown);
        const auto where = file.path + " (" + std::string(to_string(service)) + "): ";
        for (const std::string& name : TemplateSet::needed_variables(file.kind, file.medium))
            if (!recorder.used.contains(name)) errors.push_back(where + "does not use {{" + name + "}}");
        if (file.form.has_subject && rendered.subject.empty()) errors.push_back(where + "the subject is empty");
        if (rendered.body.find_first_not_of(" \n") == std::string::npos) errors.push_back(where + "there is no text");
    }
    for (const std::string& name : unknown) errors.push_back(file.path + ": {{" + name + "}} is not known");
}

constexpr Form kHtml{.has_subject = false, .is_html = true};

Form form_of(Medium medium) {
    return {.has_subject = medium == Medium::mail || medium == Medium::letter, .is_html = false};
}

std::string file_name(Medium medium, std::string_view kind, std::string_view language) {
    const auto stem = std::string(kind) + "." + std::string(language);
    return stem + (medium == Medium::mail ? "" : "." + std::string(to_string(medium))) + ".txt";
}

std::string html_name(std::string_view kind, std::string_view language) {
    return std::string(kind) + "." + std::string(language) + ".html";
}

}  // namespace

std::string_view to_string(Medium medium) {
    constexpr std::string_view kNames[] = {"mail", "letter", "sms", "phone"};
    return kNames[static_cast<std::size_t>(medium)];
}

bool TemplateSet::knows(std::string_view kind, std::string_view language) {
    return std::ranges::find(kKinds, kind) != std::end(kKinds) &&
           std::ranges::find(kLanguages, language) != std::end(kLanguages);
}

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

const std::vector<std::string>& TemplateSet::needed_variables(std::string_view kind, Medium medium) {
    // 70 characters do not hold everything: who writes, about what, whom to call.
    static const std::vector<std::string> brief{"case_number", "operator_name", "operator_phone"};
    return medium == Medium::sms ? brief : known_variables(kind);
}

Expected<TemplateSet, Errors> TemplateSet::load(const std::filesystem::path& directory, std::span<const Medium> media) {
    TemplateSet result;
    Errors errors;
    const auto take = [&](const std::string& name, std::string_view kind, Medium medium, Form form) {
        const auto path = directory / name;
        const auto text = read(path, form, errors);
        if (!text.empty()) check({path.string(), text, kind, medium, form}, errors);
        result.texts_[name] = text;
    };
    for (const Medium medium : media) {
        for (const auto kind : kKinds) {
            for (const auto language : kLanguages) {
                take(file_name(medium, kind, language), kind, medium, form_of(medium));
                std::error_code none;
                const auto html = html_name(kind, language);
                if (medium == Medium::mail && std::filesystem::exists(directory / html, none))
                    take(html, kind, medium, kHtml);
            }
        }
    }
    if (!errors.empty()) return unexpected(std::move(errors));
    return result;
}

Rendered TemplateSet::render(Medium medium, std::string_view kind, std::string_view language, Service service,
                             const Values& values) const {
    const auto data = data_of(service, values);
    const auto form = form_of(medium);
    auto result = split(parsed(texts_.at(file_name(medium, kind, language)), form).render(data), form);
    if (const auto html = texts_.find(html_name(kind, language)); medium == Medium::mail && html != texts_.end())
        result.html = split(parsed(html->second, kHtml).render(data), kHtml).body;
    return result;
}

}  // namespace guard::notifier
