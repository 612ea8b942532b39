#include "config/user_name.hpp"

#include <algorithm>
#include <optional>

namespace guard::config {
namespace {

constexpr std::size_t kMaxForm = 253;

struct Parts {
    std::string_view user, realm;
    bool has_realm = false;
};

Parts parts_of(std::string_view id) {
    const auto at = id.rfind('@');
    if (at == id.npos) return {id, {}, false};
    return {id.substr(0, at), id.substr(at + 1), true};
}

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + ('a' - 'A')) : letter;
}

char upper(char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - ('a' - 'A')) : letter;
}

bool same_realm(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}

// What stands for {name}; none if nothing does.
std::optional<std::string> value_of(std::string_view name, std::string_view id) {
    constexpr std::string_view kUpper = ":upper";
    const bool in_capitals = name.ends_with(kUpper);
    if (in_capitals) name.remove_suffix(kUpper.size());
    const Parts parts = parts_of(id);
    if (name != "id" && name != "user" && name != "realm") return std::nullopt;
    std::string value(name == "id" ? id : name == "user" ? parts.user : parts.realm);
    if (in_capitals) std::ranges::transform(value, value.begin(), upper);
    return value;
}

// None if the text has a brace that belongs to nothing.
std::optional<std::string> filled_in(std::string_view text, std::string_view id) {
    std::string name;
    while (!text.empty()) {
        const auto brace = text.find_first_of("{}");
        name += text.substr(0, brace);
        if (brace == text.npos) break;
        const auto end = text.find('}', brace);
        if (text[brace] == '}' || end == text.npos) return std::nullopt;
        const auto value = value_of(text.substr(brace + 1, end - brace - 1), id);
        if (!value) return std::nullopt;
        name += *value;
        text.remove_prefix(end + 1);
    }
    return name;
}

}  // namespace

bool is_user_name_form(std::string_view form) {
    const auto equals = form.find('=');
    if (equals == form.npos || form.size() > kMaxForm || form.substr(0, equals).find('@') != form.npos) return false;
    const std::string_view text = form.substr(equals + 1);
    // Two IDs that differ in the user alone have to become two names.
    const auto one = filled_in(text, "a@r"), other = filled_in(text, "b@r");
    return one && other && *one != *other;
}

std::string user_name_of(std::string_view id, const std::vector<std::string>& forms) {
    const Parts parts = parts_of(id);
    const std::string* others = nullptr;
    for (const std::string& form : forms) {
        if (!is_user_name_form(form)) continue;
        const std::string_view realm = std::string_view(form).substr(0, form.find('='));
        const bool without = realm.empty() && !parts.has_realm;
        if (without || (parts.has_realm && !realm.empty() && same_realm(realm, parts.realm)))
            return *filled_in(std::string_view(form).substr(realm.size() + 1), id);
        if (realm == "*" && others == nullptr) others = &form;
    }
    return others == nullptr ? std::string(id) : *filled_in(std::string_view(*others).substr(2), id);
}

}  // namespace guard::config
