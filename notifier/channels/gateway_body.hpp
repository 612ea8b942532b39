// The body of a request to a gateway: JSON, from the operator's mustache template. Values are escaped for a JSON
// string, so a template has them in quotes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "event/expected.hpp"

namespace guard::notifier {

class GatewayBody {
  public:
    // The error says what is wrong: syntax, an unknown variable, none of {{text}}, no JSON with values that hold
    // quotes, backslashes and line ends, values past the escape.
    [[nodiscard]] static Expected<GatewayBody> parse(std::string_view text);

    // `values` has all of variables(). Text is UTF-8.
    [[nodiscard]] std::string render(const std::map<std::string, std::string>& values) const;

    // address, text, key, case_number, kind, service, language.
    [[nodiscard]] static const std::vector<std::string>& variables();

  private:
    std::string template_;
};

}  // namespace guard::notifier
