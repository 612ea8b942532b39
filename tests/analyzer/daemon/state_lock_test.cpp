// One process at a time has a state directory.
#include "analyzer/daemon/state_lock.hpp"

#include <boost/test/unit_test.hpp>
#include <optional>
#include <stdexcept>

#include "tests/support/process.hpp"

namespace guard::daemon {
namespace {

std::string refusal(const std::filesystem::path& directory) {
    try {
        const StateLock second(directory);
        return {};
    } catch (const std::exception& error) {
        return error.what();
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(state_lock)

BOOST_AUTO_TEST_CASE(a_second_one_is_refused_and_told_who_holds_it) {
    const test::TemporaryDirectory directory("lock");
    std::optional<StateLock> first(std::in_place, directory.path());
    const std::string said = refusal(directory.path());
    BOOST_TEST(said.find(directory.path().string() + " is in use by process " + std::to_string(::getpid()) + ":") !=
                   std::string::npos,
               said);
    first.reset();
    BOOST_TEST(refusal(directory.path()) == "");
}

BOOST_AUTO_TEST_CASE(what_a_dead_process_left_does_not_lock) {
    const test::TemporaryDirectory directory("lock");
    test::write_file(directory.path() / "lock", "12345678901234567890 and more than fits into the message\n");
    BOOST_TEST(refusal(directory.path()) == "");
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_not_there_is_named) {
    BOOST_TEST(refusal("/nonexistent/state").find("/nonexistent/state/lock") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::daemon
