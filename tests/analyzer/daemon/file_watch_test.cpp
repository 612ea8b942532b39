#include "analyzer/daemon/file_watch.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/process.hpp"

namespace guard::daemon {
namespace {

struct Files {
    test::TemporaryDirectory directory{"watch"};
    std::filesystem::path pools = directory.path() / "pools.csv", database = directory.path() / "city.mmdb";

    Files() {
        test::write_file(pools, "one\n");
        test::write_file(database, "one\n");
    }
    // As an update tool does it: a new file under the old name.
    void replace(const std::filesystem::path& file, std::string_view text) const {
        const auto next = directory.path() / "next";
        test::write_file(next, text);
        std::filesystem::rename(next, file);
    }
    // Files written within one tick of the kernel's clock (4 ms) have the same times; these are set apart.
    static void modified(const std::filesystem::path& file, long seconds) {
        const std::array<timespec, 2> times{{{seconds, 0}, {seconds, 0}}};
        if (utimensat(AT_FDCWD, file.c_str(), times.data(), 0) != 0) BOOST_FAIL("utimensat");
    }
};

// How many of so many looks see a change.
int changes(FileWatch& watch, int looks) {
    int seen = 0;
    for (int i = 0; i < looks; ++i) seen += watch.changed() ? 1 : 0;
    return seen;
}

BOOST_FIXTURE_TEST_SUITE(file_watch, Files)

BOOST_AUTO_TEST_CASE(files_that_stay_as_they_are) {
    FileWatch watch({pools, database, ""});
    BOOST_TEST(changes(watch, 5) == 0);
    BOOST_TEST(test::read_file(pools) == "one\n");  // neither does reading one change it
    BOOST_TEST(changes(watch, 5) == 0);
    FileWatch nothing({});
    BOOST_TEST(changes(nothing, 5) == 0);
}

BOOST_AUTO_TEST_CASE(a_file_replaced_by_another_is_seen_at_the_second_look) {
    FileWatch watch({pools, database});
    replace(database, "two\n");
    BOOST_TEST(!watch.changed());
    BOOST_TEST(watch.changed());
    BOOST_TEST(changes(watch, 5) == 0);  // once
    replace(pools, "one\n");             // the same content in another file is another file
    BOOST_TEST(!watch.changed());
    BOOST_TEST(watch.changed());
}

BOOST_AUTO_TEST_CASE(a_file_that_is_still_being_written_is_left_alone) {
    FileWatch watch({pools, database});
    for (const char* text : {"on", "one\ntw", "one\ntwo\nth", "one\ntwo\nthree\n"}) {
        test::write_file(pools, text);
        BOOST_TEST(!watch.changed(), text);
    }
    BOOST_TEST(watch.changed());
    BOOST_TEST(changes(watch, 5) == 0);
}

BOOST_AUTO_TEST_CASE(two_files_replaced_one_after_the_other_are_one_change) {
    FileWatch watch({pools, database});
    replace(pools, "two\n");
    BOOST_TEST(!watch.changed());
    replace(database, "two\n");
    BOOST_TEST(!watch.changed());
    BOOST_TEST(watch.changed());
    BOOST_TEST(changes(watch, 5) == 0);
}

// Of the same size and in the same inode: the time tells.
BOOST_AUTO_TEST_CASE(rewritten_with_as_many_bytes) {
    modified(pools, 1'700'000'000);
    FileWatch watch({pools});
    test::write_file(pools, "two\n");
    modified(pools, 1'700'000'001);
    BOOST_TEST(!watch.changed());
    BOOST_TEST(watch.changed());
    BOOST_TEST(changes(watch, 5) == 0);
}

// Changed and changed back before it was taken up: nothing to do, since another look finds the file it knows.
BOOST_AUTO_TEST_CASE(a_change_taken_back_between_two_looks) {
    const auto kept = directory.path() / "kept";
    std::filesystem::create_hard_link(pools, kept);
    FileWatch watch({pools});
    replace(pools, "two\n");
    BOOST_TEST(!watch.changed());
    std::filesystem::rename(kept, pools);  // sets the time of its status: it counts as another
    BOOST_TEST(!watch.changed());
    static_cast<void>(watch.changed());
    BOOST_TEST(changes(watch, 5) == 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_goes_and_comes_back) {
    FileWatch watch({pools, database});
    std::filesystem::remove(database);
    BOOST_TEST(!watch.changed());
    BOOST_TEST(watch.changed());  // the reload fails and says so; the old snapshot stays
    BOOST_TEST(changes(watch, 5) == 0);
    test::write_file(database, "one\n");
    BOOST_TEST(!watch.changed());
    BOOST_TEST(watch.changed());
    BOOST_TEST(changes(watch, 5) == 0);
}

BOOST_AUTO_TEST_CASE(gone_for_less_than_two_looks) {
    FileWatch watch({pools});
    std::filesystem::remove(pools);
    BOOST_TEST(!watch.changed());
    test::write_file(pools, "two lines\nnow\n");
    BOOST_TEST(!watch.changed());
    BOOST_TEST(watch.changed());
    BOOST_TEST(changes(watch, 5) == 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_missing_from_the_start) {
    const auto later = directory.path() / "later.csv";
    FileWatch watch({later});
    BOOST_TEST(changes(watch, 5) == 0);
    test::write_file(later, "");
    BOOST_TEST(!watch.changed());
    BOOST_TEST(watch.changed());
}

// A reload by signal takes the files as they are, so that the watch has nothing more to say about them.
BOOST_AUTO_TEST_CASE(accepting_files) {
    FileWatch watch({pools, database});
    replace(pools, "two\n");
    watch.accept();
    BOOST_TEST(changes(watch, 5) == 0);
    replace(pools, "three\n");
    BOOST_TEST(!watch.changed());
    watch.accept();  // between the two looks
    BOOST_TEST(changes(watch, 5) == 0);
    replace(pools, "four\n");
    BOOST_TEST(!watch.changed());
    BOOST_TEST(watch.changed());
}

BOOST_AUTO_TEST_CASE(a_link_is_followed) {
    const auto link = directory.path() / "link.csv";
    std::filesystem::create_symlink(pools, link);
    FileWatch watch({link});
    replace(pools, "two\n");
    BOOST_TEST(!watch.changed());
    BOOST_TEST(watch.changed());
    std::filesystem::remove(link);
    std::filesystem::create_symlink(database, link);  // another file under the same name
    BOOST_TEST(!watch.changed());
    BOOST_TEST(watch.changed());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::daemon
