// The analyzer's figures as the node exporter reads them.
#include "analyzer/daemon/metrics.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/support/process.hpp"

namespace guard::daemon::test {
namespace {

using namespace std::chrono_literals;

struct Fixture {
    guard::test::TemporaryDirectory files{"metrics"};
    Metrics metrics;

    std::string written(const Metrics::Sample& sample) {
        metrics.write(files.path() / "analyzer.prom", sample, {});
        return '\n' + guard::test::read_file(files.path() / "analyzer.prom");
    }
};

BOOST_FIXTURE_TEST_SUITE(analyzer_metrics, Fixture)

BOOST_AUTO_TEST_CASE(a_clock_is_told_of_while_it_is_wrong_and_once_it_is_right_again) {
    const IpAddress pool = IpAddress::parse("10.46.0.0/16").value(), other = IpAddress::parse("2001:db8::/40").value();
    BOOST_TEST(written({}).find("pool_clock_seconds{") == std::string::npos);
    Metrics::Sample sample;
    sample.skewed_clocks = {{pool, -45s}, {other, 7s}};
    std::string text = written(sample);
    BOOST_TEST(text.find("\npppoe_guard_pool_clock_seconds{pool=\"10.46.0.0/16\"} -45\n") != std::string::npos, text);
    BOOST_TEST(text.find("\npppoe_guard_pool_clock_seconds{pool=\"2001:db8::/40\"} 7\n") != std::string::npos, text);
    sample.skewed_clocks = {{other, 8s}};
    text = written(sample);
    BOOST_TEST(text.find("\npppoe_guard_pool_clock_seconds{pool=\"10.46.0.0/16\"} 0\n") != std::string::npos, text);
    BOOST_TEST(text.find("\npppoe_guard_pool_clock_seconds{pool=\"2001:db8::/40\"} 8\n") != std::string::npos, text);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::daemon::test
