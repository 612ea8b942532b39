#include "analyzer/daemon/snapshot_writer.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "event/descriptor.hpp"

namespace guard::daemon {
namespace {

constexpr int kUnknown = 255;  // for an exit status: no error of the system

// When memory or time is short the snapshot is what to do without.
void take_second_place() {
    static_cast<void>(setpriority(PRIO_PROCESS, 0, 10));
    const Descriptor file(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    constexpr std::string_view kSooner = "500";
    static_cast<void>(file && ::write(file.get(), kSooner.data(), kSooner.size()) > 0);
}

// Of the threads of the parent only this one is here. So nothing is used that another one may have held a lock of: no
// log, no database. Memory is safe to ask for (glibc sees to that); and the descriptors are closed, lest the lock of
// the state directory or a connection outlive the parent.
template <class Save>
[[noreturn]] void write_in_child(pid_t parent, const Save& save) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(ECANCELED);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    take_second_place();
    try {
        save();
    } catch (const std::system_error& error) {
        _exit(error.code().value() > 0 && error.code().value() < kUnknown ? error.code().value() : kUnknown);
    } catch (...) {
        _exit(kUnknown);
    }
    _exit(0);
}

std::chrono::microseconds since(SnapshotWriter::SteadyTime began) {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
}

}  // namespace

SnapshotWriter::SnapshotWriter(std::filesystem::path state_directory, const HashKey& key)
    : directory_(std::move(state_directory)), key_(key) {}

SnapshotWriter::~SnapshotWriter() {
    end_child();
}

void SnapshotWriter::end_child() {
    if (child_ == 0) return;
    ::kill(child_, SIGKILL);
    while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) continue;
    child_ = 0;
}

void SnapshotWriter::begin(detection::Detector& detector, const Positions& positions, Time now) {
    look();
    if (is_writing()) return;
    began_ = std::chrono::steady_clock::now();
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0)
        write_in_child(parent, [&] {
            detector.forget(now);
            save_state(detector, positions, key_, directory_);
        });
    status_.pause = since(began_);
    if (child < 0) {
        failed(std::string("no process for it: ") + std::strerror(errno));
        return;
    }
    child_ = child;
}

void SnapshotWriter::look(SteadyTime now) {
    if (child_ == 0) return;
    int status = 0;
    const pid_t ended = waitpid(child_, &status, WNOHANG);
    if (ended == 0) {
        if (now < began_ + kDeadline) return;
        end_child();
        failed("not done within " + std::to_string(kDeadline.count()) + " minutes");
        return;
    }
    child_ = 0;
    if (ended < 0)
        failed(std::strerror(errno));
    else if (WIFSIGNALED(status))
        failed("its process was ended by signal " + std::to_string(WTERMSIG(status)));
    else if (const int code = WEXITSTATUS(status); code != 0)
        failed(code == kUnknown ? "unknown reason" : std::strerror(code));
    else
        succeeded();
}

void SnapshotWriter::write(detection::Detector& detector, const Positions& positions, Time now) {
    end_child();
    began_ = std::chrono::steady_clock::now();
    try {
        detector.forget(now);
        save_state(detector, positions, key_, directory_);
    } catch (const std::system_error& error) {
        failed(error.what());
        return;
    }
    status_.pause = since(began_);
    succeeded();
}

void SnapshotWriter::loaded(const LoadedState& state) {
    status_.refused = state.refused;
    if (!state.warning.empty()) spdlog::warn("event=snapshot_damaged detail=\"{}\"", state.warning);
    spdlog::info("event=snapshot_loaded ids={} with_position={}", state.ids, !state.positions.empty());
}

void SnapshotWriter::succeeded() {
    ++status_.written;
    status_.last = std::chrono::system_clock::now();
    spdlog::info("event=snapshot_written ms={} pause_ms={}", since(began_).count() / 1000,
                 status_.pause.count() / 1000);
}

void SnapshotWriter::failed(const std::string& detail) {
    ++status_.failed;
    spdlog::error("event=snapshot_not_written detail=\"{}\"", detail);
}

}  // namespace guard::daemon
