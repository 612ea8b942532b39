// What holds of every parser of a log format, whatever the bytes: every line is accounted for, an event is one that can
// be, a message is fit to be shown, and how the input is cut into chunks of whole records changes nothing.
#pragma once

#include <string_view>

#include "replay/formats/log_parser.hpp"

namespace guard::fuzz {

// `cut`: some place in the text to cut at. Returns how many events there are.
std::size_t check_parser(const replay::LogParser& parser, std::string_view text, std::size_t cut);

// That both make the same of it.
void check_same(const replay::LogParser& a, const replay::LogParser& b, std::string_view text);

}  // namespace guard::fuzz
