// The normalisation of IDs, on the settings a server may have. Input: a byte of settings, the name.
#include <algorithm>

#include "event/identity.hpp"
#include "event/login_event.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using guard::IdNormalisation;
using guard::fuzz::require;

guard::fuzz::Reached lowered("lowered"), stripped("stripped"), refused("refused");

bool is_upper(char letter) {
    return letter >= 'A' && letter <= 'Z';
}

bool same_but_for_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return x == y || (is_upper(x) && x - 'A' + 'a' == y); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    guard::fuzz::Input input(data, size);
    const std::uint8_t settings = input.byte();
    const auto name = guard::fuzz::text_of(input.rest());
    IdNormalisation normalise;
    normalise.letter_case = (settings & 1) != 0 ? IdNormalisation::Case::keep : IdNormalisation::Case::lower;
    normalise.realm = (settings & 2) != 0 ? IdNormalisation::Realm::strip : IdNormalisation::Realm::keep;
    const bool strip = normalise.realm == IdNormalisation::Realm::strip;
    const auto local = strip ? name.substr(0, name.rfind('@')) : name;

    const auto id = normalise(name);
    require(id.has_value() == (!local.empty() && local.size() <= guard::kMaxIdBytes),
            "an ID when 1 to 253 bytes are left");
    if (!id) {
        refused.count();
        return 0;
    }
    require(same_but_for_case(local, *id), "an ID is the name without its realm, but for case");
    if (normalise.letter_case == IdNormalisation::Case::lower) {
        require(std::ranges::none_of(*id, is_upper), "no capital is left");
        if (*id != local) lowered.count();
    } else {
        require(*id == local, "case is kept");
    }
    if (local.size() != name.size()) stripped.count();
    // A name of two realms loses one at a time; of any other an ID is its own ID.
    if (!strip || id->find('@') == id->npos) require(normalise(*id) == id, "normalised again it is the same ID");
    return 0;
}
