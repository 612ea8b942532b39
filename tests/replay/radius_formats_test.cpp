// FreeRADIUS's logs. What the real server wrote is in tests/replay/data; beside it, lines with what can be wrong.
#include <boost/test/unit_test.hpp>

#include "replay/formats/csv.hpp"
#include "replay/formats/detail.hpp"
#include "replay/formats/radius_log.hpp"
#include "tests/replay/stream_support.hpp"

namespace guard::replay {
namespace {

using Lines = std::vector<std::string>;
using Variant = RadiusLogParser::Variant;

std::string data(const std::string& name) {
    return std::string(GUARD_SOURCE_DIR) + "/tests/replay/data/freeradius-3.2.1/" + name;
}

std::uint64_t ignored(const Replayed& replayed, Ignored why) {
    return replayed.counts.at(0).ignored.at(static_cast<std::size_t>(why));
}

void check_lines(const Replayed& replayed, const Lines& expected) {
    BOOST_TEST(replayed.lines() == expected, boost::test_tools::per_element());
}

// What a parser makes of a text, as to_string() shows it, and its faults as "LINE: found X".
struct Parsed {
    Lines events, faults;
    ParsedChunk chunk;
};
std::unique_ptr<Parsed> parse(const LogParser& parser, std::string text) {
    auto parsed = std::make_unique<Parsed>();
    const std::size_t size = text.size();
    text.append(64, '\0');
    parser.parse(std::string_view(text).substr(0, size), parsed->chunk);
    for (const LogEvent& event : parsed->chunk.events) {
        StreamEvent shown;
        shown.event = {Service::pppoe, event.kind, std::string(event.id), event.addresses, event.at.time};
        parsed->events.push_back(to_string(shown).substr(6));
    }
    for (const Fault& fault : parsed->chunk.faults)
        parsed->faults.push_back(std::to_string(fault.line) + ": found " + fault.found);
    return parsed;
}

std::string record(const std::string& attributes) {
    return "Sun Nov 22 09:14:21 2026\n" + attributes + "\tTimestamp = 1795338861\n\n";
}
std::string start(const std::string& attributes) {
    return record("\tUser-Name = \"u1\"\n\tAcct-Status-Type = Start\n" + attributes);
}
Lines detail_events(const std::string& text) {
    return parse(DetailParser(), text)->events;
}
Lines detail_faults(const std::string& text) {
    return parse(DetailParser(), text)->faults;
}

BOOST_AUTO_TEST_SUITE(detail)

BOOST_AUTO_TEST_CASE(accounting_of_a_real_server) {
    const std::string addresses = "192.0.2.5,2001:db8:1::7,2001:db8:1::/64,2001:db8:100::/56";
    for (const char* file : {"detail", "detail-header"}) {
        const Replayed replayed = replay(of({data(file)}));
        BOOST_TEST(replayed.counts.at(0).format == "detail");
        // Acct-Delay-Time = 10 is in the time; an Event-Timestamp that is months off is not.
        check_lines(replayed, {"pppoe assign q\"uo\\te é\n\001x 192.0.2.6 2026-11-22T09:21:36.000000Z",
                               "pppoe assign u1@isp.example " + addresses + " 2026-11-22T09:21:56.000000Z",
                               "pppoe alive u1@isp.example " + addresses + " 2026-11-22T09:21:56.000000Z",
                               "pppoe release u1@isp.example " + addresses + " 2026-11-22T09:21:56.000000Z"});
        BOOST_TEST(ignored(replayed, Ignored::no_authentication) == 2U);  // Accounting-On, Failed
        BOOST_TEST(replayed.counts.at(0).malformed == 0U);
    }
}

BOOST_AUTO_TEST_CASE(requests_and_replies_of_a_real_server) {
    const Replayed requests = replay(of({data("auth-detail")}));
    BOOST_TEST(requests.events.empty());
    BOOST_TEST(ignored(requests, Ignored::no_authentication) == 8U);
    const Replayed replies = replay(of({data("reply-detail")}));
    BOOST_TEST(replies.events.empty());
    BOOST_TEST(ignored(replies, Ignored::no_id) == 8U);
    BOOST_TEST(replies.counts.at(0).malformed == 0U);
}

BOOST_AUTO_TEST_CASE(a_reply_that_names_its_user) {
    const Lines accept = {"accept u1 192.0.2.5 2026-11-22T09:14:21.000000Z"};
    BOOST_TEST(detail_events(record("\tPacket-Type = Access-Accept\n\tUser-Name = \"u1\"\n"
                                    "\tFramed-IP-Address = 192.0.2.5\n")) == accept);
    // A reject keeps the attributes of the reply in some servers; it assigns nothing.
    const Lines reject = {"reject u1 - 2026-11-22T09:14:21.000000Z"};
    BOOST_TEST(detail_events(record("\tPacket-Type = Access-Reject\n\tUser-Name = \"u1\"\n"
                                    "\tFramed-IP-Address = 192.0.2.5\n")) == reject);
    BOOST_TEST(detail_events(record("\tPacket-Type = Access-Challenge\n\tUser-Name = \"u1\"\n")).empty());
}

BOOST_AUTO_TEST_CASE(names) {
    const auto name = [](const std::string& written) {
        const auto events = detail_events(record("\tUser-Name = " + written + "\n\tAcct-Status-Type = Stop\n"));
        return events.empty() ? std::string("none") : events.front().substr(8, events.front().find(" - ") - 8);
    };
    BOOST_TEST(name(R"("a\"b\\c\n\t\303\251\'")") == "a\"b\\c\n\té'");
    BOOST_TEST(name("\"plain name\"") == "plain name");
    for (const char* broken :
         {"u1", "\"u1", "u1\"", "\"a\"b\"", "\"a\\\"", "\"\\40\"", "\"\\400\"", "\"\\8\"", "\"\\x41\""})
        BOOST_TEST(name(broken) == "none", broken);
    // The first of two, as in the server; one within another attribute's value is none.
    BOOST_TEST(name("\"a\"\n\tUser-Name = \"b\"\n\tReply-Message = \"\\tUser-Name = c\"") == "a");
}

BOOST_AUTO_TEST_CASE(addresses) {
    const auto shown = [](const std::string& attributes) {
        const auto events = detail_events(start(attributes));
        return events.empty() ? std::string("none") : events.front().substr(10, events.front().rfind(' ') - 10);
    };
    BOOST_TEST(shown("") == "-");
    BOOST_TEST(shown("\tFramed-IP-Address = 255.255.255.254\n") == "-");
    BOOST_TEST(shown("\tFramed-IP-Address = 0.0.0.0\n\tFramed-IPv6-Prefix = ::/0\n") == "-");
    BOOST_TEST(shown("\tTunnel-Client-Endpoint:1 = \"192.0.2.1\"\n\tFramed-IP-Netmask = 192.0.2.2\n") == "-");
    BOOST_TEST(shown("\tFramed-IP-Address = 192.0.2.1\n\tFramed-IP-Address = 192.0.2.2\n") == "192.0.2.1");
    const Lines fault = {"0: found \"192.0.2.256\""};
    BOOST_TEST(detail_faults(start("\tFramed-IP-Address = 192.0.2.256\n")) == fault);
}

BOOST_AUTO_TEST_CASE(times) {
    const auto time = [](const std::string& attributes) {
        const auto events = detail_events(start(attributes));
        return events.empty() ? std::string("none") : events.front().substr(events.front().rfind(' ') + 12, 8);
    };
    BOOST_TEST(time("") == "09:14:21");
    BOOST_TEST(time("\tAcct-Delay-Time = 61\n") == "09:13:20");
    BOOST_TEST(time("\tAcct-Delay-Time = 86401\n") == "09:14:21");  // garbage
    BOOST_TEST(time("\tAcct-Delay-Time = 61\n\tEvent-Timestamp = \"Nov 22 2026 09:13:00 UTC\"\n") == "09:13:00");
    BOOST_TEST(time("\tEvent-Timestamp = \"Nov 22 2026 09:09:21 UTC\"\n") == "09:09:21");
    BOOST_TEST(time("\tEvent-Timestamp = \"Nov 22 2026 09:09:20 UTC\"\n") == "09:14:21");  // 301 s off
    // The same instants, where the server lives in another zone.
    BOOST_TEST(time("\tEvent-Timestamp = \"Nov 22 2026 18:14:01 JST\"\n") == "09:14:01");
    BOOST_TEST(time("\tEvent-Timestamp = \"Nov 22 2026 14:44:01 IST\"\n") == "09:14:01");
    BOOST_TEST(time("\tEvent-Timestamp = \"Nov 22 2026 04:14:01 EST\"\n") == "09:14:01");
    BOOST_TEST(time("\tEvent-Timestamp = \"yesterday\"\n") == "none");
    BOOST_TEST(time("\tAcct-Delay-Time = -1\n") == "none");
}

// Wherever the file ends, nothing is made of the record that was not written to its end.
BOOST_AUTO_TEST_CASE(half_a_record) {
    const std::string whole = start("\tFramed-IP-Address = 192.0.2.5\n\tUser-Password = \"hunter2\"\n");
    for (std::size_t length = 1; length + 1 < whole.size(); ++length) {
        const auto parsed = parse(DetailParser(), start("") + whole.substr(0, length));
        BOOST_TEST(parsed->events.size() == 1U, "of " << length << " bytes");
        BOOST_REQUIRE(parsed->faults.size() == 1U);
        BOOST_TEST(parsed->faults.front().starts_with("5: found a record without its last line"),
                   parsed->faults.front());
        BOOST_TEST(parsed->faults.front().find("hunter") == std::string::npos);
        BOOST_TEST(parsed->chunk.lines ==
                   6U + std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length) - 1, '\n'));
    }
    BOOST_TEST(detail_events(whole.substr(0, whole.size() - 1)).size() == 1U);  // all but the empty line
}

