// An analyzer's life on a fake clock, for tests of Inputs: what it reads, and how it begins again.
#pragma once

#include <memory>
#include <string>

#include "analyzer/daemon/inputs.hpp"
#include "tests/analyzer/daemon/vector_source.hpp"
#include "tests/analyzer/detection/scenario.hpp"
#include "tests/support/process.hpp"

namespace guard::daemon::test {

namespace isp = guard::detection::test;
using namespace std::chrono_literals;

struct FakeClock final : Clock {
    Time time = isp::kStart;
    std::chrono::steady_clock::time_point interval{1h};

    [[nodiscard]] Time now() const override { return time; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override { return interval; }
    void pass(Microseconds span) {
        time += span;
        interval += span;
    }
};

inline config::DetectionSettings settings() {
    auto result = isp::enforced();
    result.learning = 0s;
    result.settle = 30s;
    result.guards.breaker_per_hour = result.guards.breaker_per_day = result.guards.breaker_per_pool = 1000;
    result.guards.breaker_per_hour_share = 1;
    result.guards.step_ids = result.guards.slow_step_ids = 1000;
    return result;
}

inline Actions actions(config::Mode mode = config::Mode::enforce) {
    return {mode, config::Profile::guideline, {}};
}

// One process: all that is gone when it is killed.
struct Life {
    VectorSource source;
    detection::Detector detector{settings(), isp::world(), {}, isp::kKey};
    ControlJournal journal;
    Inputs inputs;

    Life(const VectorSource::Streams& streams, const std::filesystem::path& state, const Clock& clock,
         std::chrono::seconds max_lag = 120s)
        : source(streams), journal(state), inputs(detector, source, journal, clock, max_lag) {}

    void begin(Inputs::Start start) {
        if (!start.contracts) start.contracts = std::make_shared<const Contracts>();
        inputs.begin(std::move(start));
    }
    // Until nothing is left to read.
    Batch read() {
        Batch all;
        while (inputs.read(all)) {
        }
        return all;
    }
};

inline LoginEvent event(const std::string& id, Time time, const std::string& where, Kind kind = Kind::assign) {
    return {Service::pppoe, kind, id, {isp::address(where)}, time};
}

struct Restarting {
    guard::test::TemporaryDirectory state{"inputs"};
    VectorSource::Streams streams;
    FakeClock clock;
    std::unique_ptr<Life> life;
    Inputs::Start start;

    void restart() {
        life = std::make_unique<Life>(streams, state.path(), clock);
        if (start.actions == Actions{}) start.actions = actions();
        life->begin(start);
    }
    // Everything that is there, and recorded.
    Batch run() {
        Batch batch = life->read();
        life->inputs.caught_up(batch);
        start.committed = batch.positions;
        return batch;
    }
};

}  // namespace guard::daemon::test
