// The normalisation of IDs, held to the vectors that the SQL function is held to as well.
#include "event/identity.hpp"

#include <boost/test/unit_test.hpp>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "event/login_event.hpp"

namespace guard {
namespace {

using Case = IdNormalisation::Case;
using Realm = IdNormalisation::Realm;

std::string unescaped(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            bytes += text[i];
            continue;
        }
        unsigned value = 0;
        const char* const first = text.data() + i + 2;
        BOOST_REQUIRE_MESSAGE(
            i + 3 < text.size() && text[i + 1] == 'x' && std::from_chars(first, first + 2, value, 16).ptr == first + 2,
            "bad escape in " << text);
        bytes += static_cast<char>(value);
        i += 3;
    }
    return bytes;
}

std::vector<std::string> columns_of(const std::string& line) {
    std::vector<std::string> columns(1);
    for (const char letter : line) {
        if (letter == '\t') {
            columns.emplace_back();
        } else {
            columns.back() += letter;
        }
    }
    return columns;
}

BOOST_AUTO_TEST_SUITE(identity)

BOOST_AUTO_TEST_CASE(shared_vectors) {
    std::ifstream file(GUARD_SOURCE_DIR "/tests/data/id_vectors.tsv");
    std::size_t rows = 0, refused = 0;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with('#')) continue;
        const auto columns = columns_of(line);
        BOOST_REQUIRE_MESSAGE(columns.size() == 4, line);
        BOOST_REQUIRE(columns[0] == "lower" || columns[0] == "keep");
        BOOST_REQUIRE(columns[1] == "keep" || columns[1] == "strip");
        const IdNormalisation normalise{columns[0] == "lower" ? Case::lower : Case::keep,
                                        columns[1] == "strip" ? Realm::strip : Realm::keep};
        const auto id = normalise(unescaped(columns[2]));
        BOOST_TEST(id.has_value() == !columns[3].empty(), line);
        if (id) BOOST_TEST(*id == unescaped(columns[3]), line);
        ++rows;
        refused += columns[3].empty() ? 1U : 0U;
    }
    BOOST_TEST(rows >= 36U);
    BOOST_TEST(refused >= 6U);
}

BOOST_AUTO_TEST_CASE(limits) {
    const IdNormalisation normalise;
    BOOST_TEST(kMaxIdBytes == 253U);
    BOOST_TEST(normalise(std::string(1, 'x')).has_value());
    BOOST_TEST(normalise(std::string(253, 'x')).value().size() == 253U);
    BOOST_TEST(!normalise(std::string(254, 'x')).has_value());
    BOOST_TEST(!normalise("").has_value());
}

BOOST_AUTO_TEST_CASE(applying_it_twice_changes_nothing_unless_realms_are_nested) {
    for (const Case letter_case : {Case::lower, Case::keep}) {
        const IdNormalisation normalise{letter_case, Realm::keep};
        for (unsigned first = 0; first < 256; ++first) {
            const std::string name{static_cast<char>(first), 'Q', '@', static_cast<char>(255 - first)};
            const auto once = normalise(name);
            BOOST_REQUIRE(once.has_value());
            BOOST_TEST(normalise(*once).value() == *once);
        }
    }
}

BOOST_AUTO_TEST_CASE(lower_case_touches_the_ascii_capitals_alone) {
    const IdNormalisation normalise;
    for (unsigned byte = 0; byte < 256; ++byte) {
        const char letter = static_cast<char>(byte);
        const char expected = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : letter;
        BOOST_TEST(normalise(std::string(1, letter)).value() == std::string(1, expected), "byte " << byte);
    }
}

BOOST_AUTO_TEST_CASE(fingerprints_differ_and_fit) {
    BOOST_TEST((IdNormalisation{Case::lower, Realm::keep}.fingerprint()) == "v1,case=lower,realm=keep");
    BOOST_TEST((IdNormalisation{Case::lower, Realm::strip}.fingerprint()) == "v1,case=lower,realm=strip");
    BOOST_TEST((IdNormalisation{Case::keep, Realm::keep}.fingerprint()) == "v1,case=keep,realm=keep");
    BOOST_TEST((IdNormalisation{Case::keep, Realm::strip}.fingerprint()) == "v1,case=keep,realm=strip");
    for (const Case letter_case : {Case::lower, Case::keep})
        for (const Realm realm : {Realm::keep, Realm::strip})
            BOOST_TEST((IdNormalisation{letter_case, realm}.fingerprint().size()) <= 31U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard
