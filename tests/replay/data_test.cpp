// What real servers wrote, whole: however it is cut, compressed or spread over threads, the same comes out.
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "tests/replay/stream_support.hpp"

namespace guard::replay {
namespace {

std::vector<std::string> data_files() {
    std::vector<std::string> files;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(std::string(GUARD_SOURCE_DIR) + "/tests/replay/data"))
        if (entry.is_regular_file() && entry.path().extension() != ".md" && entry.path().extension() != ".events")
            files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
}

StreamOptions all_of(std::vector<std::string> files) {
    StreamOptions options = of(std::move(files));
    options.year = 2026;
    options.imap = options.pop3 = true;
    return options;
}

bool same(const Replayed& a, const Replayed& b) {
    if (a.lines() != b.lines() || a.faults != b.faults) return false;
    for (std::size_t i = 0; i < a.counts.size(); ++i)
        if (a.counts[i].lines != b.counts[i].lines || a.counts[i].ignored != b.counts[i].ignored ||
            a.counts[i].malformed != b.counts[i].malformed || a.counts[i].format != b.counts[i].format)
            return false;
    return true;
}

BOOST_FIXTURE_TEST_SUITE(real_logs, Files)

BOOST_AUTO_TEST_CASE(every_file_however_it_is_read) {
    const auto files = data_files();
    BOOST_TEST(files.size() > 20U);
    for (const std::string& file : files) {
        const Replayed reference = replay(all_of({file}));
        BOOST_TEST(reference.counts[0].lines > 0U, file);
        for (const std::size_t block : {1U, 100U, 5000U}) {
            StreamOptions options = all_of({file});
            options.block_bytes = block;
            options.threads = block == 100 ? 3 : 1;
            BOOST_TEST(same(replay(options), reference), file << " in blocks of " << block);
        }
        const auto result =
            test::run({"/bin/sh", "-c", "gzip -c " + file + " > " + (directory.path() / "log.gz").string()});
        BOOST_REQUIRE(result.status == 0);
        const Replayed compressed = replay(all_of({(directory.path() / "log.gz").string()}));
        BOOST_TEST((compressed.lines() == reference.lines()), file);
    }
}

BOOST_AUTO_TEST_CASE(all_files_at_once_in_any_order) {
    auto files = data_files();
    const auto reference = replay(all_of(files)).lines();
    BOOST_TEST(reference.size() > 100U);
    for (const unsigned threads : {1U, 4U}) {
        std::reverse(files.begin(), files.end());
        StreamOptions options = all_of(files);
        options.threads = threads;
        BOOST_TEST((replay(options).lines() == reference));
    }
}

// Lines of another day than the file's, in the zone that was named.
BOOST_AUTO_TEST_CASE(mail_in_the_zone_that_was_named) {
    const std::string file =
        write("maillog",
              "Mar  1 08:00:00 mx1 postfix/smtpd[77]: warning: unknown[192.0.2.1]: SASL LOGIN authentication "
              "failed: UGFzc3dvcmQ6\n"
              "Mar  1 08:00:01 mx1 postfix/smtpd[77]: disconnect from unknown[192.0.2.1] ehlo=1 auth=0/3 "
              "quit=1 commands=2/5\n");
    StreamOptions options = of({file});
    options.year = 2026;
    options.zone = "Asia/Tokyo";
    const Replayed replayed = replay(options);
    BOOST_TEST(replayed.counts[0].format == "mail");
    const std::vector<std::string> expected = {"smtp reject  192.0.2.1 2026-02-28T23:00:00.000000Z",
                                               "smtp reject  192.0.2.1 2026-02-28T23:00:01.000000Z x2"};
    BOOST_TEST(replayed.lines() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace guard::replay
