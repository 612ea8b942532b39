// The same lines in several logs, or one log in several files: each attempt counts once, whatever the files are called.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <random>

#include "tests/replay/stream_support.hpp"

namespace guard::replay {
namespace {

using Lines = std::vector<std::string>;

std::string at(int second, const std::string& said) {
    char time[32];
    std::snprintf(time, sizeof time, "Mar  1 %02d:%02d:%02d", second / 3600 % 24, second / 60 % 60, second % 60);
    return time + (" mx1 " + said);
}

// What Postfix and Dovecot write about a few sources, several lines a second; some of them alike.
Lines mail_log(std::uint32_t seed, int connections) {
    std::mt19937 random(seed);
    Lines lines;
    int second = 9 * 3600;
    for (int i = 0; i < connections; ++i) {
        const std::string process = std::to_string(random() % 3), address = "192.0.2." + std::to_string(random() % 4);
        const std::string smtpd = "postfix/smtpd[" + process + "]: ";
        const auto attempts = random() % 4;
        const bool named = random() % 2 == 0;
        for (unsigned attempt = 0; attempt < attempts; ++attempt) {
            const std::string id = "u" + std::to_string(random() % 3);
            lines.push_back(at(second, "dovecot: auth: passwd-file(" + id + ',' + address + "): Password mismatch"));
            lines.push_back(at(second, smtpd + "warning: unknown[" + address +
                                           "]: SASL LOGIN authentication failed: x" +
                                           (named ? ", sasl_username=" + id : "")));
            if (random() % 3 == 0) ++second;
        }
        const bool accepted = random() % 3 == 0;
        if (accepted)
            lines.push_back(
                at(second, smtpd + "4F1: client=unknown[" + address + "], sasl_method=PLAIN, sasl_username=u9"));
        lines.push_back(at(second, smtpd + "disconnect from unknown[" + address +
                                       "] ehlo=1 auth=" + std::to_string(accepted) + '/' +
                                       std::to_string(attempts + accepted + random() % 2)));
        if (random() % 2 == 0) ++second;
        if (random() % 40 == 0) second += 200;
    }
    return lines;
}

std::string text_of(Lines::const_iterator begin, Lines::const_iterator end) {
    std::string text;
    for (; begin != end; ++begin) text += *begin + '\n';
    return text;
}

Replayed read(std::vector<std::string> files, unsigned threads = 1) {
    StreamOptions options = of(std::move(files));
    options.year = 2026;
    options.threads = threads;
    options.block_bytes = 4000;
    return replay(options);
}

std::uint64_t lines_of(const Replayed& replayed) {
    std::uint64_t sum = 0;
    for (const InputCounts& counts : replayed.counts) {
        std::uint64_t told = counts.events + counts.malformed;
        for (const std::uint64_t ignored : counts.ignored) told += ignored;
        BOOST_TEST(told == counts.lines);
        sum += counts.lines;
    }
    return sum;
}

struct Logs : Files {
    std::mt19937 random{11};

