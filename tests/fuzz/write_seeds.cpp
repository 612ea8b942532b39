// Writes what the fuzzers begin with, made by the real encoders: `write_fuzz_seeds DIRECTORY` puts DIRECTORY/TARGET/N.
// make_corpus.sh runs it and keeps in corpus/ what adds coverage.
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "analyzer/daemon/disconnect_packet.hpp"
#include "analyzer/detection/state/state.hpp"
#include "enforcement/table.hpp"
#include "event/little_endian.hpp"
#include "spool/position.hpp"
#include "spool/record.hpp"

namespace {

using namespace guard;

constexpr std::uint64_t kEpoch = 0x0123456789abcdef;
constexpr Time kTime{Microseconds{1'772'323'261'169'230}};  // 2026-03-01T00:01:01.169230Z

class Seeds {
  public:
    explicit Seeds(std::filesystem::path directory) : directory_(std::move(directory)) {}

    void add(const std::string& target, std::string_view bytes) {
        std::filesystem::create_directories(directory_ / target);
        std::ofstream file(directory_ / target / std::to_string(++counts_[target]), std::ios::binary);
        file.exceptions(std::ios::badbit | std::ios::failbit);
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        file.close();
    }

  private:
    std::filesystem::path directory_;
    std::map<std::string, int> counts_;
};

std::string text_of(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <class Integer>
std::string number(Integer value) {
    std::array<std::uint8_t, sizeof value> bytes{};
    put_little_endian(value, bytes.data());
    return text_of(bytes);
}

std::string mode(unsigned value) {
    return std::string(1, static_cast<char>(value));
}

IpAddress address(const char* text) {
    return IpAddress::parse(text).value();
}

std::vector<LoginEvent> events() {
    return {
        {Service::pppoe, Kind::accept, "a", {}, kTime},
        {Service::pppoe, Kind::reject, "tanaka@isp.example", {}, Time{}},
        {Service::smtp_auth, Kind::accept, "tanaka@isp.example", {address("192.0.2.1")}, kTime},
        {Service::smtp_auth, Kind::reject, "\xe7\x94\xb0\xe4\xb8\xad", {address("2001:db8::1")}, kTime},
        {Service::pppoe, Kind::assign, "x@y", {address("10.1.0.0/16"), address("2001:db8::/56")}, kTime},
        {Service::pppoe, Kind::alive, std::string(8, '\0'), {address("0.0.0.0/0"), address("::/0")}, Time::max()},
        {Service::pppoe,
         Kind::release,
         std::string(kMaxIdBytes, 'z'),
         {address("203.0.113.9"), address("2001:db8:ffff::7"), address("2001:db8:2:100::/64"),
          address("2001:db8:3::/48")},
         Time::min()},
        {Service::pppoe,
         Kind::assign,
         std::string(kMaxIdBytes, '\xff'),
         {address("2001:db8::1"), address("2001:db8::2"), address("2001:db8::3"), address("2001:db8::4")},
         kTime},
    };
}

std::string record(const LoginEvent& event) {
    spool::RecordBuffer buffer;
    const std::size_t length = spool::encode_record(event, kEpoch, buffer);
    return text_of(std::span(buffer).first(length));
}

void add_records(Seeds& seeds) {
    for (const LoginEvent& event : events()) {
        for (const unsigned repaired : {0U, 1U}) seeds.add("record", mode(repaired) + number(kEpoch) + record(event));
        std::string malformed = record(event);
        malformed[16] = '\x1f';  // no such kind
        seeds.add("record", mode(1) + number(kEpoch) + malformed);
    }
    seeds.add("record", mode(0) + number(kEpoch) + std::string(24, '\0'));
    seeds.add("record", mode(0) + number(kEpoch) + record(events()[2]).substr(0, 32));
}

void add_segments(Seeds& seeds) {
    std::string records, with_holes;
    for (const LoginEvent& event : events()) {
        records += record(event);
        with_holes += record(event) + std::string(16, '\0');
    }
    const std::string header = number(kEpoch) + number(std::uint64_t{65'536}) + number(std::uint64_t{0});
    constexpr unsigned kSound = 1 | 2;
    for (const std::string& content : {std::string(), records, with_holes, with_holes + std::string(7, '\1'),
                                       records + records.substr(0, 20), records.substr(8)})
        for (const unsigned further : {0U, 4U, 8U, 16U, 16U | 8, 32U, 32U | 8})
            seeds.add("segment", mode(kSound | further) + mode(3) + mode(6) + header + content);
    seeds.add("segment", mode(0) + mode(1) + mode(0) + header + records);
    seeds.add("segment", mode(1) + mode(1) + mode(0) + header + records);
    const std::string cut = number(kEpoch) + number(~std::uint64_t{0}) + number(~std::uint64_t{0} - 7);
    seeds.add("segment", mode(1) + mode(1) + mode(0) + cut + records);
}

void add_tables(Seeds& seeds) {
    const HashKey key{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    const std::vector<enforcement::SuspendedId> ids{{Service::pppoe, "a@example.net"},
                                                    {Service::smtp_auth, "a@example.net"},
                                                    {Service::pppoe, "b"},
                                                    {Service::pppoe, "c"}};
    std::vector<enforcement::BlockedSource> sources;
    for (const char* text : {"192.0.2.1", "192.0.2.0/24", "192.0.0.0/8", "0.0.0.0/0", "2001:db8::1", "2001:db8::/64",
                             "2001:db8::/48", "::/0"})
        sources.push_back({address(text), kTime});
    sources[1].expires = Time::min();
    sources[4].expires = Time::max();
    const std::string fingerprint = "v1,case=lower,realm=keep";
    for (const unsigned how : {0U, 3U, 9U, 11U, 15U}) {
        const auto add = [&](const enforcement::Table& table) {
            seeds.add("table", mode(how) + text_of(table.to_bytes()));
        };
        add(enforcement::Table::build(1, key, fingerprint, {}, {}));
        add(enforcement::Table::build(2, key, fingerprint, ids, {}));
        add(enforcement::Table::build(3, key, fingerprint, {}, sources));
        add(enforcement::Table::build(~std::uint64_t{0}, key, std::string(31, 'f'), ids, sources));
    }
}

template <class Write>
std::string written(const Write& write) {
    std::string bytes;
    detection::StateWriter writer([&](std::span<const std::uint8_t> some) { bytes += text_of(some); });
    write(writer);
    writer.flush();
    return bytes;
}

// A state after each of some events: a theft, a burst, a guessing source, a mail sent, old passwords.
void add_snapshots(Seeds& seeds) {
    std::istringstream rows("10.1.0.0/16,JP,JP-01\n10.13.0.0/16,JP,JP-13\n10.46.0.0/16,JP,JP-46\n");
    config::DetectionSettings settings;
    settings.smtp_source.fast_rejects = settings.smtp_source.fast_ids = 3;
    settings.learning = std::chrono::seconds{0};
    detection::Detector detector(
        settings,
        std::make_shared<const geo::Locator>(geo::PoolTable::parse(rows, "pools").value(), geo::DatabaseRanges{}, 1),
        {}, HashKey{});
    std::vector<detection::Decision> decisions;
    Time time = kTime;
    const auto see = [&](Service service, Kind kind, const std::string& id, const char* at) {
        LoginEvent event{service, kind, id, {}, time};
        if (at != nullptr) event.addresses.push_back(address(at));
        detector.on_event(event, decisions);
        time += std::chrono::seconds{30};
        const std::string learned =
            written([&](auto& writer) { detection::DetectorState::write_learned(writer, detector); });
        const std::string rest = written([&](auto& writer) { detection::DetectorState::write_rest(writer, detector); });
        seeds.add("snapshot", number(static_cast<std::uint16_t>(learned.size())) + learned + rest);
    };
    see(Service::pppoe, Kind::alive, "quiet", "10.1.0.1");
    see(Service::pppoe, Kind::assign, "home", "10.13.0.1");
    see(Service::pppoe, Kind::assign, "home", "10.46.0.1");
    for (int i = 0; i < 12; ++i) see(Service::pppoe, Kind::accept, "burst", nullptr);
    see(Service::smtp_auth, Kind::accept, "mail", "198.51.100.1");
    for (const char* id : {"a", "b", "c", "d"}) see(Service::smtp_auth, Kind::reject, id, "203.0.113.1");
    see(Service::pppoe, Kind::reject, "old", nullptr);
    detector.pack_quiet();
    see(Service::pppoe, Kind::release, "quiet", "10.1.0.1");
}

void add_texts(Seeds& seeds) {
    spool::Position position;
    seeds.add("position", position.to_string());
    position.done_through = 1'772'323'261'169'230;
    seeds.add("position", position.to_string());
    position.offsets = {{1'772'323'261'169'231, 8192}, {1'772'323'261'169'232, spool::Position::kDone}};
    seeds.add("position", position.to_string());
    for (const char* text : {"5 4:8", "5 6:7", "5 6:8 6:8", "05", "5  6:8", "5 ", "99999999999999999999"})
        seeds.add("position", text);
    for (const char* text :
         {"192.0.2.1", "192.0.2.0/24", "192.0.2.1/24", "0.0.0.0/0", "255.255.255.255", "2001:db8::1", "2001:db8::/56",
          "::ffff:192.0.2.1", "::ffff:192.0.2.0/120", "::ffff:0:0/95", "::", "::/0", "1:2:3:4:5:6:7:8/127",
          "2001:db8::192.0.2.1", "192.0.2.1/33", "192.0.2.1/", "192.0.2", "2001:db8::1%eth0", "fe80::1/129"})
        seeds.add("address", text);
    for (const unsigned settings : {0U, 1U, 2U, 3U})
        for (const std::string& name :
             {std::string("Tanaka@ISP.example"), std::string("a@b@C"), std::string("@isp.example"), std::string(),
              std::string(253, 'A'), std::string(254, 'A'), std::string(253, 'A') + "@x",
              std::string("\xc3\x84\0\xff", 4)})
            seeds.add("identity", mode(settings) + name);
}

// Each with a place to cut in front, in the middle and behind.
void add_log(Seeds& seeds, const std::string& target, const std::string& settings, const std::string& text) {
    for (const std::size_t cut : {std::size_t{0}, text.size() / 2, std::size_t{65535}})
        seeds.add(target,
                  mode(static_cast<unsigned>(cut / 256)) + mode(static_cast<unsigned>(cut % 256)) + settings + text);
}

void add_lines(Seeds& seeds) {
    const std::vector<std::string> lines{
        R"({"time":"2026-03-01T08:00:00+09:00","service":"pppoe","kind":"assign","id":"tanaka@isp.example","address":"10.1.7.21"})",
        R"({"time":"2026-03-01T00:01:01.169230Z","service":"smtp_auth","kind":"reject","id":"A@b","address":["2001:db8::1"]})",
        R"({"time":"2016-12-31T23:59:60Z","service":"pppoe","kind":"accept","id":"x","address":["10.0.0.1","2001:db8::/56"]})",
        R"({"time":"0000-01-01T00:00:00+23:59","service":"pppoe","kind":"alive","id":"\u0000\"\\é","address":null})",
        R"({"id":"x","kind":"release","more":{"a":[1,2.5e3,true]},"service":"pppoe","time":"2026-03-01t00:00:00z","address":[]})",
        R"({"time":"2026-03-01T08:00:00","service":"pppoe","kind":"assign","id":"x"})",
        R"({"time":"2026-03-01T08:00:00Z","service":"smtp_auth","kind":"alive","id":"x","address":"10.0.0.1"})",
        R"({"time":"2026-03-01T08:00:00Z","service":"pppoe","kind":"reject","id":"x","address":"10.0.0.1"})",
        R"({"time":"2026-03-01T08:00:00Z","service":"pppoe","kind":"alive","id":"x","address":"255.255.255.254"})",
        R"({"time":1,"service":"pppoe","kind":"accept","id":"x"})",
        R"({"id":"x","id":"y"})",
        R"([1])",
        R"({"time":")",
        "\xff\xfe",
    };
    std::string all = "\xEF\xBB\xBF";
    for (const std::string& line : lines) {
        for (const unsigned settings : {0U, 3U}) seeds.add("jsonl", mode(settings) + line + '\n');
        add_log(seeds, "jsonl_scan", "", line + '\n');
        all += line + "\r\n \t\n";
    }
    seeds.add("jsonl", mode(0) + all);
    add_log(seeds, "jsonl_scan", "", all);
    seeds.add("jsonl", mode(0));
}

void add_detail(Seeds& seeds) {
    const std::string start =
        "Sun Nov 22 09:14:21 2026\n\tUser-Name = \"u1\"\n\tAcct-Status-Type = Start\n\tFramed-IP-Address = 192.0.2.5\n"
        "\tFramed-IPv6-Prefix = 2001:db8:1::/64\n\tDelegated-IPv6-Prefix = 2001:db8:100::/56\n\tAcct-Delay-Time = 10\n"
        "\tEvent-Timestamp = \"Nov 22 2026 18:14:11 JST\"\n\tTimestamp = 1795338861\n\n";
    const std::string stop =
        "Sun Nov 22 09:14:21 2026\n\tUser-Name = \"q\\\"u\\\\\\n\\001\"\n\tAcct-Status-Type = Stop\n"
        "\tFramed-IPv6-Address = 2001:db8:1::7\n\tTunnel-Type:1 = L2TP\n\tTimestamp = 1795338861\n\n";
    const std::string reply =
        "Sun Nov 22 09:14:21 2026\n\tPacket-Type = Access-Accept\n\tUser-Name = \"u1\"\n\tTimestamp = 1795338861\n\n";
    for (const std::string& text : {start, stop, reply, start + stop, stop.substr(0, 60) + "\n" + reply,
                                    stop.substr(30), reply.substr(0, reply.size() - 5), std::string("\n\n\nx\n\n")})
        add_log(seeds, "detail", "", text);
}

void add_radius_log(Seeds& seeds) {
    const std::string ok = "(0) Login OK: [u1@isp.example/pw] (from client bras1 port 7 cli 02-00-00-00-00-01)\n";
    const std::string no = "Login incorrect (pap: wrong): [u1] (from client bras1 port 7)\n";
    const std::vector<std::string> lines{
        "Sun Nov 22 09:14:21 2026 : Auth: " + ok,
        "Sun Nov 22 09:14:19 2026 : Info: Ready to process requests\n",
        "Nov  2 09:14:21 aaa1 radiusd[812]: " + no,
        "Nov 22 09:14:21 aaa1 sshd[812]: " + no,
        "2026-11-22T09:14:21.169230+09:00 aaa1 freeradius: " + ok,
        "2026-11-22T09:14:21+0900 aaa1 radiusd[1]: Accepted user: u1\n",
        "Nov 22 09:14:21 aaa1 radiusd[1]: Disconnect: [u1] (did  cli  port 7 ip 192.0.2.5) 60 seconds\n",
        "{\"MESSAGE\":\"Login OK: [u1] (from client b port "
        "1)\",\"_COMM\":\"radiusd\",\"__REALTIME_TIMESTAMP\":\"1772355662000000\"}\n",
        "{\"MESSAGE\":[82,255],\"SYSLOG_IDENTIFIER\":\"radiusd\",\"_SOURCE_REALTIME_TIMESTAMP\":\"1772355662000000\"}"
        "\n",
        "guard1 1795338951 assign id=u1%40isp.example address=192.0.2.5,,2001:db8:1::/64, stamp=1795338941 delay=10 "
        "end\n",
        "guard1 1795338951 reject id=a%0Ab end\n",
        "Connect: [u1] (did  cli  port 7 ip 192.0.2.5)\n\n",
    };
    std::string all;
    for (const std::string& line : lines) all += line;
    for (const unsigned variant : {0U, 1U, 2U}) {
        for (const std::string& line : lines) add_log(seeds, "radius_log", mode(variant), line);
        add_log(seeds, "radius_log", mode(variant), all);
    }
}

void add_csv(Seeds& seeds) {
    const std::string sessions =
        "username,acctstarttime,acctupdatetime,acctstoptime,framedipaddress,delegatedipv6prefix\n";
    const std::string attempts = "id;UserName;pass;reply;AuthDate\r\n";
    for (const std::string& text :
         {sessions +
              "u1,2026-03-01 09:00:00+09,2026-03-01 10:00:00+09,2026-03-02 09:00:00.5+09,192.0.2.5,2001:db8::/56\n",
          sessions + "\"a \"\"b\"\"\n,c\",2026-03-01T09:00:00Z,\\N,,,\nu=2B,2026-03-01 09:00:00,,,,\n",
          sessions + "u\"1,x,,,,\n\"u1\"x,\n,,,,,\nu1,0000-00-00 00:00:00,,,,\nu1,2026-03-01 09:00:00,,,home,\n",
          attempts +
              "1;u1;\"p;w\";Access-Accept;2026-03-01 09:00:00.123456+0900\r\n2;u2;;Access-Reject;2026-03-01 09:00:00\n",
          attempts + "1;u1;x;Access-Challenge;\n\n1;u1;x;Access-Accept;2026-03-01 09:00:0"})
        add_log(seeds, "csv", "", text);
}

// The first lines of each log that real mail servers wrote, but no two that begin with the same words; from the root of
// the source tree.
void add_mail(Seeds& seeds) {
    constexpr std::size_t kLongest = 900, kWords = 40;
    unsigned logs = 0;
    for (const auto& entry : std::filesystem::directory_iterator("tests/replay/data/mail")) {
        if (entry.path().extension() == ".events" || entry.path().extension() == ".md") continue;
        std::ifstream file(entry.path());
        std::set<std::string> known;
        std::string lines;
        for (std::string line; std::getline(file, line);) {
            std::string words;
            std::copy_if(line.begin(), line.end(), std::back_inserter(words),
                         [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
            if (lines.size() + line.size() < kLongest && known.insert(words.substr(0, kWords)).second)
                lines += line + '\n';
        }
        seeds.add("mail", mode(16 | (logs++ & 1)) + lines);
    }
    const std::string warning = "warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: UGFz";
    seeds.add("mail", mode(0) + "Mar  1 09:00:01 mx postfix/smtpd[7]: message repeated 3 times: [ " + warning + "]\n");
    seeds.add("mail", mode(0) +
                          "{\"__REALTIME_TIMESTAMP\":\"1772323201169230\",\"_PID\":\"7\",\"SYSLOG_IDENTIFIER\":"
                          "\"postfix/smtpd\",\"MESSAGE\":\"" +
                          warning + ", sasl_username=\\u0061\\ud83d\\ude00\"}\n");
    seeds.add("mail",
              mode(0) +
                  "{\"__REALTIME_TIMESTAMP\":\"1\",\"x\":{\"y\":[]},\"SYSLOG_IDENTIFIER\":\"dovecot\",\"_HOSTNAME\":"
                  "null,\"MESSAGE\":[97,255]}\n");
    seeds.add("mail",
              mode(0) + "Mar  1 09:00:01 mx postfix/smtpd[7]: disconnect from unknown[192.0.2.1] auth=2/1\nx\n");
    // The authentication service has the ID that the server's line lacks.
    for (const char* refusal : {"auth: passwd-file(a,192.0.2.1,<S>): unknown user",
                                "auth(a,192.0.2.1,sasl:login)<S>: passwd-file: Password mismatch"})
        for (const unsigned settings : {16U, 17U})
            seeds.add("mail", mode(settings) + "Mar  1 09:00:01 mx dovecot: " + refusal +
                                  "\nMar  1 09:00:02 mx postfix/smtpd[7]: " + warning + "\n");
    for (const char* line :
         {"Mar  1 09:00:01 mx dovecot: auth-worker(a,192.0.2.1)<14891><S>: request [3]: Info: sql: unknown user\n",
          "Sun 2026-03-01 09:00:01 JST mx imapd: LOGIN FAILED, user=a, ip=[192.0.2.1]\n",
          "1772323201.169230 mx mail.info imapd: LOGIN FAILED, user=a, ip=[192.0.2.1]\n",
          "mx-1  | 2026-03-01T00:00:01Z stdout F Mar  1 09:00:01 mx imapd: LOGIN FAILED, user=a, ip=[192.0.2.1]\n",
          "{\"log\":\"Mar  1 09:00:01 mx imapd: LOGIN FAILED, user=a, "
          "ip=[192.0.2.1]\\n\",\"time\":\"2026-03-01T00:00:01Z\"}\n"})
        seeds.add("mail", mode(1) + line);
    seeds.add("mail", mode(1) +
                          "Mar  1 09:00:01 mx auth: pam_unix(dovecot:auth): authentication failure; ruser=a "
                          "rhost=192.0.2.1\n");
    seeds.add("mail",
              mode(0) + "@4000000069a37f7b0a163668 pop3-login: Info: Login: user=<a>, method=PLAIN, rip=192.0.2.1\n");
}

void add_journal(Seeds& seeds) {
    const auto binary = [](const std::string& key, const std::string& value) {
        return key + '\n' + static_cast<char>(value.size()) + std::string(7, '\0') + value + '\n';
    };
    const std::string begin = "__REALTIME_TIMESTAMP=1772323201169230\nSYSLOG_IDENTIFIER=postfix/smtpd\n_PID=7\n",
                      said = "warning: unknown[192.0.2.1]: SASL LOGIN authentication failed: x";
    for (const std::string& entry :
         {begin + "MESSAGE=" + said + "\n\n", begin + binary("MESSAGE", said + "\n\nx") + '\n',
          begin + binary("COREDUMP", "\n\nMESSAGE=x\n") + "MESSAGE=\xff\"\\\n\n",
          begin + "MESSAGE\n" + std::string("\1\0\0\0\0\0\0\0", 8) + "xy\n\n",
          begin + "X\n" + std::string(8, '\xff') + "x\n\n"})
        for (const unsigned settings : {1U, 200U}) seeds.add("journal", mode(settings) + entry + entry + begin);
}

void add_pools(Seeds& seeds) {
    const std::vector<std::string> files{
        "prefix,country,region,city,postal,lat,lon,radius_km,nas\n"
        "10.1.0.0/16,JP,JP-01,Sapporo,,43.064,141.347,150,bras-sapporo\n"
        "10.46.0.0/16,JP,JP-46,Kagoshima,,31.560,130.558,80,bras-kagoshima\n",
        "10.0.0.0/8,JP,JP-13,,\n10.1.0.0/16,JP,JP-01,,\n10.1.2.0/24,,,,\n10.1.2.3,JP,JP-27,,\n",
        "\xEF\xBB\xBF# geofeed\r\n2001:db8::/32,US,US-CA,\"San, "
        "\"\"Jose\"\"\",\r\n2001:db8::/48,JP,jp-13,,\r\n::/0,,,,\r\n",
        "192.0.2.0/24,US,,,\n198.51.100.0/24,US,US-NY,New York,,40.7,-74\n0.0.0.0/0,DE,,,,51,10,400\n",
        "10.1.2.0/16,JP,JP-48,,\n10.1.0.0/16,jpn,JP-01,,,91,1,x\n10.1.0.0/16,JP,US-CA,,,,1\n",
        "10.0.0.0/8,JP,JP-01,\"open\n",
        "10.0.0.0/8,,JP-01,,,,,20001\n10.0.0.0/8,JP,JP-01\n10.0.0.0/8,JP,JP-01,\x1b[2J\n",
    };
    for (const std::string& file : files)
        for (const unsigned length : {0U, 24U}) seeds.add("pools", mode(length) + file);
}

void add_subscribers(Seeds& seeds) {
    const std::string head = "id,service,name,mail,language,sessions,home_region,phone,postal_code,postal_address\n";
    for (const std::string& file :
         {head + "Taro@isp,pppoe,\"T, \"\"x\"\"\",t@m.example,ja,2,JP-01,+81 3,100,1-2 #3\nb,smtp_auth,,,,,,,,\n",
          std::string("\xEF\xBB\xBFid\r\na@b\r\n\r\nC@d@e\r\n"), head + "a,x,\x1b,m,fr,0,Tokyo,x,,\n,,\n\"a\n\"a\"b\n",
          std::string("id,id,x\n"), std::string("name\n"), std::string("id\na\na\n"), std::string()})
        for (const unsigned settings : {0U, 3U}) seeds.add("subscribers", mode(settings) + file);
}

void add_replies(Seeds& seeds) {
    const auto attribute = [](unsigned type, const std::string& value) {
        return mode(type) + mode(static_cast<unsigned>(value.size()) + 2) + value;
    };
    const std::string cause = attribute(101, {"\0\0\1\xf7", 4}), signature = attribute(80, std::string(16, '\0'));
    for (const std::string& attributes :
         {std::string(), cause, signature, cause + signature, signature + cause + attribute(18, "no"), cause + cause,
          attribute(80, "short"), attribute(101, "12"), std::string("\x65\x01", 2), std::string("\x65\xff", 2)})
        for (const unsigned code : {41U, 42U})
            for (const unsigned how : {1U, 3U, 7U})
                seeds.add("disconnect_reply", mode(how) + mode(code) + mode(7) + std::string(18, '\0') + attributes);
    const auto request = daemon::encode_disconnect({"x", address("10.0.0.1"), kTime}, 7, "testing123");
    seeds.add("disconnect_reply", mode(0) + text_of(request.bytes));
}

// What servers send, what lacks something, and what is no report at all.
void add_bounces(Seeds& seeds) {
    const std::string head =
        "From: MAILER-DAEMON@isp.example\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=\"b1\"\r\n\r\n";
    const std::string text = "--b1\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n";
    const auto report = [](const std::string& action, const std::string& status) {
        return "--b1\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.isp.example\r\n\r\n"
               "Final-Recipient: rfc822; taro@mail.example\r\nAction: " +
               action + "\r\nStatus: " + status + "\r\nDiagnostic-Code: smtp; 550 5.1.1\r\n no such user\r\n\r\n";
    };
    const std::string returned =
        "--b1\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\nMessage-ID: "
        "<0123@isp.example>\r\n\r\nbody\r\n--b1--\r\n";
    seeds.add("bounce", head + text + report("failed", "5.1.1") + returned);
    seeds.add("bounce", head + text + report("delayed", "4.4.7 (timeout)") + returned);
    seeds.add("bounce", "From MAILER-DAEMON Sun Mar  1\n" + head + report("relayed", "2.0.0") +
                            report("failed", "5.0.0") + returned);
    seeds.add("bounce", head + text + report("failed", "5") + returned);
    seeds.add("bounce", head + text + report("failed", "5.1.1"));
    seeds.add("bounce", head + text + returned);
    seeds.add("bounce", "From: a@b.example\r\nContent-Type: text/plain\r\n\r\nI am away.\r\n");
    seeds.add("bounce", "no header\r\n");
}

}  // namespace

int main(int count, char** arguments) try {
    if (count != 2) {
        std::cerr << "usage: write_fuzz_seeds DIRECTORY\n";
        return 2;
    }
    Seeds seeds(arguments[1]);
    add_records(seeds);
    add_segments(seeds);
    add_tables(seeds);
    add_snapshots(seeds);
    add_texts(seeds);
    add_lines(seeds);
    add_detail(seeds);
    add_radius_log(seeds);
    add_csv(seeds);
    add_mail(seeds);
    add_journal(seeds);
    add_pools(seeds);
    add_subscribers(seeds);
    add_replies(seeds);
    add_bounces(seeds);
    return EXIT_SUCCESS;
} catch (const std::exception& error) {
    std::cerr << "write_fuzz_seeds: " << error.what() << '\n';
    return EXIT_FAILURE;
}
