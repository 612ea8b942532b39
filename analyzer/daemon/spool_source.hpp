// The spools of this machine as one stream in the order of time. After a restart all that is still there is read again,
// so that the detectors remember; already_recorded() tells what was dealt with. Keeps the spools' term.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "analyzer/daemon/event_source.hpp"
#include "spool/reader.hpp"

namespace guard::daemon {

class SpoolSource final : public EventSource {
  public:
    // `recorded`: by directory, the position that was committed last; one that cannot be read is an error thrown as
    // std::runtime_error, because to guess one would lose events or repeat effects.
    // `from`: by directory, from where on to read; whoever is not in it is read from its beginning.
    SpoolSource(const std::vector<std::filesystem::path>& directories,
                const std::map<std::string, std::string>& recorded,
                const std::map<std::string, std::string>& from = {});

    [[nodiscard]] const LoginEvent* peek() override;
    [[nodiscard]] bool already_recorded() const override;
    void pop() override;
    [[nodiscard]] std::map<std::string, std::string> positions() const override;
    // All that was recorded before was read, of every spool: positions() is how far.
    [[nodiscard]] bool caught_up() const;

    // Deletes what is past its term; returns how many segments went.
    std::size_t keep_term(std::chrono::seconds retention, Time now) const;

    struct Status {
        spool::ReaderCounters reader;
        spool::WriterState writers;
    };
    // By directory.
    [[nodiscard]] std::map<std::string, Status> status() const;

  private:
    struct Spool {
        spool::Reader reader;
        spool::Position recorded;
        bool caught_up = false;  // what was read goes beyond `recorded`
    };
    std::vector<Spool> spools_;
    Spool* front_ = nullptr;
};

}  // namespace guard::daemon