// Of a server that was killed while it wrote, and was started again; or a file whose beginning was cut off.
BOOST_AUTO_TEST_CASE(half_a_record_in_the_middle) {
    const std::string whole = start("\tFramed-IP-Address = 192.0.2.5\n");
    const auto killed = parse(DetailParser(), whole.substr(0, 80) + "\n" + whole);
    BOOST_TEST(killed->events.size() == 1U);
    BOOST_TEST(killed->chunk.malformed == 1U);
    const auto cut = parse(DetailParser(), whole.substr(whole.find('\t')) + whole);
    BOOST_TEST(cut->events.size() == 1U);
    const Lines fault = {"0: found a record without its first line"};
    BOOST_TEST(cut->faults == fault);
    const Lines neither = {"0: found neither Packet-Type nor Acct-Status-Type"};
    BOOST_TEST(detail_faults(record("\tUser-Name = \"u1\"\n")) == neither);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(radius_log)

BOOST_AUTO_TEST_CASE(log_of_a_real_server) {
    for (const char* file : {"radius.log", "radius-passwords.log"}) {
        Replayed replayed = replay(of({data(file)}));
        BOOST_TEST(replayed.counts.at(0).format == "radius");
        Lines lines = replayed.lines();
        for (std::string& line : lines) line.resize(line.rfind(' '));
        const Lines expected = {"pppoe accept u1@isp.example -",
                                "pppoe reject u1@isp.example -",
                                "pppoe accept noaddr@isp.example -",
                                "pppoe accept noaddr@isp.example -",
                                "pppoe accept isp -",
                                "pppoe reject nopw -",
                                "pppoe reject a b?%c -"};
        Lines sorted = lines, wanted = expected;  // within a second the order is that of the IDs
        std::sort(sorted.begin(), sorted.end());
        std::sort(wanted.begin(), wanted.end());
        BOOST_TEST(sorted == wanted, boost::test_tools::per_element());
        // A name with "] (from client " in it: who could say where it ends.
        BOOST_REQUIRE(replayed.faults.size() == 1U);
        BOOST_TEST(replayed.faults[0].found == "a login whose ID has no clear end");
        for (const char* secret : {"pw1", "wrong", "secret", "pa]ss"})
            for (const std::string& line : lines) BOOST_TEST(line.find(secret) == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(ids_with_a_slash) {
    StreamOptions options = of({data("radius.log")});
    options.format = "radius-slash";
    const Lines lines = replay(options).lines();
    BOOST_TEST(std::count_if(lines.begin(), lines.end(),
                             [](const std::string& line) { return line.find("isp/slash") != line.npos; }) == 1);
}

BOOST_AUTO_TEST_CASE(syslog_of_a_real_server) {
    StreamOptions options = of({data("syslog")});
    options.year = 2026;
    const Replayed logins = replay(options);
    BOOST_TEST(logins.counts.at(0).format == "radius");
    BOOST_TEST(logins.counts.at(0).by_protocol[0] == 10U);  // seven logins, and three steps of sessions by linelog
    BOOST_TEST(ignored(logins, Ignored::repeated) == 8U);   // the same logins by linelog
    options.format = "linelog";
    const Replayed linelog = replay(options);
    BOOST_TEST(linelog.counts.at(0).events == 11U);
    BOOST_TEST(ignored(linelog, Ignored::repeated) == 8U);
    const Lines lines = linelog.lines();
    BOOST_TEST(std::count(lines.begin(), lines.end(),
                          "pppoe release u1@isp.example 192.0.2.5 2026-11-22T09:23:28.000000Z") == 1);
}

Lines radius_events(const std::string& text, Variant variant = Variant::login) {
    return parse(RadiusLogParser(variant), text)->events;
}
Lines radius_faults(const std::string& text, Variant variant = Variant::login) {
    return parse(RadiusLogParser(variant), text)->faults;
}

BOOST_AUTO_TEST_CASE(every_prefix) {
    const std::string login = "(7) Login OK: [u1] (from client bras1 port 7 cli 02-00-00-00-00-01)\n";
    const std::string at_nine = "T09:01:02.000000Z", name = "accept u1 - ";
    BOOST_TEST(radius_events("Sun Mar  1 09:01:02 2026 : Auth: " + login) == Lines{name + "2026-03-01" + at_nine});
    BOOST_TEST(radius_events("Mar  1 09:01:02 aaa1 freeradius[812]: " + login) == Lines{name + "2000-03-01" + at_nine});
    BOOST_TEST(radius_events("Mar  1 09:01:02 aaa1 radiusd: " + login) == Lines{name + "2000-03-01" + at_nine});
    BOOST_TEST(radius_events("2026-03-01T18:01:02.5+09:00 aaa1 radiusd[812]: " + login) ==
               Lines{name + "2026-03-01T09:01:02.500000Z"});
    BOOST_TEST(radius_events("2026-03-01T18:01:02+0900 aaa1 radiusd[812]: " + login) ==
               Lines{name + "2026-03-01" + at_nine});
    BOOST_TEST(
        radius_events(R"x({"MESSAGE":"(7) Login OK: [u1] (from client b port 7)","SYSLOG_IDENTIFIER":"radiusd",)x"
                      R"x("__REALTIME_TIMESTAMP":"1772355662000000","_PID":"812"})x"
                      "\n") == Lines{name + "2026-03-01" + at_nine});
    const auto other =
        parse(RadiusLogParser(Variant::login), "Mar  1 09:01:02 aaa1 sshd[1]: Login OK: [u1] (from client b\n");
    BOOST_TEST(other->chunk.ignored[static_cast<std::size_t>(Ignored::other_program)] == 1U);
    BOOST_TEST(radius_faults("Login OK: [u1] (from client b port 7)\n") == Lines{"0: found a login without a time"});
    BOOST_TEST(radius_faults("Mar 32 09:01:02 aaa1 radiusd: " + login) ==
               Lines{"0: found a line without a time that is known"});
}

BOOST_AUTO_TEST_CASE(what_a_user_can_write_into_the_log) {
    const std::string at = "Sun Mar  1 09:01:02 2026 : Auth: (7) ", from = "] (from client b port 7)\n";
    for (const char* names : {"Login OK: [x] (from client b port 7) [victim", "Login incorrect (no: [victim): [u1",
                              "Login OK: [u1: [victim", "Login incorrect: [u1/pass] (from client x: [u2"}) {
        BOOST_TEST(radius_events(at + names + from).empty(), names);
        const Lines faults = radius_faults(at + names + from);
        BOOST_REQUIRE(faults.size() == 1U);
        BOOST_TEST(faults[0].find("victim") == std::string::npos);
        BOOST_TEST(faults[0].find("pass") == std::string::npos);
    }
    BOOST_TEST(radius_events(at + "Login incorrect (pap: Cleartext password does not match): [u1/hunter2" + from) ==
               Lines{"reject u1 - 2026-03-01T09:01:02.000000Z"});
    BOOST_TEST(radius_events(at + "Invalid user (sql: no [such] one): [u1/<CHAP-Password>" + from).size() == 1U);
    BOOST_TEST(radius_faults(at + "Login OK: [u1] (from cli") == Lines{"0: found a last line without its end"});
    // A password may hold anything, too.
    BOOST_TEST(radius_events(at + "Login OK: [u1/hun/ter]2" + from).at(0).starts_with("accept u1 "));
}

BOOST_AUTO_TEST_CASE(linelog_by_the_template) {
    const Replayed replayed = replay(of({data("guard-linelog")}));
    BOOST_TEST(replayed.counts.at(0).format == "linelog");
    BOOST_TEST(replayed.counts.at(0).malformed == 0U);
    const Lines lines = replayed.lines();
    const auto has = [&](const std::string& line) { return std::count(lines.begin(), lines.end(), line) == 1; };
    BOOST_TEST(lines.size() == 12U);
    BOOST_TEST(
        has("pppoe accept u1@isp.example 192.0.2.5,2001:db8:1::/64,2001:db8:100::/56 2026-11-22T09:22:06.000000Z"));
    BOOST_TEST(has("pppoe reject nobody \"q\" \\ back\ttab] (from client x port 0) é - 2026-11-22T09:22:06.000000Z"));
    BOOST_TEST(has("pppoe reject a\nb\001%c - 2026-11-22T09:22:06.000000Z"));
    BOOST_TEST(has("pppoe accept isp/slash - 2026-11-22T09:22:06.000000Z"));
    BOOST_TEST(
        has("pppoe release u1@isp.example 192.0.2.5,2001:db8:1::7,2001:db8:1::/64,2001:db8:100::/56 "
            "2026-11-22T09:21:56.000000Z"));
    // Event-Timestamp is months off: the time of arrival less the delay.
    BOOST_TEST(has("pppoe assign q\"uo\\te é\n\001x 192.0.2.6 2026-11-22T09:21:36.000000Z"));
}

BOOST_AUTO_TEST_CASE(template_lines_that_are_wrong) {
    const std::string good = "guard1 1795339326 assign id=u1 address=192.0.2.5,,, stamp= delay= end\n";
    BOOST_TEST(radius_events(good, Variant::linelog) == Lines{"assign u1 192.0.2.5 2026-11-22T09:22:06.000000Z"});
    for (std::size_t length = 7; length + 1 < good.size(); ++length)
        for (const char* end : {"", "\n"})
            BOOST_TEST(radius_events(good.substr(0, length) + end, Variant::linelog).empty(), length);
    for (const char* line :
         {"guard1 x assign id=u1 end", "guard1 1 start id=u1 end", "guard1 1 assign id=%4 end",
          "guard1 1 assign id=u1 address=home end", "guard1 1 assign id=u1 nas=x end",
          "guard1 1 assign id=u1 delay=soon end", "guard1 1 assign id=u1 address=10.0.0.1 address=10.0.0.2 end",
          "guard1 1 assign id=u1 id=u2 end", "guard1 1 assign id=u1 end end",
          "guard1 1 assign id=u1 address=10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.4,10.0.0.5 end"})
        BOOST_TEST(radius_faults(std::string(line) + "\n", Variant::linelog).size() == 1U, line);
}

// Debian's own linelog has no time in its lines; all of them are malformed, none is guessed.
BOOST_AUTO_TEST_CASE(linelog_without_time) {
    for (const char* file : {"linelog", "linelog-accounting"}) {
        const Replayed replayed = replay(of({data(file)}));
        BOOST_TEST(replayed.counts.at(0).format == "linelog");
        BOOST_TEST(replayed.events.empty());
        BOOST_TEST(replayed.counts.at(0).malformed == replayed.counts.at(0).lines);
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(csv)

BOOST_AUTO_TEST_CASE(exports_of_a_real_database) {
    const Replayed sessions = replay(of({data("radacct.csv")}));
    BOOST_TEST(sessions.counts.at(0).format == "radacct");
    const std::string addresses = "192.0.2.5,2001:db8:1::7,2001:db8:1::/64,2001:db8:100::/56";
    check_lines(sessions, {"pppoe assign q\\\"uo\\\\te é\\n\\001x 192.0.2.6 2026-03-02T10:00:00.000000Z",
                           "pppoe assign u1@isp.example " + addresses + " 2026-11-22T09:25:57.000000Z",
                           "pppoe release u1@isp.example " + addresses + " 2026-11-22T09:25:57.000000Z",
                           "pppoe release q\\\"uo\\\\te é\\n\\001x 192.0.2.6 2026-11-22T09:26:07.000000Z"});
    const Replayed attempts = replay(of({data("radpostauth.csv")}));
    BOOST_TEST(attempts.counts.at(0).format == "radpostauth");
    BOOST_TEST(attempts.counts.at(0).events == 8U);
    BOOST_TEST(attempts.lines().at(0) == "pppoe accept u1@isp.example - 2026-11-22T09:26:06.975399Z");
    BOOST_TEST(attempts.lines().at(1) == "pppoe reject u1@isp.example - 2026-11-22T09:26:07.003657Z");
}

Replayed rows(const std::string& text, const std::string& zone = "UTC") {
    const Files files;
    StreamOptions options = of({files.write("rows.csv", text)});
    options.zone = zone;
    return replay(options);
}

BOOST_AUTO_TEST_CASE(columns_in_any_order_and_case) {
    check_lines(rows("x;\"AcctStartTime\";UserName;Acct\nx;2026-03-01 09:00:00;u1;\n", "Asia/Tokyo"),
                {"pppoe assign u1 - 2026-03-01T00:00:00.000000Z"});
    check_lines(rows("reply\tauthdate\tusername\tpass\nAccess-Accept\t2026-03-01 09:00:00+09\tu1\ta\n"),
                {"pppoe accept u1 - 2026-03-01T00:00:00.000000Z"});
    const Files files;
    for (const char* header :
         {"username,pass\n", "acctstarttime,framedipaddress\n", "username,username,acctstarttime\n"})
        BOOST_TEST(!EventStream::open(of({files.write("bad.csv", header)})), header);
}

BOOST_AUTO_TEST_CASE(quotes_and_rows_that_are_wrong) {
    const std::string header = "username,acctstarttime,acctstoptime,framedipaddress\n";
    const std::string time = "2026-03-01 00:00:00+00";
    const Replayed replayed = rows(
        header + "\"a \"\"b\"\", c\"," + time + ",,10.0.0.1\n" + "\"two\nlines\"," + time + ",,10.0.0.1\r\n" +  // 2, 3
        "u=2Bx," + time + ",\\N,\n" + "," + time + ",,\n" + "\n" + "u1,yesterday,,\n" +                         // 5-8
        "u1,,,10.0.0.1\n" + "u1," + time + ",\n" + "u1," + time + ",,home\n" + "u\"1," + time + ",,\n" +        // 9-12
        "\"u1\"x," + time + ",,\n" + "u2," + time + ",,10.0.0.1");  // 13, 14
    check_lines(replayed, {"pppoe assign a \"b\", c 10.0.0.1 2026-03-01T00:00:00.000000Z",
                           "pppoe assign two\nlines 10.0.0.1 2026-03-01T00:00:00.000000Z",
                           "pppoe assign u+x - 2026-03-01T00:00:00.000000Z"});
    Lines faults;
    for (const MalformedLine& fault : replayed.faults) faults.push_back(std::to_string(fault.line) + ' ' + fault.found);
    const Lines expected = {"8 \"yesterday\"",
                            "9 a session without a time",
                            "10 a row of 3 columns",
                            "11 \"home\"",
                            "12 a quote where none can be",
                            "13 a quote where none can be",
                            "14 a last row without its line end"};
    BOOST_TEST(faults == expected, boost::test_tools::per_element());
    BOOST_TEST(ignored(replayed, Ignored::no_id) == 1U);
    BOOST_TEST(ignored(replayed, Ignored::blank) == 1U);
    BOOST_TEST(replayed.counts.at(0).lines == 14U);
}

// In the order of their beginnings, as the table is: what ends days later comes out days later.
BOOST_AUTO_TEST_CASE(sessions_that_end_long_after_the_next_begins) {
    check_lines(rows("username,acctstarttime,acctupdatetime,acctstoptime\n"
                     "u1,2026-03-01 00:00:00Z,2026-03-05 00:00:00Z,2026-03-09 00:00:00Z\n"
                     "u2,2026-03-02 00:00:00Z,2026-03-02 00:00:00Z,2026-03-03 00:00:00Z\n"
                     "u3,2026-03-04 00:00:00Z,,\n"),
                {"pppoe assign u1 - 2026-03-01T00:00:00.000000Z", "pppoe assign u2 - 2026-03-02T00:00:00.000000Z",
                 "pppoe release u2 - 2026-03-03T00:00:00.000000Z", "pppoe assign u3 - 2026-03-04T00:00:00.000000Z",
                 "pppoe alive u1 - 2026-03-05T00:00:00.000000Z", "pppoe release u1 - 2026-03-09T00:00:00.000000Z"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::replay
