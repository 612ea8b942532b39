// Events out of memory: the second implementation of EventSource, to hold what stands above it to the interface. A
// position is the number of events of the stream that were passed over.
#pragma once

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <vector>

#include "analyzer/daemon/event_source.hpp"

namespace guard::daemon::test {

class VectorSource final : public EventSource {
  public:
    using Streams = std::map<std::string, std::vector<LoginEvent>>;

    // `streams` may grow while this is read.
    explicit VectorSource(const Streams& streams) : streams_(streams) {}

    void open(const Positions& from) override {
        for (const auto& [name, position] : from) at_[name] = number(position);
    }
    void stop_at(std::optional<Positions> limit) override {
        if (limit_)
            for (const auto& [name, position] : *limit_) at_[name] = std::max(at_[name], number(position));
        limit_ = std::move(limit);
    }
    const LoginEvent* peek() override {
        const LoginEvent* earliest = nullptr;
        for (const auto& [name, events] : streams_) {
            const std::size_t at = at_[name];
            if (at >= std::min(events.size(), limit_of(name))) continue;
            if (earliest != nullptr && earliest->time <= events[at].time) continue;
            earliest = &events[at];
            front_ = name;
        }
        return earliest;
    }
    void pop() override {
        ++at_.at(front_);
        ++passed_over;
    }
    [[nodiscard]] Positions positions() const override {
        Positions positions;
        for (const auto& [name, at] : at_) positions[name] = std::to_string(at);
        return positions;
    }
    [[nodiscard]] bool covers(const Positions& one, const Positions& other) const override {
        return std::ranges::all_of(other, [&](const auto& stream) {
            const auto known = one.find(stream.first);
            return number(stream.second) <= (known == one.end() ? 0 : number(known->second));
        });
    }
    void acknowledge(const Positions& positions) override { acknowledged = positions; }
    void maintain(Time) override { ++maintained; }
    [[nodiscard]] std::map<std::string, StreamStatus> status() const override {
        std::map<std::string, StreamStatus> result;
        for (const auto& [name, at] : at_) {
            result[name].read = at;
            result[name].id_fingerprint = fingerprint;
        }
        return result;
    }

    std::atomic<std::size_t> visible = SIZE_MAX;  // events of each stream that are there; from any thread
    Positions acknowledged;
    std::string fingerprint;
    int maintained = 0;
    std::atomic<std::size_t> passed_over = 0;

  private:
    static std::size_t number(const std::string& position) {
        std::size_t end = 0;
        const std::size_t value = std::stoull(position, &end);
        if (end != position.size()) throw std::runtime_error("no position: " + position);
        return value;
    }
    std::size_t limit_of(const std::string& name) const {
        if (!limit_) return visible;
        const auto known = limit_->find(name);
        return std::min<std::size_t>(visible, known == limit_->end() ? 0 : number(known->second));
    }

    const Streams& streams_;
    std::map<std::string, std::size_t> at_;
    std::optional<Positions> limit_;
    std::string front_;
};

}  // namespace guard::daemon::test
