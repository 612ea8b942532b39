// How late events have lately been, and that what settles waits for them.
#include "analyzer/detection/lateness.hpp"

#include "tests/analyzer/detection/scenario.hpp"

namespace guard::detection::test {
namespace {

BOOST_AUTO_TEST_SUITE(lateness)

BOOST_AUTO_TEST_CASE(the_worst_of_half_an_hour_to_an_hour) {
    Lateness lateness;
    BOOST_TEST((lateness.worst(kStart) == 0s));
    lateness.seen(kStart - 1s + 1us, kStart);  // two spools, read by turns
    BOOST_TEST((lateness.worst(kStart) == 0s));
    lateness.seen(kStart - 60s - 1us, kStart);
    lateness.seen(kStart - 30s, kStart + 1s);
    BOOST_TEST((lateness.worst(kStart + 1s) == 61s));  // rounded up
    BOOST_TEST((lateness.worst(kStart + 1h - 1us) == 61s));
    BOOST_TEST((lateness.worst(kStart + 1h) == 0s));
    lateness.seen(kStart + 30min, kStart + 30min + 5s);
    BOOST_TEST((lateness.worst(kStart + 30min + 5s) == 61s));
    BOOST_TEST((lateness.worst(kStart + 60min + 5s) == 5s));
    lateness.seen(kStart + 3h, kStart + 3h + 7s);
    BOOST_TEST((lateness.worst(kStart + 3h + 7s) == 7s));
}

// A jump, and somebody else's login that comes `late`.
struct Jump {
    Isp isp;

    explicit Jump(Microseconds late, Kind kind = Kind::accept) {
        Log log;
        log.resident("victim", in_prefecture(13)).alive("victim", kStart - 5min, in_prefecture(13));
        log.accept("victim", kStart, in_prefecture(46));
        isp.read(log);
        isp.read(LoginEvent{Service::pppoe, kind, "other", {address(in_prefecture(14))}, kStart - late});
        isp.until(kStart + 1h);
    }
    Microseconds settled() { return isp.suspended_at("victim").value() - kStart; }
};

BOOST_AUTO_TEST_CASE(what_settles_waits_as_long_as_accepts_come_late) {
    BOOST_TEST((Jump(0s).settled() == 2min));
    BOOST_TEST((Jump(40s).settled() == 2min + 40s));
    BOOST_TEST((Jump(120s).settled() == 4min));
}

BOOST_AUTO_TEST_CASE(what_comes_later_than_is_put_in_order_delays_nothing) {
    BOOST_TEST((Jump(120s + 1us).settled() == 2min));
}

BOOST_AUTO_TEST_CASE(accounting_that_is_late_delays_nothing) {
    BOOST_TEST((Jump(40s, Kind::alive).settled() == 2min));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::detection::test
