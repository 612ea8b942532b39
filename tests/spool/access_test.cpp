// Who may open a segment: its writer, and the group of the directory; nobody else. Needs root to be several users.
#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "event/descriptor.hpp"
#include "spool/retention.hpp"
#include "tests/spool/spool_fixture.hpp"

using namespace guard;
using namespace guard::spool;
using namespace guard::test;
using std::chrono::hours;

namespace {

constexpr uid_t kRadius = 61'001, kAnalyzer = 61'002, kStranger = 61'003;
constexpr gid_t kAnalyzerGroup = 61'102;

// What `work` returns in a process of that user, whose only group this is. 255 when it cannot become that user.
int as_user(uid_t user, gid_t group, const std::function<int()>& work) {
    const pid_t child = fork();
    BOOST_REQUIRE(child >= 0);
    if (child == 0) {
        if (setgroups(0, nullptr) != 0 || setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0)
            _exit(255);
        _exit(work());
    }
    int status = 0;
    BOOST_REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 254;
}

int open_error(const std::filesystem::path& path, int flags) {
    const Descriptor file(::open(path.c_str(), flags | O_CLOEXEC));
    return file ? 0 : errno;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spool_access)

BOOST_AUTO_TEST_CASE(a_segment_is_for_its_writer_and_the_group_of_the_directory) {
    if (geteuid() != 0) {
        skip("only root can be several users");
        return;
    }
    SpoolDirectory outer;
    auto options = outer.options();
    options.directory /= "spool";
    std::filesystem::create_directory(options.directory);
    BOOST_REQUIRE(chown(options.directory.c_str(), kRadius, kAnalyzerGroup) == 0);
    BOOST_REQUIRE(chmod(options.directory.c_str(), 02770) == 0);
    // Whatever mask radiusd was started with.
    for (const mode_t mask : {mode_t{0}, mode_t{077}, mode_t{0777}}) {
        const int made = as_user(kRadius, kRadius, [&] {
            umask(mask);
            Writer writer(options, {});
            return writer.append(numbered_event(mask, kStart), kStart) ? 0 : 1;
        });
        BOOST_REQUIRE(made == 0);
    }
    const auto segments = list_segments(options.directory);
    BOOST_REQUIRE(segments.size() == 3U);
    for (const std::uint64_t segment : segments) {
        struct stat status {};
        BOOST_REQUIRE(stat((options.directory / segment_name(segment)).c_str(), &status) == 0);
        BOOST_TEST((status.st_mode & 07777) == 0640U);
        BOOST_TEST(status.st_uid == kRadius);
        BOOST_TEST(status.st_gid == kAnalyzerGroup);
    }
    const auto path = options.directory / segment_name(segments.front());
    BOOST_TEST(as_user(kStranger, kStranger, [&] { return open_error(path, O_RDONLY); }) == EACCES);
    BOOST_TEST(as_user(kStranger, kStranger, [&] { return list_segments(options.directory).empty() ? 0 : 1; }) == 0);
    // The mode of the file alone keeps a stranger out too, and the analyzer from changing what was written.
    BOOST_REQUIRE(chmod(options.directory.c_str(), 02777) == 0);
    BOOST_TEST(as_user(kStranger, kStranger, [&] { return open_error(path, O_RDONLY); }) == EACCES);
    BOOST_REQUIRE(chmod(options.directory.c_str(), 02770) == 0);
    BOOST_TEST(as_user(kAnalyzer, kAnalyzerGroup, [&] { return open_error(path, O_RDWR); }) == EACCES);
    // What the analyzer does: read, and delete at the term.
    BOOST_TEST(as_user(kAnalyzer, kAnalyzerGroup, [&] {
                   Reader reader(options.directory);
                   return static_cast<int>(read_all(reader).size());
               }) == 3);
    BOOST_TEST(as_user(kAnalyzer, kAnalyzerGroup, [&] {
                   return static_cast<int>(delete_expired(options.directory, hours{48}, kStart + hours{48}).size());
               }) == 3);
}

BOOST_AUTO_TEST_SUITE_END()
