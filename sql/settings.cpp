#include "sql/settings.hpp"

#include <array>
#include <pqxx/transaction_base>
#include <string>
#include <utility>

namespace guard::sql {

void publish_settings(pqxx::transaction_base& transaction, const config::Settings& settings) {
    using Id = IdNormalisation;
    std::string roles;
    for (const std::string& role : settings.trusted_password_roles) roles += (roles.empty() ? "" : ",") + role;
    const auto at = settings.mail_from.rfind('@');
    const std::array<std::pair<const char*, std::string>, 6> values{{
        {"id.case", settings.identity.letter_case == Id::Case::lower ? "lower" : "keep"},
        {"id.realm", settings.identity.realm == Id::Realm::strip ? "strip" : "keep"},
        {"trusted_password_roles", roles},
        {"mail.domain", at == std::string::npos ? "pppoe-guard.invalid" : settings.mail_from.substr(at + 1)},
        {"notice.language", settings.default_language},
        {"notice.give_up_seconds", std::to_string(settings.notice_give_up.count())},
    }};
    for (const auto& [key, value] : values)
        transaction.exec_params("UPDATE guard.setting SET value = $2 WHERE key = $1 AND value <> $2", key, value);
}

}  // namespace guard::sql
