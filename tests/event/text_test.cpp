#include "event/text.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

namespace guard {
namespace {

using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(plain_utf8) {
    for (const auto good : {""sv, "JP-01"sv, "札幌市"sv, "\xC2\xA0"sv, "\xF0\x9F\x97\xBE"sv, "\xED\x9F\xBF"sv})
        BOOST_TEST(is_plain_utf8(good), good);
    // Control characters (C1 too), a lone continuation, an overlong form, a surrogate, past U+10FFFF, cut off.
    for (const auto bad : {"\0"sv, "a\tb"sv, "\x1b[31m"sv, "\x7f"sv, "\xC2\x9B"sv, "\x80"sv, "\xC0\xAF"sv,
                           "\xED\xA0\x80"sv, "\xF4\x90\x80\x80"sv, "\xE6\x9C"sv, "ok\xFF"sv})
        BOOST_TEST(!is_plain_utf8(bad), in_quotes(bad));
}

BOOST_AUTO_TEST_CASE(quotes_for_messages) {
    BOOST_TEST(in_quotes("") == R"("")");
    BOOST_TEST(in_quotes("札幌 1") == R"("札幌 1")");
    BOOST_TEST(in_quotes("a\"b\\c") == R"("a\x22b\x5cc")");
    BOOST_TEST(in_quotes("\x1b[2J\n\0"sv) == R"("\x1b[2J\x0a\x00")");
    BOOST_TEST(in_quotes("\xC2\x9B\xFFz") == R"("\xc2\x9b\xffz")");
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_between_characters) {
    BOOST_TEST(in_quotes(std::string(60, 'x')) == '"' + std::string(60, 'x') + '"');
    BOOST_TEST(in_quotes(std::string(61, 'x')) == '"' + std::string(60, 'x') + "\"...");
    std::string prefectures;
    for (int i = 0; i < 1000; ++i) prefectures += "県";
    const std::string shown = in_quotes(prefectures);
    BOOST_TEST(shown.size() < 70U);
    BOOST_TEST(is_plain_utf8(shown));
}

BOOST_AUTO_TEST_CASE(numbers_are_written_with_commas) {
    for (const auto& [value, text] : std::initializer_list<std::pair<double, const char*>>{
             {0, "0"}, {999, "999"}, {999.6, "1,000"}, {1'048'576, "1,048,576"}, {1e18, "1,000,000,000,000,000,000"}})
        BOOST_TEST(with_commas(value) == text);
    BOOST_TEST(with_commas(std::numeric_limits<double>::max()).size() == 309U + 102U);
}

BOOST_AUTO_TEST_CASE(printable_ascii_is_kept) {
    BOOST_TEST(printable_ascii(" a~\x7f\x1f\n札\x00"sv) == " a~???????"sv);
}

BOOST_AUTO_TEST_CASE(hexadecimal_has_two_digits_a_byte) {
    BOOST_TEST(hexadecimal("").empty());
    BOOST_TEST(hexadecimal("\x00\x0f\x7f\x80\xff"sv) == "000f7f80ff");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard
