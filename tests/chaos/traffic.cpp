#include "tests/chaos/traffic.hpp"

#include <algorithm>

namespace guard::chaos {

void Traffic::add(std::shared_ptr<Line> line, milliseconds after, bool background) {
    turns_.push({Clock::now() + after, std::move(line), background});
}

void Traffic::set_loading(bool loading) {
    loading_ = loading;
    if (!loading) return;
    // One after the other: all at once they are more than a socket of radiusd holds, and so is what is then sent again.
    auto due = Clock::now();
    for (Turn& turn : std::exchange(resting_, {})) {
        turn.due = std::max(turn.due, due += milliseconds{1});
        turns_.push(std::move(turn));
    }
}

void Traffic::run_posted() {
    std::vector<std::function<void()>> posted;
    {
        const std::lock_guard lock(mutex_);
        posted.swap(posted_);
    }
    for (const auto& work : posted) work();
}

void Traffic::ask(const Turn& turn) {
    const auto message = turn.line->next();
    if (!message) return;
    nas_.ask(*message,
             [this, line = turn.line, background = turn.background, message = *message](const Answer& answer) {
                 ledger_.note(message, answer);
                 add(line, line->answered(message, answer, ledger_), background);
             });
}

void Traffic::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        run_posted();
        const auto now = Clock::now();
        while (!turns_.empty() && turns_.top().due <= now) {
            const Turn turn = turns_.top();
            turns_.pop();
            if (turn.background && !loading_)
                resting_.push_back(turn);
            else
                ask(turn);
        }
        nas_.poll(milliseconds{2});
    }
}

}  // namespace guard::chaos
