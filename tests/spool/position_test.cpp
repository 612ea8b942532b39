// The position as text: what the analyzer's database keeps between two runs.
#include "tests/spool/spool_fixture.hpp"

using guard::spool::Position;

BOOST_AUTO_TEST_SUITE(spool_position)

BOOST_AUTO_TEST_CASE(comes_back_from_its_text) {
    Position position;
    BOOST_TEST(position.to_string() == "0");
    position.done_through = 1'772'323'261'169'230;
    position.offsets = {{1'772'323'261'169'231, 8192}, {1'772'323'261'169'232, Position::kDone}};
    BOOST_TEST(position.to_string() == "1772323261169230 1772323261169231:8192 1772323261169232:done");
    for (const Position& each : {Position{}, position, Position{~std::uint64_t{0}, {}}}) {
        const auto parsed = Position::parse(each.to_string());
        BOOST_REQUIRE(parsed.has_value());
        BOOST_TEST(*parsed == each);
    }
}

BOOST_AUTO_TEST_CASE(any_other_text_is_refused) {
    for (const char* text : {"",
                             " ",
                             "x",
                             "-1",
                             "+1",
                             "01",
                             "1 ",
                             " 1",
                             "1\n",
                             "18446744073709551616",
                             "1 2",
                             "1 2:",
                             "1 :8",
                             "1 2:8x",
                             "1 2:x",
                             "1  2:8",
                             "1 2:8 ",
                             "1 2:8 2:16",
                             "1 3:8 2:8",
                             "1 1:8",
                             "2 1:8",
                             "1 2:08",
                             "1 02:8",
                             "1 2:8:8",
                             "1 2:Done",
                             "1 2:18446744073709551615",
                             "1 2:18446744073709551616",
                             "1 2:4097",
                             "1 2:8,3:8",
                             "1 2:done 2:done",
                             "1\t2:8"})
        BOOST_TEST(!Position::parse(text), '"' << text << '"');
    BOOST_TEST(!Position::parse(std::string_view("1\0", 2)));
}

BOOST_AUTO_TEST_CASE(covers_what_another_has_passed_over) {
    const auto covers = [](const char* one, const char* other) {
        return Position::parse(one).value().covers(Position::parse(other).value());
    };
    for (const char* text : {"0", "5", "5 6:8", "5 6:8 7:done"}) {
        BOOST_TEST(covers(text, text), text);
        BOOST_TEST(covers(text, "0"), text);
    }
    BOOST_TEST(covers("6", "5 6:8"));
    BOOST_TEST(covers("5 6:done", "5 6:8"));
    BOOST_TEST(covers("5 6:16 7:8", "5 6:8"));
    BOOST_TEST(!covers("5 6:8", "5 6:16"));
    BOOST_TEST(!covers("5 6:8", "5 6:done"));
    BOOST_TEST(!covers("5 6:8", "5 6:8 7:8"));
    BOOST_TEST(!covers("5", "6"));
    BOOST_TEST(!covers("5 6:done", "6"));  // whether there was one between them nobody knows
}

BOOST_AUTO_TEST_SUITE_END()
