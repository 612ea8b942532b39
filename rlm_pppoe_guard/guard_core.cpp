#include "rlm_pppoe_guard/guard_core.h"

#include <atomic>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "enforcement/live_table.hpp"
#include "event/identity.hpp"
#include "event/keyed_hash.hpp"
#include "rlm_pppoe_guard/recent_events.hpp"
#include "spool/writer.hpp"

namespace {

using guard::IpAddress;
using guard::LoginEvent;
using guard::Microseconds;
using guard::Time;

constexpr auto kFaultWarnInterval = std::chrono::minutes{1};
// An Acct-Delay-Time beyond this is no delay but garbage: no NAS holds a record for a day and then sends it.
constexpr std::uint32_t kMaxDelaySeconds = 24 * 3600;

Time present() {
    return guard::SystemClock{}.now();
}

std::string_view view(guard_text_t text) {
    return {text.data, text.length};
}

std::optional<IpAddress> to_address(const guard_address_t& address) {
    if (address.width != 32 && address.width != 128) return std::nullopt;
    return IpAddress::from_bytes({address.bytes, address.width / 8U}, address.prefix_length);
}

// The address of an SMTP client: a host, never a prefix.
std::optional<IpAddress> to_client(guard_text_t text) {
    const auto address = IpAddress::parse(view(text));
    if (!address || address->is_prefix()) return std::nullopt;
    return address;
}

guard::spool::WriterOptions writer_options(const guard_options_t& options, const std::string& fingerprint) {
    guard::spool::WriterOptions result;
    result.directory = options.spool_directory;
    result.segment_bytes = options.segment_bytes;
    result.quota_bytes = options.quota_bytes;
    result.retention = std::chrono::seconds{options.retention};
    result.id_fingerprint = fingerprint;
    return result;
}

}  // namespace

// One per module instance.
struct guard_core {
  public:
    explicit guard_core(const guard_options_t& options)
        : service_(static_cast<guard::Service>(options.service)),
          max_skew_(std::chrono::seconds{options.max_skew}),
          warn_([warn = options.warn, name = options.name](const std::string& text) { warn(name, text.c_str()); }),
          normalise_{options.keep_case ? guard::IdNormalisation::Case::keep : guard::IdNormalisation::Case::lower,
                     options.strip_realm ? guard::IdNormalisation::Realm::strip : guard::IdNormalisation::Realm::keep},
          writer_(writer_options(options, normalise_.fingerprint()), warn_),
          table_(options.table, normalise_.fingerprint(), warn_),
          recent_(guard::random_key()) {}

    void start(Time now) { static_cast<void>(table_.at(now)); }

    guard_verdict_t check(guard_text_t name, guard_text_t client, Time now) {
        const auto table = table_.at(now);
        if (const auto id = normalise_(view(name)); id && table->is_suspended(service_, *id)) {
            suspended_.fetch_add(1, std::memory_order_relaxed);
            return GUARD_VERDICT_SUSPENDED;
        }
        if (service_ == guard::Service::smtp_auth) {
            if (const auto address = to_client(client); address && table->is_blocked(*address, now)) {
                blocked_.fetch_add(1, std::memory_order_relaxed);
                return GUARD_VERDICT_BLOCKED;
            }
        }
        return GUARD_VERDICT_PASS;
    }

    bool record(const guard_message_t& message, Time now) {
        const auto event = to_event(message);
        const auto nas = to_address(message.nas);
        if (!event || !nas) {
            // If this is all that ever comes, the analyzer must be able to see that: in the header of a segment.
            writer_.open(now);
            writer_.count_unusable(now);
            return false;
        }
        const guard::module::Origin origin{*nas, message.nas_port, message.packet_id, message.authenticator,
                                           view(message.session)};
        if (recent_.repeated(event->event, origin, Time{Microseconds{message.received}})) {
            writer_.count_duplicate(now);
            return false;
        }
        if (event->clamped) writer_.count_clamped();
        return writer_.append(event->event, now);
    }

    // Empty when there is no such figure.
    [[nodiscard]] std::string figure(std::string_view name) {
        const auto counters = writer_.counters();
        if (name == "appended") return std::to_string(counters.appended);
        if (name == "dropped") return std::to_string(counters.dropped);
        if (name == "unusable") return std::to_string(counters.unusable);
        if (name == "clamped") return std::to_string(counters.clamped);
        if (name == "duplicates") return std::to_string(counters.duplicates);
        if (name == "suspended") return std::to_string(suspended_.load(std::memory_order_relaxed));
        if (name == "blocked") return std::to_string(blocked_.load(std::memory_order_relaxed));
        if (name == "faults") return std::to_string(faults_.load(std::memory_order_relaxed));
        const auto table = table_.at(present());
        if (name == "generation") return std::to_string(table->generation());
        if (name != "table") return {};
        switch (table_.health()) {
            case guard::enforcement::LiveTable::Health::good:
                return "good";
            case guard::enforcement::LiveTable::Health::stale:
                return "stale";
            case guard::enforcement::LiveTable::Health::absent:
                return "absent";
        }
        return {};
    }

