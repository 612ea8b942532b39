#include "notifier/address.hpp"

#include <algorithm>

#include "event/text.hpp"

namespace guard::notifier {
namespace {

bool is_alphanumeric(char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
}

// atext of RFC 5322 section 3.2.3, and the dot.
bool is_local_letter(char letter) {
    return is_alphanumeric(letter) || std::string_view(".!#$%&'*+-/=?^_`{|}~").find(letter) != std::string_view::npos;
}

bool is_domain(std::string_view domain) {
    while (true) {
        const auto label = domain.substr(0, domain.find('.'));
        const bool fits =
            !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
            std::ranges::all_of(label, [](char letter) { return is_alphanumeric(letter) || letter == '-'; });
        if (!fits) return false;
        if (label.size() == domain.size()) return true;
        domain.remove_prefix(label.size() + 1);
    }
}

}  // namespace

bool is_mail_address(std::string_view address) {
    const auto at = address.rfind('@');
    if (at == std::string_view::npos || address.size() > 254) return false;
    const auto local = address.substr(0, at);
    return !local.empty() && local.size() <= 64 && std::ranges::all_of(local, is_local_letter) &&
           is_domain(address.substr(at + 1));
}

std::string spelled(std::string_view address) {
    const auto at = address.rfind('@');
    const auto local = address.substr(0, at);
    const bool quote = local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos;
    return quote ? '"' + std::string(local) + '"' + std::string(address.substr(at)) : std::string(address);
}

std::string domain_of(std::string_view address) {
    const auto at = address.rfind('@');
    return at == std::string_view::npos ? "pppoe-guard.invalid" : std::string(address.substr(at + 1));
}

std::string masked(std::string_view id) {
    const auto at = std::min(id.rfind('@'), id.size());
    const std::size_t shown = at > 3 ? 2 : at > 1 ? 1 : 0;
    return printable_ascii(std::string(id.substr(0, shown)) + "***" + std::string(id.substr(at)));
}

}  // namespace guard::notifier
