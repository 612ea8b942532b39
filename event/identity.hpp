// The one normalisation of IDs. The module, the analyzer, guardctl and the function guard.normalise_id() in SQL must
// agree on it to the byte, or a suspension misses its ID; tests/data/id_vectors.tsv holds all of them to it, and its
// fingerprint is in the headers of the spool and of the enforcement table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace guard {

struct IdNormalisation {
    enum class Case : std::uint8_t { lower, keep };   // lower: ASCII letters only; other bytes are left alone
    enum class Realm : std::uint8_t { keep, strip };  // strip: the last '@' and all behind it

    Case letter_case = Case::lower;
    Realm realm = Realm::keep;

    // The ID under which everything is kept; none when nothing (or more than 253 bytes) is left.
    [[nodiscard]] std::optional<std::string> operator()(std::string_view name) const;

    // The same into `id`, whose memory is used again; false: as none, and `id` is whatever it is.
    [[nodiscard]] bool into(std::string& id, std::string_view name) const;

    // "v1,case=lower,realm=keep": at most 31 bytes.
    [[nodiscard]] std::string fingerprint() const;
};

}  // namespace guard
