// What the benchmarks of the analyzer share: an ISP of any size and the events of its day. A mix as of an ISP's day: 93
// % Interim-Updates, the rest reconnections, flapping lines, rejects (half of them of names that do not exist), and
// SMTP-AUTH from home, from phones and from guessing sources.
#pragma once

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <memory>
#include <random>
#include <span>
#include <sstream>
#include <vector>

#include "event/login_event.hpp"
#include "geo/locator.hpp"

namespace guard::bench {

inline constexpr std::size_t kChunk = 32'768;

inline std::shared_ptr<const geo::Locator> locator() {
    std::stringstream pools;
    for (unsigned region = 1; region <= 47; ++region)
        for (unsigned part = 0; part < 4; ++part)
            pools << fmt::format("{}.{}.0.0/10,JP,JP-{:02},,,,,,bras{}\n", region + 10, part * 64, region, region);
    return std::make_shared<const geo::Locator>(*geo::PoolTable::parse(pools, "bench"), geo::DatabaseRanges{}, 1);
}

inline double thread_cpu_ns() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

inline double resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    double all = 0, resident = 0;
    statm >> all >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Four bytes an ID: where each line is now.
class World {
  public:
    explicit World(std::uint32_t ids) : ids_(ids), addresses_(ids) {
        for (std::uint32_t id = 0; id < ids; ++id) addresses_[id] = address_for(id);
        names_.reserve(kChunk + 8);
        where_.reserve(kChunk + 8);
        events_.reserve(kChunk + 8);
    }

    [[nodiscard]] Time now() const { return now_; }
    // The first sign of life that the analyzer sees of the lines [from, ...).
    std::span<const LoginEventView> first_signs(std::uint32_t from) {
        clear();
        for (std::uint32_t id = from; id < ids_ && events_.size() < kChunk; ++id) {
            pass();
            add(Service::pppoe, Kind::alive, id, addresses_[id]);
        }
        return finish();
    }
    std::span<const LoginEventView> some_of_a_day() {
        clear();
        while (events_.size() < kChunk) draw();
        return finish();
    }

  private:
    void draw() {
        pass();
        const auto id = static_cast<std::uint32_t>(random_() % ids_);
        const auto choice = random_() % 1000;
        if (choice < 944) {
            add(Service::pppoe, Kind::alive, id, addresses_[id]);
        } else if (choice < 949) {
            reconnect(id);
        } else if (choice < 952) {
            reconnect(id % (ids_ / 5000 + 1));  // a faulty line
        } else if (choice < 957) {
            add(Service::pppoe, Kind::reject, id, 0);
        } else if (choice < 962) {
            add(Service::pppoe, Kind::reject, 0x8000'0000U | static_cast<std::uint32_t>(random_()), 0);
        } else if (choice < 990) {
            const auto user = id / 10;
            const bool phone = random_() % 5 == 0;
            add(Service::smtp_auth, Kind::accept, user, phone ? 0xcb007100U | (user & 7U) : addresses_[user]);
        } else {
            // Every other one is a subscriber with an old password, the rest is guessed.
            const auto source = static_cast<std::uint32_t>(random_() % (ids_ / 100));
            add(Service::smtp_auth, Kind::reject, id / 10,
                random_() % 2 == 0 ? addresses_[id / 10] : 0xc6000000U + source);
        }
    }
    void reconnect(std::uint32_t id) {
        add(Service::pppoe, Kind::release, id, addresses_[id]);
        addresses_[id] = address_for(id);
        now_ += std::chrono::seconds{1};
        add(Service::pppoe, Kind::accept, id, addresses_[id]);
        add(Service::pppoe, Kind::assign, id, addresses_[id]);
        now_ -= std::chrono::seconds{1};
    }
    std::uint32_t address_for(std::uint32_t id) {
        return (id % 47 + 11) << 24 | static_cast<std::uint32_t>(random_() & 0xff'ffffU);
    }
    // Each line shows life once an hour.
    void pass() { now_ += Microseconds{3'600'000'000 / ids_}; }
    void clear() {
        names_.clear();
        where_.clear();
        events_.clear();
    }
    void add(Service service, Kind kind, std::uint32_t id, std::uint32_t address) {
        auto& name = names_.emplace_back();
        const auto end = fmt::format_to_n(name.begin(), name.size(), "{}{:08}@isp.example",
                                          service == Service::pppoe ? 'u' : 'm', id);
        where_.push_back(IpAddress::ipv4(address));
        LoginEventView event;
        event.service = service;
        event.kind = kind;
        event.id = {name.data(), end.size};
        if (address != 0) event.addresses = {&where_.back(), 1};
        event.time = now_;
        events_.push_back(event);
    }
    std::span<const LoginEventView> finish() {
        std::stable_sort(events_.begin(), events_.end(),
                         [](const LoginEventView& a, const LoginEventView& b) { return a.time < b.time; });
        return events_;
    }

    const std::uint32_t ids_;
    std::mt19937_64 random_{1};
    std::vector<std::uint32_t> addresses_;
    std::vector<std::array<char, 32>> names_;
    std::vector<IpAddress> where_;
    std::vector<LoginEventView> events_;
    Time now_{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};
};

}  // namespace guard::bench
