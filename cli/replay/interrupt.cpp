#include "cli/replay/interrupt.hpp"

#include <sys/eventfd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace guard::cli {
namespace {

// A signal handler can reach nothing else.
std::atomic<bool> interrupted{false};
std::atomic<int> wake_up{-1};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

void wake(int descriptor) {
    const std::uint64_t one = 1;
    static_cast<void>(::write(descriptor, &one, sizeof one) < 0);  // full: then it is readable
}

extern "C" void on_interrupt(int) {
    const int error = errno;
    interrupted = true;
    wake(wake_up);
    errno = error;
}

}  // namespace

Interrupt::Interrupt(std::function<void()> stop) : wake_(::eventfd(0, EFD_CLOEXEC)) {
    if (!wake_) throw std::system_error(errno, std::generic_category(), "eventfd");
    interrupted = false;
    wake_up = wake_.get();
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);  // the second one kills
    sigaction(SIGINT, &action, &interrupt_);
    sigaction(SIGTERM, &action, &terminate_);
    watcher_ = std::jthread([descriptor = wake_.get(), stop = std::move(stop)] {
        std::uint64_t count = 0;
        while (::read(descriptor, &count, sizeof count) < 0 && errno == EINTR) continue;
        if (interrupted) stop();
    });
}

Interrupt::~Interrupt() {
    sigaction(SIGINT, &interrupt_, nullptr);
    sigaction(SIGTERM, &terminate_, nullptr);
    wake_up = -1;
    wake(wake_.get());
}

bool Interrupt::asked() {
    return interrupted;
}

}  // namespace guard::cli
