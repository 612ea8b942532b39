// Lines that real daemons wrote (tests/replay/data/mail/README.md says which and how), against what was agreed they
// mean.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "replay/attempt_ledger.hpp"
#include "tests/replay/mail_text.hpp"

using namespace guard;
using namespace guard::replay;

namespace {

const std::filesystem::path kData = std::filesystem::path(GUARD_SOURCE_DIR) / "tests/replay/data/mail";

std::string content(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    stream.exceptions(std::ios::badbit | std::ios::failbit);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::filesystem::path> logs() {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(kData))
        if (entry.path().extension() != ".events" && entry.path().extension() != ".md") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    BOOST_REQUIRE(files.size() > 10);
    return files;
}

// "12 smtp reject 1 192.0.2.1 tanaka@example.jp", the line counted from 1; then what the rest was.
std::string summary(const ParsedChunk& chunk) {
    std::string text;
    for (const LogEvent& event : chunk.events)
        if (event.attempts != 0) text += std::to_string(event.line + 1) + ' ' + told(event) + '\n';
    for (std::size_t i = 0; i < kIgnoredClasses; ++i)
        if (chunk.ignored[i] != 0)
            text += std::string(to_string(static_cast<Ignored>(i))) + ": " + std::to_string(chunk.ignored[i]) + '\n';
    return text + "malformed: " + std::to_string(chunk.malformed) + '\n';
}

bool same(const LogEvent& a, const LogEvent& b) {
    return a.at.time == b.at.time && a.connection == b.connection && told(a) == told(b);
}

std::uint64_t passed(std::string_view text, bool mail_wanted, Protocol only) {
    const ParsedChunk chunk = parsed(text);
    AttemptLedger ledger(mail_wanted);
    std::uint64_t rejects = 0;
    for (LogEvent event : chunk.events)
        if (event.kind == Kind::reject && (event.protocol == only || event.protocol == Protocol::mail) &&
            ledger.take(event))
            rejects += event.attempts;
    return rejects;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mail_files)

BOOST_AUTO_TEST_CASE(every_line_of_a_real_daemon_means_what_was_agreed) {
    for (const auto& file : logs()) {
        const std::string text = content(file);  // what the events point into
        const ParsedChunk chunk = parsed(text);
        BOOST_TEST(accounted(chunk), file.filename().string());
        const auto expected = std::filesystem::path(file.string() + ".events");
        const std::string found = summary(chunk);
        if (std::filesystem::exists(expected) && found == content(expected)) continue;
        const auto written = std::filesystem::path(GUARD_BINARY_DIR) / expected.filename();
        std::ofstream(written) << found;
        BOOST_ERROR("other than agreed: diff " << expected.string() << " " << written.string());
    }
}

BOOST_AUTO_TEST_CASE(real_logs_are_recognised_and_others_are_not) {
    const auto parser = mail_parser();
    for (const auto& file : logs()) BOOST_TEST(parser->recognise(content(file)) >= 3U, file.filename().string());
    for (const std::string_view other :
         {"{\"time\":\"2026-03-01T00:01:01Z\",\"service\":\"pppoe\",\"kind\":\"accept\",\"id\":\"a\"}\n",
          "Sun Mar  1 00:01:01 2026 : Auth: (0) Login OK: [tanaka] (from client nas port 1 cli 02)\n",
          "Mar  1 00:01:01 radius1 radiusd[12]: (0) Login OK: [tanaka] (from client nas port 1)\n",
          "Sun Mar  1 00:01:01 2026\n\tUser-Name = \"tanaka\"\n\tAcct-Status-Type = Start\n\n", "",
          "2026-03-01 00:01:01 status installed exim4-base:amd64 4.96\n",
          "id,username,acctstarttime\n1,a,2026-03-01\n"})
        BOOST_TEST(parser->recognise(other) == 0U, other);
}

BOOST_AUTO_TEST_CASE(cut_at_any_line_ends_it_is_the_same_events) {
    const auto seed = std::random_device{}();
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937 random(seed);
    for (const auto& file : logs()) {
        const std::string text = content(file);
        const ParsedChunk whole = parsed(text);
        std::size_t at = 0, events = 0, malformed = 0, lines = 0;
        while (at < text.size()) {
            std::size_t end = at;
            for (std::size_t n = random() % 7 + 1; n > 0 && end < text.size(); --n) end = text.find('\n', end) + 1;
            const ParsedChunk part = parsed(std::string_view(text).substr(at, end - at));
            for (const LogEvent& event : part.events) {
                BOOST_REQUIRE(events < whole.events.size());
                BOOST_TEST(same(event, whole.events[events]));
                BOOST_TEST(event.line + lines == whole.events[events].line);
                ++events;
            }
            malformed += part.malformed;
            lines += part.lines;
            at = end;
        }
        BOOST_TEST(events == whole.events.size());
        BOOST_TEST(malformed == whole.malformed);
        BOOST_TEST(lines == whole.lines);
    }
}

// The driver that made the logs tried 19 AUTH PLAIN/LOGIN/CRAM-MD5 with a wrong password or name at each service.
BOOST_AUTO_TEST_CASE(an_attempt_with_several_lines_counts_once) {
    const std::string main = content(kData / "exim-4.96.mainlog"), reject = content(kData / "exim-4.96.rejectlog");
    const auto rejects = passed(main, false, Protocol::smtp);
    BOOST_TEST(rejects > 10U);
    BOOST_TEST(passed(main + reject, false, Protocol::smtp) == rejects);
    BOOST_TEST(passed(content(kData / "exim-4.96.rfc5424"), false, Protocol::smtp) > rejects);

    // Two connections of imap-login; and one attempt of Postfix, whose own log is elsewhere.
    const std::string imap = content(kData / "dovecot-2.3.19.own");
    BOOST_TEST(passed(imap, false, Protocol::imap) == 2U);
    BOOST_TEST(passed(imap, true, Protocol::imap) == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
