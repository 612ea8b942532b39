// Releases and verdicts come from transactions that commit in any order.
#include "analyzer/daemon/inbox.hpp"

#include <boost/test/unit_test.hpp>

namespace guard::daemon {
namespace {

using namespace std::chrono_literals;

struct Entry {
    std::int64_t number = 0;
    Time time{};
};

const Time kNow{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

std::vector<std::int64_t> taken(Inbox<Entry>& inbox, Time until = Time::max()) {
    std::vector<std::int64_t> numbers;
    while (inbox.due(until)) numbers.push_back(inbox.take().number);
    return numbers;
}

using Numbers = std::vector<std::int64_t>;

}  // namespace

BOOST_AUTO_TEST_SUITE(inbox)

BOOST_AUTO_TEST_CASE(each_entry_comes_once_in_the_order_of_time) {
    Inbox<Entry> inbox;
    inbox.open(kNow);
    BOOST_TEST((inbox.since() == kNow));
    inbox.add({{2, kNow + 2min}, {1, kNow + 1min}});
    BOOST_TEST((taken(inbox, kNow + 1min) == Numbers{1}));
    inbox.add({{1, kNow + 1min}, {2, kNow + 2min}, {3, kNow + 3min}});
    BOOST_TEST((taken(inbox) == Numbers{2, 3}));
}

BOOST_AUTO_TEST_CASE(what_commits_after_a_later_one_is_asked_for_and_taken) {
    Inbox<Entry> inbox;
    inbox.open(kNow);
    inbox.add({{1, kNow + 30min}});
    BOOST_TEST((taken(inbox) == Numbers{1}));
    const Time committed_late = kNow + 21min;
    BOOST_TEST((inbox.since() < committed_late));
    inbox.add({{2, committed_late}, {1, kNow + 30min}});
    BOOST_TEST((taken(inbox) == Numbers{2}));
    inbox.add({{2, committed_late}, {1, kNow + 30min}});
    BOOST_TEST((taken(inbox) == Numbers{}));
}

BOOST_AUTO_TEST_CASE(the_same_moment_may_have_several) {
    Inbox<Entry> inbox;
    inbox.open(kNow);
    inbox.add({{1, kNow + 1min}});
    inbox.add({{1, kNow + 1min}, {2, kNow + 1min}});
    BOOST_TEST((taken(inbox) == Numbers{1, 2}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::daemon
