// What the sentences of explain.cpp and explain_smtp.cpp are made of: numbers and spans of time as people say them.
// Private to the two.
#pragma once

#include <chrono>
#include <string>

#include "analyzer/detection/rules/rule.hpp"
#include "event/time.hpp"

namespace guard::detection {

struct Sentences {
    std::string english, japanese;
};

// Of a rule about an SMTP-AUTH ID.
[[nodiscard]] Sentences smtp_sentences(const Match& match);

// "1,423"
[[nodiscard]] std::string number(double value);
// "12 minutes", "12分"
[[nodiscard]] std::string en_span(std::chrono::seconds span);
[[nodiscard]] std::string ja_span(std::chrono::seconds span);
[[nodiscard]] std::chrono::seconds between(Time a, Time b);

}  // namespace guard::detection
