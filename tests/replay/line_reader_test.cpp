#include "replay/line_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <random>
#include <thread>

#include "tests/support/process.hpp"

namespace guard::replay {
namespace {

using Lines = std::vector<std::string>;

Lines read_all(const std::filesystem::path& file) {
    auto reader = LineReader::open(file);
    if (!reader) BOOST_FAIL(reader.error());
    Lines lines;
    while (const auto line = reader->next()) lines.push_back(line->too_long ? "(too long)" : std::string(line->text));
    BOOST_TEST(!reader->next().has_value());  // the end stays the end
    return lines;
}

struct File {
    test::TemporaryDirectory directory{"lines"};
    std::filesystem::path path = directory.path() / "log";

    [[nodiscard]] Lines lines(const std::string& text) const {
        test::write_file(path, text);
        return read_all(path);
    }
};

// Standard input of this process, replaced for as long as the object lives.
class StandardInput {
  public:
    explicit StandardInput(int descriptor) : saved_(::dup(STDIN_FILENO)) { ::dup2(descriptor, STDIN_FILENO); }
    ~StandardInput() {
        ::dup2(saved_, STDIN_FILENO);
        ::close(saved_);
    }
    StandardInput(const StandardInput&) = delete;
    StandardInput& operator=(const StandardInput&) = delete;

  private:
    int saved_;
};

BOOST_FIXTURE_TEST_SUITE(line_reader, File)

BOOST_AUTO_TEST_CASE(line_ends) {
    BOOST_TEST(lines("").empty());
    BOOST_TEST(lines("\n") == Lines{""}, boost::test_tools::per_element());
    BOOST_TEST(lines("a\nb") == (Lines{"a", "b"}), boost::test_tools::per_element());
    BOOST_TEST(lines("a\nb\n") == (Lines{"a", "b"}), boost::test_tools::per_element());
    BOOST_TEST(lines("a\r\n\r\nb\r\r\n") == (Lines{"a", "", "b\r"}), boost::test_tools::per_element());
    BOOST_TEST(lines("a\r") == Lines{"a"}, boost::test_tools::per_element());
    BOOST_TEST(lines(std::string("a\0b\n", 4)) == Lines{std::string("a\0b", 3)}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_longest_line) {
    const std::string longest(kLongestLine, 'x');
    BOOST_TEST(lines(longest) == Lines{longest}, boost::test_tools::per_element());
    BOOST_TEST(lines(longest + "\na\n") == (Lines{longest, "a"}), boost::test_tools::per_element());
    BOOST_TEST(lines(longest + "x") == Lines{"(too long)"}, boost::test_tools::per_element());
    BOOST_TEST(lines("a\n" + longest + "x\nb\n") == (Lines{"a", "(too long)", "b"}), boost::test_tools::per_element());
    std::string many;
    for (int i = 0; i < 20; ++i) many += longest;
    BOOST_TEST(lines(many + "\nb") == (Lines{"(too long)", "b"}), boost::test_tools::per_element());
    BOOST_TEST(lines(many) == Lines{"(too long)"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(lines_of_any_length_across_the_buffer) {
    constexpr std::uint64_t kSeed = 5;
    BOOST_TEST_MESSAGE("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    Lines expected;
    std::string text;
    for (int i = 0; i < 3000; ++i) {
        const std::size_t length = random() % (random() % 20 == 0 ? kLongestLine : 300);
        expected.emplace_back(length, static_cast<char>('a' + i % 26));
        text += expected.back() + '\n';
    }
    BOOST_TEST((lines(text) == expected));
}

// Whatever the pieces in which the input comes.
BOOST_AUTO_TEST_CASE(standard_input_in_small_pieces) {
    std::array<int, 2> ends{};
    BOOST_REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    std::jthread writer([&] {
        const std::string_view text = "first\r\nsecond\n\nlast";
        for (const char letter : text) {
            if (::write(ends[1], &letter, 1) != 1) break;
            std::this_thread::yield();
        }
        ::close(ends[1]);
    });
    {
        const StandardInput input(ends[0]);
        BOOST_TEST(read_all("-") == (Lines{"first", "second", "", "last"}), boost::test_tools::per_element());
    }
    ::close(ends[0]);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read) {
    BOOST_TEST(LineReader::open(directory.path() / "none").error() ==
               (directory.path() / "none").string() + ": found No such file or directory, expected a readable file");
    BOOST_TEST(LineReader::open(directory.path()).error() ==
               directory.path().string() + ": found a directory, expected a readable file");
}

BOOST_AUTO_TEST_CASE(a_reader_can_be_moved) {
    test::write_file(path, "a\nb\nc\n");
    auto first = LineReader::open(path).value();
    BOOST_TEST(first.next()->text == "a");
    LineReader second = std::move(first);
    BOOST_TEST(second.next()->text == "b");
    auto third = LineReader::open(path).value();
    third = std::move(second);
    BOOST_TEST(third.next()->text == "c");
    BOOST_TEST(!third.next().has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::replay
