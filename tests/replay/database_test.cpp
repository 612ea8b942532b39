// radacct and radpostauth in a live PostgreSQL, with the schema that FreeRADIUS ships.
#include <boost/test/unit_test.hpp>

#include "tests/replay/stream_support.hpp"
#include "tests/sql/database.hpp"

namespace guard::replay {
namespace {

using Lines = std::vector<std::string>;

struct Tables {
    test::Database database{test::Database::Content::empty};

    Tables() {
        // As in mods-config/sql/main/postgresql/schema.sql of FreeRADIUS 3.2.1, where a column matters.
        database.exec(R"(
            CREATE TABLE radacct (
                RadAcctId bigserial PRIMARY KEY, AcctSessionId text, UserName text, NASIPAddress inet,
                AcctStartTime timestamp with time zone, AcctUpdateTime timestamp with time zone,
                AcctStopTime timestamp with time zone, CallingStationId text, FramedIPAddress inet,
                FramedIPv6Address inet, FramedIPv6Prefix inet, DelegatedIPv6Prefix inet, Class text);
            CREATE TABLE radpostauth (
                id bigserial PRIMARY KEY, username text NOT NULL, pass text, reply text,
                authdate timestamp with time zone NOT NULL DEFAULT now());)");
    }
    [[nodiscard]] StreamOptions options(const std::string& table, const std::string& role = "postgres") const {
        StreamOptions options = of({"postgresql:" + test::cluster().connection_string(role, database.name())});
        options.table = table;
        return options;
    }
    [[nodiscard]] std::string error(const StreamOptions& wrong) const {
        const auto stream = EventStream::open(wrong);
        return stream ? std::string("none") : stream.error().front();
    }
};

BOOST_FIXTURE_TEST_SUITE(database, Tables)

BOOST_AUTO_TEST_CASE(sessions) {
    database.exec(R"(INSERT INTO radacct (UserName, AcctStartTime, AcctUpdateTime, AcctStopTime, FramedIPAddress,
                                          DelegatedIPv6Prefix) VALUES
        ('u2', '2026-03-02 09:00+09', '2026-03-02 09:00+09', NULL, '192.0.2.6', NULL),
        (E'U1, "x"\ny', '2026-03-01 00:00+00', '2026-03-01 06:00+00', '2026-03-03 00:00+00', '192.0.2.5', '2001:db8:100::/56'),
        ('', '2026-03-01 00:00+00', NULL, NULL, NULL, NULL))");
    const Replayed replayed = replay(options("radacct"));
    const Lines expected = {"pppoe assign u1, \"x\"\ny 192.0.2.5,2001:db8:100::/56 2026-03-01T00:00:00.000000Z",
                            "pppoe alive u1, \"x\"\ny 192.0.2.5,2001:db8:100::/56 2026-03-01T06:00:00.000000Z",
                            "pppoe assign u2 192.0.2.6 2026-03-02T00:00:00.000000Z",
                            "pppoe release u1, \"x\"\ny 192.0.2.5,2001:db8:100::/56 2026-03-03T00:00:00.000000Z"};
    BOOST_TEST(replayed.lines() == expected, boost::test_tools::per_element());
    BOOST_TEST(replayed.counts[0].input == "table radacct");
    BOOST_TEST(replayed.counts[0].ignored[static_cast<std::size_t>(Ignored::no_id)] == 1U);
}

BOOST_AUTO_TEST_CASE(attempts_by_a_role_that_may_not_read_passwords) {
    database.exec(R"(INSERT INTO radpostauth (username, pass, reply, authdate)
        SELECT 'u' || n, 'secret', CASE WHEN n % 3 = 0 THEN 'Access-Reject' ELSE 'Access-Accept' END,
               timestamptz '2026-03-01 00:00+00' + n * interval '1 second' FROM generate_series(12000, 1, -1) AS n;
        GRANT SELECT (username, reply, authdate) ON radpostauth TO analyzer)");
    const Replayed replayed = replay(options("public.radpostauth", "analyzer"));
    BOOST_TEST(replayed.events.size() == 12'000U);
    BOOST_TEST(replayed.lines().at(0) == "pppoe accept u1 - 2026-03-01T00:00:01.000000Z");
    BOOST_TEST(replayed.lines().at(2) == "pppoe reject u3 - 2026-03-01T00:00:03.000000Z");
    BOOST_TEST(replayed.counts[0].late == 0U);
}

// A table of one's own without zones in its times is read in the zone that was named.
BOOST_AUTO_TEST_CASE(times_without_a_zone) {
    database.exec(R"(ALTER TABLE radpostauth ALTER authdate TYPE timestamp;
        INSERT INTO radpostauth (username, reply, authdate) VALUES ('u1', 'Access-Accept', '2026-03-01 09:00:00.25'))");
    StreamOptions in_japan = options("radpostauth");
    in_japan.zone = "Asia/Tokyo";
    BOOST_TEST(replay(in_japan).lines().at(0) == "pppoe accept u1 - 2026-03-01T00:00:00.250000Z");
}

BOOST_AUTO_TEST_CASE(nothing_is_written) {
    database.exec(
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ INSERT INTO radpostauth (username) VALUES ('x') RETURNING "
        "'x' $$;"
        "CREATE VIEW logins AS SELECT f() AS username, 'Access-Accept'::text AS reply, now() AS authdate");
    BOOST_TEST(error(options("logins")).find("read-only transaction") != std::string::npos);
    BOOST_TEST(database.value("SELECT count(*) FROM radpostauth") == "0");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_read) {
    BOOST_TEST(error(options("radius")).starts_with("table radius: "));
    BOOST_TEST(error(options("radius")).find("does not exist") != std::string::npos);
    BOOST_TEST(error(options("radacct; DROP TABLE radacct")) != "none");
    BOOST_TEST(error(options("radpostauth", "analyzer")).find("that this role may read") != std::string::npos);
    StreamOptions with_password = options("radacct");
    with_password.inputs = {"postgresql:host=/nowhere password=hunter2"};
    BOOST_TEST(error(with_password).find("must not hold a password") != std::string::npos);
    BOOST_TEST(error(with_password).find("hunter2") == std::string::npos);
    BOOST_TEST(database.value("SELECT count(*) FROM radacct") == "0");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::replay
