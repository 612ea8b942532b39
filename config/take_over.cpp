#include "config/option.hpp"
#include "config/options.hpp"

namespace guard::config {
namespace {

void copy(const Value& value, Settings& from, Settings& to) {
    std::visit(
        [&](const auto& option) {
            using Kind = std::decay_t<decltype(option)>;
            if constexpr (std::is_same_v<Kind, Choice>) {
                option.set(to, option.get(from));
            } else if constexpr (std::is_same_v<Kind, RuleMode>) {
                to.detection.rule_modes.erase(std::string(option.rule));
                if (auto own = from.detection.rule_modes.extract(std::string(option.rule)))
                    to.detection.rule_modes.insert(std::move(own));
            } else {
                option.in(to) = option.in(from);
            }
        },
        value);
}

}  // namespace

TakenOver take_over(const Settings& running, const Settings& file) {
    TakenOver result{running, {}, {}};
    Settings now = running, wanted = file;
    for (const Section& section : sections())
        for (const Option& option : section.options) {
            if (shown(option.value, now) == shown(option.value, wanted)) continue;
            if (option.reloads) copy(option.value, wanted, result.settings);
            (option.reloads ? result.taken : result.restart).push_back(key_of(section, option));
        }
    return result;
}

}  // namespace guard::config
