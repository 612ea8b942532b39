// Logs of mail servers: Postfix, Dovecot, Exim, Sendmail, Cyrus and Courier, mixed as they are in one file, in whatever
// form syslog, the journal or the daemon wrote them. Which line becomes what: README.md in this folder.
#pragma once

#include <memory>
#include <vector>

#include "replay/formats/log_parser.hpp"

namespace guard::replay {

// A line with more bytes than this is malformed.
inline constexpr std::size_t kLongestMailLine = 64 * 1024;

// "mail"
[[nodiscard]] std::unique_ptr<LogParser> mail_parser();
[[nodiscard]] std::vector<std::unique_ptr<LogParser>> mail_parsers();

}  // namespace guard::replay
