// The journal's export format: what journalctl wrote, and what may be wrong with it.
#include "replay/journal_export.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/replay/stream_support.hpp"
#include "tests/support/journal_lines.hpp"

namespace guard::replay {
namespace {

using Lines = std::vector<std::string>;
using test::lines_of;

const std::string kData = std::string(GUARD_SOURCE_DIR) + "/tests/replay/data/";

std::string binary(const std::string& key, const std::string& value) {
    std::string text = key + '\n';
    for (std::size_t i = 0; i < 8; ++i) text += static_cast<char>(value.size() >> (8 * i) & 0xff);
    return text + value + '\n';
}

const std::string kBegin = "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1772323201169230\nPRIORITY=6\nSYSLOG_IDENTIFIER=auth\n";
const std::string kLine = R"({"__REALTIME_TIMESTAMP":"1772323201169230","SYSLOG_IDENTIFIER":"auth")";
const std::string kMalformed = "{\"journal\":\"an entry that is malformed\"}\n";

StreamOptions all_of(const std::string& file) {
    StreamOptions options = of({file});
    options.imap = options.pop3 = true;
    return options;
}

BOOST_FIXTURE_TEST_SUITE(journal_export, Files)

// The same journal in both forms; the export has one attempt more, whose ID is three lines long.
BOOST_AUTO_TEST_CASE(as_journalctl_wrote_it) {
    const Replayed json = replay(all_of(kData + "mail/journal-252.json")),
                   exported = replay(all_of(kData + "journal/journal-252.export"));
    Lines expected = json.lines();
    expected.push_back("smtp reject a\n\n__realtime_timestamp=1\nmessage=b 192.0.2.1 2026-11-22T09:33:19.000001Z");
    BOOST_TEST(exported.lines() == expected, boost::test_tools::per_element());
    BOOST_TEST(exported.counts[0].format == "mail");
    BOOST_TEST(exported.counts[0].lines == json.counts[0].lines + 2);
    BOOST_TEST(exported.counts[0].malformed == json.counts[0].malformed);
}

BOOST_AUTO_TEST_CASE(of_radiusd_too) {
    const std::string text = kBegin.substr(0, kBegin.find("SYSLOG")) +
                             "SYSLOG_IDENTIFIER=radiusd\nMESSAGE=(1) Login OK: [tanaka] (from client b port 1)\n\n";
    const Replayed replayed = replay(of({write("radius.export", text)}));
    const Lines expected = {"pppoe accept tanaka - 2026-03-01T00:00:01.169230Z"};
    BOOST_TEST(replayed.lines() == expected, boost::test_tools::per_element());
    BOOST_TEST(replayed.counts[0].format == "radius");
}

BOOST_AUTO_TEST_CASE(values) {
    BOOST_TEST(lines_of(kBegin + "MESSAGE=a \"b\" \\=c\n\n") == kLine + R"(,"MESSAGE":"a \"b\" \\=c"})"
                                                                        "\n");
    BOOST_TEST(lines_of(kBegin + "MESSAGE=\xe3\x81\n\n") == kLine + R"(,"MESSAGE":[227,129]})"
                                                                    "\n");
    BOOST_TEST(lines_of(kBegin + binary("MESSAGE", "a\n\nb") + "\n") == kLine + R"(,"MESSAGE":[97,10,10,98]})"
                                                                                "\n");
    BOOST_TEST(lines_of(kBegin + binary("COREDUMP", std::string(300'000, '\n') + "MESSAGE=x\n") + "MESSAGE=y\n\n\n\n" +
                        kBegin + "\n") == kLine +
                                              R"(,"MESSAGE":"y"})"
                                              "\n" +
                                              kLine + "}\n");
}

BOOST_AUTO_TEST_CASE(what_is_wrong) {
    const std::string good = kBegin + "\n";
    const std::string too_long(64 * 1024 + 1, 'x');
    for (const std::string& entry :
         {kBegin + "MESSAGE=" + std::string(70'000, 'x') + "\n\n", kBegin + binary("MESSAGE", too_long) + "\n",
          kBegin + "MESSAGE\n" + std::string("\1\0\0\0\0\0\0\0", 8) + "xy\n\n",
          kBegin + "X\n" + std::string(8, '\xff') + "x\n\n"})
        BOOST_TEST(lines_of(entry + good) == kMalformed + kLine + "}\n");
    // Cut anywhere, what is there is not taken for whole.
    const std::string last = kBegin + binary("MESSAGE", "ab\ncd") + "_PID=7\n";
    for (std::size_t length = 1; length <= last.size(); ++length)
        BOOST_TEST(lines_of(good + last.substr(0, length)) == kLine + "}\n" + kMalformed, length);
    BOOST_TEST(lines_of(good + kBegin + "X\n" + std::string(8, '\xff') + "x\n\n") == kLine + "}\n" + kMalformed);
    StreamOptions options = of({write("cut", kBegin + "MESSAGE=x\n\n" + kBegin)});
    options.format = "mail";
    const Replayed replayed = replay(options);
    BOOST_TEST(replayed.counts[0].malformed == 1U);
    BOOST_TEST(replayed.counts[0].lines == 2U);
}

BOOST_AUTO_TEST_CASE(any_buffer) {
    const std::string text = test::read_file(kData + "journal/journal-252.export");
    const std::string whole = lines_of(text);
    BOOST_TEST(std::count(whole.begin(), whole.end(), '\n') == 92);
    for (const std::size_t most : {33U, 100U, 4096U})
        for (const std::size_t buffer : {1U, 64U, 5000U})
            BOOST_TEST((lines_of(text, most, buffer) == whole), most << " and " << buffer);
}

BOOST_AUTO_TEST_CASE(nothing_else_is_touched) {
    for (const std::string text : {"", "x", "{\"a\":1}\n", "__CURSOR", "MESSAGE=x\n\n"})
        BOOST_TEST(lines_of(text) == text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::replay
