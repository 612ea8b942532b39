#include "tests/chaos/lines.hpp"

namespace guard::chaos {
namespace {

using namespace std::chrono_literals;

bool is_login(What what) {
    return what == What::login || what == What::mail_login;
}

}  // namespace

std::string AddressBook::next(unsigned region) {
    const unsigned number = used_[region]++ % 60000;
    return "10." + std::to_string(region) + '.' + std::to_string(number / 250) + '.' + std::to_string(number % 250 + 1);
}

milliseconds Household::answered(const Message& message, const Answer& answer, Ledger& ledger) {
    const auto soon = between(random_, 1ms, 30ms);
    switch (message.what) {
        case What::login:
            if (!answer.accepted) ledger.violation("an innocent ID was refused: " + id_);
            what_ = What::start;
            address_ = book_.next(region_);
            return soon;
        case What::start:
            what_ = random_() % 2 == 0 ? What::stop : What::login;
            break;
        default:
            what_ = What::login;
            address_.clear();
            return soon;
    }
    if (what_ == What::login) address_.clear();
    return between(random_, period_ * 9 / 10, period_ * 11 / 10);
}

milliseconds Habit::answered(const Message& message, const Answer& answer, Ledger& ledger) {
    if (is_login(message.what) && answer.accepted != accepted_)
        ledger.violation((answer.accepted ? "a wrong password was accepted: " : "an innocent ID was refused: ") +
                         message.id);
    return between(random_, period_ * 9 / 10, period_ * 11 / 10);
}

std::optional<Message> Errand::next() {
    return at_ < steps_.size() ? std::optional(steps_[at_].message) : std::nullopt;
}

milliseconds Errand::answered(const Message& message, const Answer& answer, Ledger& ledger) {
    if (is_login(message.what) && answer.accepted != accepted_)
        ledger.violation(
            (answer.accepted ? "a suspended ID was accepted: " : "an ID was refused that is not suspended: ") +
            message.id);
    ++at_;
    if (at_ < steps_.size()) return steps_[at_].before;
    if (done_) done_(answer);
    return 0ms;
}

std::optional<Message> Theft::next() {
    if (!complete()) return steps_[at_].message;
    return probing_ ? std::optional(probe_) : std::nullopt;
}

milliseconds Theft::answered(const Message& message, const Answer& answer, Ledger& ledger) {
    if (is_login(message.what) && message.id == probe_.id && message.address == probe_.address) {
        if (!answer.accepted) {
            if (accepted_again_) ledger.violation("a released ID was refused again: " + probe_.id);
            if (!refused_) refused_ = answer.answered;
        } else {
            if (refused_ && !releasing_) ledger.violation("a suspended ID was accepted: " + probe_.id);
            accepted_again_ = refused_ && releasing_;
        }
    }
    if (!complete()) ++at_;
    if (!complete()) return steps_[at_].before;
    // The owner of a mailbox who is refused again and again from a known network looks like an outage of the mail
    // system.
    return probe_.what == What::mail_login ? between(random_, 1500ms, 3s) : between(random_, 300ms, 900ms);
}

}  // namespace guard::chaos
