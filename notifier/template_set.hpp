// The texts of the notices in mustache, KIND.LANGUAGE.MEDIUM: suspended and released, ja and en, and by medium
//
//   .txt, .html    mail, the subject in the first line of the text ("Subject: ..."); without the .html it is text alone
//   .letter.txt    a letter, its title in the first line ("Subject: ..."); "# " begins a heading, a paragraph is one
//   line .sms.txt       a short message .phone.txt     what the desk says on the telephone
//
// They are the operator's to change, so everything that could go wrong with one is found when it is loaded, not when it
// is sent.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "event/expected.hpp"
#include "event/login_event.hpp"

namespace guard::notifier {

enum class Medium { mail, letter, sms, phone };
[[nodiscard]] std::string_view to_string(Medium medium);

struct Rendered {
    std::string subject;  // mail and letter
    std::string body;     // text, lines end with "\n"
    std::string html;     // mail; may be empty
};

class TemplateSet {
  public:
    // Variables by name; see known_variables().
    using Values = std::map<std::string, std::string>;

    // All mistakes at once: a file that is missing or not UTF-8, syntax, no subject, a variable that does not exist, a
    // variable without which a notice would not say what it must (case_number, operator_phone, ...), a partial.
    [[nodiscard]] static Expected<TemplateSet, std::vector<std::string>> load(const std::filesystem::path& directory,
                                                                              std::span<const Medium> media = kMail);

    // `kind` is "suspended" or "released", `language` "ja" or "en". Control characters in values become blanks: a value
    // never begins a line. Throws std::out_of_range for what was not loaded.
    [[nodiscard]] Rendered render(Medium medium, std::string_view kind, std::string_view language, Service service,
                                  const Values& values) const;
    [[nodiscard]] Rendered render(std::string_view kind, std::string_view language, Service service,
                                  const Values& values) const {
        return render(Medium::mail, kind, language, service, values);
    }

    // Whether there are texts of the kind in the language at all.
    [[nodiscard]] static bool knows(std::string_view kind, std::string_view language);
    // What every template of the kind may use, beside the sections pppoe and smtp_auth.
    [[nodiscard]] static const std::vector<std::string>& known_variables(std::string_view kind);
    // What it must use.
    [[nodiscard]] static const std::vector<std::string>& needed_variables(std::string_view kind, Medium medium);

  private:
    static constexpr Medium kMail[] = {Medium::mail};
    std::map<std::string, std::string> texts_;  // by file name
};

}  // namespace guard::notifier