    // `lines` cut into files at random places, also in the middle of a second and of a connection.
    std::vector<std::string> rotated(const Lines& lines, const std::string& name, int parts) {
        std::vector<std::size_t> cuts{0, lines.size()};
        while (static_cast<int>(cuts.size()) <= parts) cuts.push_back(random() % lines.size());
        std::sort(cuts.begin(), cuts.end());
        std::vector<std::string> files;
        for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
            const auto begin = lines.begin() + static_cast<std::ptrdiff_t>(cuts[i]);
            const auto end = lines.begin() + static_cast<std::ptrdiff_t>(cuts[i + 1]);
            files.push_back(write(name + '.' + std::to_string(cuts.size() - i), text_of(begin, end)));
        }
        return files;
    }
};

BOOST_FIXTURE_TEST_SUITE(several_logs, Logs)

BOOST_AUTO_TEST_CASE(a_log_rotated_anywhere_is_one) {
    const Lines lines = mail_log(1, 600);
    const Replayed whole = read({write("whole", text_of(lines.begin(), lines.end()))});
    BOOST_TEST(whole.events.size() > 500U);
    BOOST_TEST(lines_of(whole) == lines.size());
    for (int round = 0; round < 20; ++round) {
        auto files = rotated(lines, "mail.log", 2 + round % 5);
        std::shuffle(files.begin(), files.end(), random);
        const Replayed parts = read(files, 1 + static_cast<unsigned>(round) % 3);
        BOOST_TEST((parts.lines() == whole.lines()), "round " << round);
        BOOST_TEST(lines_of(parts) == lines.size());
    }
}

BOOST_AUTO_TEST_CASE(a_log_in_several_copies_is_one) {
    const Lines lines = mail_log(2, 600);
    const Replayed whole = read({write("whole", text_of(lines.begin(), lines.end()))});
    Lines warnings;
    std::copy_if(lines.begin(), lines.end(), std::back_inserter(warnings),
                 [](const std::string& line) { return line.find("warning: ") != line.npos; });
    for (int round = 0; round < 20; ++round) {
        // Each rotated when it was its turn; of one only some lines.
        auto files = rotated(lines, "mail.log", 1 + round % 4);
        for (const std::string& file : rotated(lines, "maillog", 1 + round % 3)) files.push_back(file);
        if (round % 2 == 0) files.push_back(write("mail.warn", text_of(warnings.begin(), warnings.end())));
        std::shuffle(files.begin(), files.end(), random);
        const Replayed copies = read(files, 1 + static_cast<unsigned>(round) % 3);
        BOOST_TEST((copies.lines() == whole.lines()), "round " << round);
        static_cast<void>(lines_of(copies));
    }
}

// A second attempt in the same second is a second one, also where each log has both.
BOOST_AUTO_TEST_CASE(two_attempts_that_are_alike_stay_two) {
    const std::string line = at(3600, "imapd: LOGIN FAILED, user=a, ip=[192.0.2.1]") + '\n',
                      later = at(3700, "imapd: LOGIN FAILED, user=b, ip=[192.0.2.1]") + '\n';
    StreamOptions options = of({write("a", line + line + later), write("b", line + line + later)});
    options.year = 2026;
    options.imap = true;
    const Lines expected = {"imap reject a 192.0.2.1 2026-03-01T01:00:00.000000Z",
                            "imap reject a 192.0.2.1 2026-03-01T01:00:00.000000Z",
                            "imap reject b 192.0.2.1 2026-03-01T01:01:40.000000Z"};
    BOOST_TEST(replay(options).lines() == expected, boost::test_tools::per_element());
    // One of three in the second log.
    options.inputs.push_back(write("c", line));
    BOOST_TEST(replay(options).lines() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(both_logs_of_exim) {
    const std::string failed =
                          "2026-03-01 09:00:01 login authenticator failed for (x) [192.0.2.1]: 535 Incorrect "
                          "authentication data (set_id=a)\n",
                      other =
                          "2026-03-01 09:00:07 login authenticator failed for (x) [192.0.2.1]: 535 Incorrect "
                          "authentication data (set_id=b)\n",
                      sent =
                          "2026-03-01 09:00:03 1xV3pc-00001R-0H <= a@example.jp H=(x) [192.0.2.1] P=esmtpa A=login:c "
                          "S=226\n";
    const std::string log = write("mainlog", failed + sent + other), rejects = write("rejectlog", failed + other);
    const auto expected = replay(of({log})).lines();
    BOOST_TEST(expected.size() == 3U);
    BOOST_TEST((replay(of({log, rejects})).lines() == expected));
    BOOST_TEST((replay(of({rejects, log})).lines() == expected));
    const Replayed both = replay(of({rejects, log}));
    BOOST_TEST(both.counts[0].ignored[static_cast<std::size_t>(Ignored::repeated)] +
                   both.counts[1].ignored[static_cast<std::size_t>(Ignored::repeated)] ==
               2U);
}

// Dovecot's log beside Postfix's: the ID of the one helps the other.
BOOST_AUTO_TEST_CASE(the_service_in_a_log_of_its_own) {
    StreamOptions options =
        of({write("mail.log",
                  at(5, "postfix/smtpd[7]: warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: x\n")),
            write("dovecot.log", at(4, "dovecot: auth: passwd-file(a,192.0.2.1): unknown user\n"))});
    options.year = 2026;
    const Lines expected = {"smtp reject a 192.0.2.1 2026-03-01T00:00:05.000000Z"};
    BOOST_TEST(replay(options).lines() == expected, boost::test_tools::per_element());
}

// pam_unix says no and the module behind it yes, or one passdb and the next: the server let the client in. Where it did
// not, they are witnesses; a moment later it is another attempt.
BOOST_AUTO_TEST_CASE(what_failed_before_something_else_accepted_is_no_reject) {
    const std::string pam = "auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot ";
    const auto fails = [&](const std::string& id, const std::string& address) {
        return pam + "ruser=" + id + " rhost=" + address + "\n";
    };
    const auto passdb = [](const std::string& id, const std::string& address, const std::string& session) {
        return "dovecot: auth: passwd-file(" + id + ',' + address + ",<" + session + ">): unknown user\n";
    };
    const auto login = [](const std::string& id, const std::string& address, const std::string& session) {
        return "dovecot: imap-login: Login: user=<" + id + ">, method=PLAIN, rip=" + address +
               ", lip=192.0.2.9, session=<" + session + ">\n";
    };
    const std::string server = at(0, login("a@example.jp", "192.0.2.1", "A")) +  // PAM knows no realm
                               at(0, login("b", "192.0.2.2", "B")) +             // another source
                               at(1, login("c", "192.0.2.3", "C")) +             // another account
                               at(9, login("d", "192.0.2.4", "D")) +             // later
                               at(2, login("e", "192.0.2.5", "E")) +             // its own session
                               at(2, login("f", "192.0.2.6", "F")) +             // another session
                               at(9,
                                  "dovecot: imap-login: Disconnected (auth failed, 1 attempts in 9 secs): user=<g>, "
                                  "method=PLAIN, rip=192.0.2.7, lip=192.0.2.9, session=<G>\n");
    const std::string others = at(0, fails("a", "192.0.2.1")) + at(0, fails("b", "192.0.2.12")) +
                               at(0, fails("x", "192.0.2.3")) + at(2, fails("d", "192.0.2.4")) +
                               at(2, passdb("e", "192.0.2.5", "E")) + at(2, passdb("f", "192.0.2.6", "X")) +
                               at(3, fails("g", "192.0.2.7"));
    const auto rejects = [&](StreamOptions options) {
        options.year = 2026;
        options.imap = true;
        options.block_bytes = 100;
        const Replayed replayed = replay(options);
        Lines lines = replayed.lines();
        std::erase_if(lines, [](const std::string& line) { return line.find(" accept ") != line.npos; });
        std::sort(lines.begin(), lines.end());
        std::uint64_t repeated = 0;
        for (const InputCounts& counts : replayed.counts)
            repeated += counts.ignored[static_cast<std::size_t>(Ignored::repeated)];
        BOOST_TEST(repeated == 3U);  // of a, of e, and what the server says of g
        return lines;
    };
    const Lines expected = {
        "mail reject b 192.0.2.12 2026-03-01T00:00:00.000000Z", "mail reject d 192.0.2.4 2026-03-01T00:00:02.000000Z",
        "mail reject f 192.0.2.6 2026-03-01T00:00:02.000000Z", "mail reject g 192.0.2.7 2026-03-01T00:00:03.000000Z",
        "mail reject x 192.0.2.3 2026-03-01T00:00:00.000000Z"};
    const std::string mail = write("mail.log", server), authentication = write("auth.log", others);
    BOOST_TEST(rejects(of({mail, authentication})) == expected, boost::test_tools::per_element());
    BOOST_TEST(rejects(of({authentication, mail})) == expected, boost::test_tools::per_element());
}

// Where only PAM tells, its word counts; so it does at the end of the log and in an attack.
BOOST_AUTO_TEST_CASE(what_nobody_else_tells_of_counts) {
    std::string text;
    for (int i = 0; i < 20'000; ++i)
        text += at(i / 10'000,
                   "auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=dovecot "
                   "ruser=u" +
                       std::to_string(i) + " rhost=192.0.2.1\n");
    StreamOptions options = of({write("auth.log", text)});
    options.year = 2026;
    options.pop3 = true;
    const Replayed replayed = replay(options);
    BOOST_TEST(replayed.events.size() == 20'000U);
    BOOST_TEST(replayed.counts[0].events == 20'000U);
    BOOST_TEST(replayed.events.back().event.id == "u19999");
}

// A line with a time from the future makes all behind it late: they are handed out, and none is held.
BOOST_AUTO_TEST_CASE(a_time_from_the_future_holds_nothing_up) {
    std::string text = R"({"time":"2050-01-01T00:00:00Z","service":"pppoe","kind":"accept","id":"x"})"
                       "\n";
    for (int i = 0; i < 5000; ++i)
        text +=
            R"({"time":"2026-03-01T00:00:00Z","service":"pppoe","kind":"accept","id":"u)" + std::to_string(i) + "\"}\n";
    const Replayed replayed = replay(of({write("log", text)}));
    BOOST_TEST(replayed.events.size() == 5001U);
    BOOST_TEST(replayed.counts[0].late == 5000U);
    BOOST_TEST(replayed.events.front().event.id == "u0");
    BOOST_TEST(replayed.events.back().event.id == "x");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::replay
