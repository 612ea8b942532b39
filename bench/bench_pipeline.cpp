// Locate and detect, one thread, with 100 k, 1 M and 10 M IDs. A mix as of an ISP's day: 93 % Interim-Updates, the rest
// reconnections, flapping lines, rejects (half of them of names that do not exist), and SMTP-AUTH from home, from
// phones and from guessing sources. Events are made outside the measured time. Yardstick: the same IDs hashed and
// looked up in a boost::unordered_flat_map, the least any detector does. Arguments: other numbers of IDs.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdio>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

#include "analyzer/detection/detector.hpp"
#include "bench/measure.hpp"

namespace {

using namespace guard;

constexpr std::size_t kChunk = 32'768;

std::shared_ptr<const geo::Locator> locator() {
    std::stringstream pools;
    for (unsigned region = 1; region <= 47; ++region)
        for (unsigned part = 0; part < 4; ++part)
            pools << fmt::format("{}.{}.0.0/10,JP,JP-{:02},,,,,,bras{}\n", region + 10, part * 64, region, region);
    return std::make_shared<const geo::Locator>(*geo::PoolTable::parse(pools, "bench"), geo::DatabaseRanges{}, 1);
}

double thread_cpu_ns() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double resident_bytes() {
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

// What it costs to find each ID and to write a time to it.
double yardstick(std::uint32_t ids, std::size_t events) {
    World world(ids);
    boost::unordered_flat_map<std::uint64_t, Time> last;
    double ns = 0;
    std::size_t taken = 0;
    const auto look_up = [&](std::span<const LoginEventView> some) {
        for (const LoginEventView& event : some)
            last[keyed_hash(HashKey{}, static_cast<std::uint8_t>(event.service),
                            {reinterpret_cast<const std::uint8_t*>(event.id.data()), event.id.size()})
                     .low] = event.time;
    };
    for (std::uint32_t from = 0; from < ids; from += kChunk) look_up(world.first_signs(from));
    while (taken < events) {
        const auto some = world.some_of_a_day();
        const double before = thread_cpu_ns();
        look_up(some);
        ns += thread_cpu_ns() - before;
        taken += some.size();
    }
    return ns / static_cast<double>(taken);
}

void run(std::uint32_t ids) {
    const std::string of = fmt::format(", {} IDs", ids);
    // Three hours, so that as many lines reconnected lately as on any day; of which the last one is measured.
    const std::size_t an_hour = std::max<std::size_t>(ids, 4'000'000), warm = 2 * an_hour;
    World world(ids);
    static_cast<void>(world.first_signs(0));  // its own memory is not counted
    const double before_all = resident_bytes();
    detection::Knowledge knowledge;
    knowledge.contract = [](Service, const std::string&) { return detection::Contract{}; };
    detection::Detector detector(config::DetectionSettings{}, locator(), knowledge, HashKey{});
    std::vector<detection::Decision> decisions;
    const double filling = thread_cpu_ns();
    for (std::uint32_t from = 0; from < ids; from += kChunk) detector.on_events(world.first_signs(from), decisions);
    const double filled = (thread_cpu_ns() - filling) / ids;
    const double idle = resident_bytes() - before_all;

    double ns = 0;
    std::size_t taken = 0, found = 0;
    for (std::size_t passed = 0; passed < warm + an_hour;) {
        const auto some = world.some_of_a_day();
        const double began = thread_cpu_ns();
        detector.on_events(some, decisions);
        const double took = thread_cpu_ns() - began;
        passed += some.size();
        found += decisions.size();
        decisions.clear();
        static_cast<void>(detector.take_late_sessions());
        if (passed <= warm) continue;
        ns += took;
        taken += some.size();
    }
    const double resident = resident_bytes() - before_all;
    const double streams = static_cast<double>(detector.streams().size());
    const double per_event = ns / static_cast<double>(taken);
    bench::print("pipeline", "locate and detect, CPU" + of, per_event, "ns/event", yardstick(ids, an_hour / 4),
                 "SipHash of the ID and boost::unordered_flat_map<hash, Time>");
    bench::print("pipeline", "events per CPU second" + of, 1e9 / per_event, "events/s");
    bench::print("pipeline", "the first event of an ID, CPU, made included" + of, filled, "ns/event");
    bench::print("pipeline", "table per idle ID" + of, static_cast<double>(detector.streams().bytes()) / streams,
                 "bytes");
    bench::print("pipeline", "resident per ID, all idle" + of, idle / ids, "bytes");
    bench::print("pipeline", "resident per ID, in the life of a day" + of, resident / streams, "bytes");
    bench::print("pipeline", "resident in all" + of, resident / 1e6, "MB");
    bench::print("pipeline", "streams open" + of, static_cast<double>(detector.streams().open_count()), "streams");
    bench::print("pipeline", "decisions" + of, static_cast<double>(found), "decisions");
}

}  // namespace

// Each in a process of its own, so that memory is counted afresh.
int main(int count, char** arguments) {
    std::vector<std::uint32_t> sizes{100'000, 1'000'000, 10'000'000};
    if (count > 1) sizes.clear();
    for (int i = 1; i < count; ++i) sizes.push_back(static_cast<std::uint32_t>(std::stoul(arguments[i])));
    for (const std::uint32_t ids : sizes) {
        const pid_t child = fork();
        if (child == 0) {
            run(ids);
            std::fflush(stdout);
            _exit(0);
        }
        int status = 0;
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 1;
    }
    return 0;
}
