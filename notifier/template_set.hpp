// The texts of the notices: {suspended,released}.{ja,en}.txt in mustache, the subject in the first line ("Subject:
// ..."). They are the operator's to change, so everything that could go wrong with one is found when it is loaded, not
// when it is sent.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/expected.hpp"
#include "event/login_event.hpp"

namespace guard::notifier {

struct Rendered {
    std::string subject, body;
};

class TemplateSet {
  public:
    // Variables by name; see known_variables().
    using Values = std::map<std::string, std::string>;

    // All mistakes at once: a file that is missing or not UTF-8, syntax, no subject, a variable that does not exist, a
    // variable without which a notice would not say what it must (case_number, operator_phone, ...), a partial.
    [[nodiscard]] static Expected<TemplateSet, std::vector<std::string>> load(const std::filesystem::path& directory);

    // `kind` is "suspended" or "released", `language` "ja" or "en". Control characters in values become blanks: a value
    // never begins a line. Throws std::out_of_range for another kind or language.
    [[nodiscard]] Rendered render(std::string_view kind, std::string_view language, Service service,
                                  const Values& values) const;

    // What every template of the kind may use and must use, beside the sections pppoe and smtp_auth.
    [[nodiscard]] static const std::vector<std::string>& known_variables(std::string_view kind);

  private:
    std::map<std::string, std::string> texts_;  // by "kind.language"
};

}  // namespace guard::notifier
