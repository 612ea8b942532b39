#include "event/identity.hpp"

#include "event/login_event.hpp"

namespace guard {

std::optional<std::string> IdNormalisation::operator()(std::string_view name) const {
    std::string id;
    if (!into(id, name)) return std::nullopt;
    return id;
}

bool IdNormalisation::into(std::string& id, std::string_view name) const {
    if (realm == Realm::strip)
        if (const auto at = name.rfind('@'); at != std::string_view::npos) name = name.substr(0, at);
    if (name.empty() || name.size() > kMaxIdBytes) return false;
    id.assign(name);
    if (letter_case == Case::lower)
        for (char& letter : id)
            if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    return true;
}

std::string IdNormalisation::fingerprint() const {
    return std::string("v1,case=") + (letter_case == Case::lower ? "lower" : "keep") +
           ",realm=" + (realm == Realm::strip ? "strip" : "keep");
}

}  // namespace guard
