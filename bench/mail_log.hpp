// A log of Postfix and Dovecot as an ISP's, always the same: about 35 % of its lines are of authentication.
#pragma once

#include <string>

namespace guard::bench {

// `lines` of them, and what ends the last connection.
[[nodiscard]] std::string mail_log(std::size_t lines);

}  // namespace guard::bench