    // In a catch block: counts, and says so once a minute. Must not throw, whatever the state of the process.
    void fault() noexcept {
        try {
            faults_.fetch_add(1, std::memory_order_relaxed);
            const Time now = present();
            Time due = next_fault_warning_.load(std::memory_order_relaxed);
            if (now < due || !next_fault_warning_.compare_exchange_strong(due, now + kFaultWarnInterval)) return;
            try {
                throw;
            } catch (const std::exception& error) {
                warn_(std::string("internal fault, the request is let through: ") + error.what());
            } catch (...) {
                warn_("internal fault, the request is let through");
            }
        } catch (...) {
            // Not even memory for the warning: it is counted.
        }
    }

  private:
    struct TimedEvent {
        LoginEvent event;
        bool clamped = false;
    };

    // None when the ID or an address cannot be used: then nothing is recorded, nothing is guessed.
    [[nodiscard]] std::optional<TimedEvent> to_event(const guard_message_t& message) const {
        TimedEvent result;
        auto id = normalise_(view(message.id));
        if (!id || message.unusable || message.address_count > GUARD_MAX_ADDRESSES) return std::nullopt;
        result.event.service = service_;
        result.event.kind = static_cast<guard::Kind>(message.kind);
        result.event.id = std::move(*id);
        if (service_ == guard::Service::smtp_auth) {
            const auto client = to_client(message.client);
            if (!client) return std::nullopt;
            result.event.addresses.push_back(*client);
        } else {
            for (std::size_t i = 0; i < message.address_count; ++i) {
                const auto address = to_address(message.addresses[i]);
                if (!address) return std::nullopt;
                result.event.addresses.push_back(*address);
            }
        }
        set_time(message, result);
        return result;
    }

    // When it happened: Event-Timestamp (RFC 2869 section 5.3), or arrival less Acct-Delay-Time (RFC 2866 section 5.2).
    void set_time(const guard_message_t& message, TimedEvent& result) const {
        const bool sane_delay = message.delay <= kMaxDelaySeconds;
        const Time arrived{Microseconds{message.received} - std::chrono::seconds{sane_delay ? message.delay : 0}};
        result.event.time = arrived;
        result.clamped = !sane_delay;
        if (!message.has_timestamp) return;
        const Time stamped{std::chrono::seconds{message.timestamp}};
        const auto skew = stamped > arrived ? stamped - arrived : arrived - stamped;
        if (skew > max_skew_) result.clamped = true;
        // Within the second that the NAS states, arrival is the finer of the two: it keeps an accept before its assign.
        else if (std::chrono::floor<std::chrono::seconds>(arrived) != stamped)
            result.event.time = stamped;
    }

    const guard::Service service_;
    const Microseconds max_skew_;
    const guard::spool::Writer::Warn warn_;
    const guard::IdNormalisation normalise_;
    guard::spool::Writer writer_;
    guard::enforcement::LiveTable table_;
    guard::module::RecentEvents recent_;
    std::atomic<std::uint64_t> suspended_{0}, blocked_{0}, faults_{0};
    std::atomic<Time> next_fault_warning_{Time{}};
};

extern "C" {

guard_core_t* guard_core_open(const guard_options_t* options) {
    try {
        return std::make_unique<guard_core>(*options).release();
    } catch (...) {
        return nullptr;
    }
}

void guard_core_start(guard_core_t* core) {
    try {
        core->start(present());
    } catch (...) {
        core->fault();
    }
}

guard_verdict_t guard_core_check(guard_core_t* core, guard_text_t id, guard_text_t client) {
    try {
        return core->check(id, client, present());
    } catch (...) {
        core->fault();
        return GUARD_VERDICT_PASS;
    }
}

bool guard_core_record(guard_core_t* core, const guard_message_t* message) {
    try {
        return core->record(*message, present());
    } catch (...) {
        core->fault();
        return false;
    }
}

int guard_core_figure(guard_core_t* core, const char* figure, char* out, size_t size) {
    try {
        const std::string text = core->figure(figure);
        if (text.empty() || text.size() >= size) return -1;
        return std::snprintf(out, size, "%s", text.c_str());
    } catch (...) {
        core->fault();
        return -1;
    }
}

void guard_core_close(guard_core_t* core) {
    const std::unique_ptr<guard_core> last(core);
}

}  // extern "C"
