// The spools of this machine as one stream in the order of time. A spool is a directory; one that is not there yet, or
// not any more, is looked for again and again. Acknowledging deletes nothing: a spool keeps its term, read or not (R8).
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

#include "analyzer/daemon/event_source.hpp"
#include "spool/reader.hpp"

namespace guard::daemon {

class SpoolSource final : public EventSource {
  public:
    // `directories`: spools; the last part of a path may have the wildcards of glob(7), and then stands for all
    // directories that match, whenever they are there.
    SpoolSource(std::vector<std::filesystem::path> directories, std::chrono::seconds retention);

    void open(const Positions& from) override;
    void stop_at(std::optional<Positions> limit) override;
    [[nodiscard]] const LoginEvent* peek() override;
    void pop() override;
    [[nodiscard]] Positions positions() const override;
    [[nodiscard]] bool covers(const Positions& one, const Positions& other) const override;
    void acknowledge(const Positions&) override {}
    void maintain(Time now) override;
    [[nodiscard]] std::map<std::string, StreamStatus> status() const override;

  private:
    struct Spool {
        std::unique_ptr<spool::Reader> reader;
        bool present = false;
    };
    void look_for_spools();
    void take_in(const std::string& directory);
    void set_limit(Spool& spool, const std::string& directory);

    const std::vector<std::filesystem::path> directories_;
    const std::chrono::seconds retention_;
    std::map<std::string, Spool> spools_;  // by directory
    Positions dropped_;                    // of those that are in no use now
    std::optional<Positions> limit_;
    Spool* front_ = nullptr;
};

// The directories that these paths stand for now: those without wildcards, there or not, and those that match.
[[nodiscard]] std::vector<std::filesystem::path> spool_directories(const std::vector<std::filesystem::path>& paths);

}  // namespace guard::daemon
