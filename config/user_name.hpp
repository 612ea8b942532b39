// The User-Name as a NAS writes it: the ID is kept in one form (case, realm), and a NAS that was told another one ends
// no session for it. From the options `disconnect.user_name`, "REALM=TEXT" each. Plain values; used by the
// disconnector.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace guard::config {

inline constexpr std::string_view kUserNameForm =
    "a realm, `=` and a text with {id} or {user}, as in \"isp.example={user}@ISP.EXAMPLE\"";

// Before the first `=`: a realm, nothing (IDs without one) or `*` (all others). Behind it at most 253 characters with
// {id}, {user}, {realm}, {id:upper}, {user:upper}, {realm:upper}, among them the ID or the user: without, it would be
// the name of everybody.
[[nodiscard]] bool is_user_name_form(std::string_view form);

// The name of `id` by the first form for its realm, whose case does not matter, else by the first for all others, else
// the ID itself. Forms that are none are passed over.
[[nodiscard]] std::string user_name_of(std::string_view id, const std::vector<std::string>& forms);

}  // namespace guard::config
