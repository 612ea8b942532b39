#include "notifier/notifier.hpp"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <pqxx/connection>
#include <pqxx/except>
#include <pqxx/notification>
#include <pqxx/transaction>
#include <random>
#include <thread>

#include "config/notice_plan.hpp"
#include "notifier/address.hpp"
#include "notifier/channels/channel_set.hpp"
#include "notifier/notice_values.hpp"
#include "notifier/planner.hpp"
#include "sql/migrate.hpp"

namespace guard::notifier {
namespace {

using namespace std::chrono_literals;
using Errors = std::vector<std::string>;

constexpr auto kLease = 5min;  // several times what Channel::deliver takes at most
constexpr int kBatch = 16;     // few, so that the senders share what there is
constexpr auto kTurn = 10ms;   // while another plans
constexpr auto kPoll = 10s;    // at the latest; a wake-up may be lost
constexpr auto kMaxPause = 1h;
constexpr auto kFirstPause = 100ms;  // before the outcome of a delivery is recorded again
constexpr auto kMaxReconnect = 30s;

double random_share() {
    static thread_local std::mt19937_64 generator{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(generator);
}

std::string make_worker_name() {
    char host[65] = "";
    gethostname(host, sizeof host - 1);
    return std::string(host) + ":" + std::to_string(getpid()) + ":" + std::to_string(std::random_device{}());
}

// The other side may repeat the address; the proof shows it masked, in a field of its own.
std::string without(std::string answer, const std::string& address) {
    for (auto at = answer.find(address); !address.empty() && at != std::string::npos; at = answer.find(address))
        answer.replace(at, address.size(), "<recipient>");
    return answer;
}

// libpq ends its messages with a line feed and puts another inside.
std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
}

struct Receiver final : pqxx::notification_receiver {
    Receiver(pqxx::connection& connection, const std::string& channel) : notification_receiver(connection, channel) {}
    void operator()(const std::string&, int) override { woken = true; }
    bool woken = false;
};

}  // namespace

std::chrono::milliseconds pause_after(int tries, std::chrono::seconds first, double random) {
    auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(first);
    for (int i = 1; i < tries && pause < kMaxPause; ++i) pause *= 2;
    pause = std::min<std::chrono::milliseconds>(pause, std::max<std::chrono::milliseconds>(kMaxPause, first));
    return std::chrono::milliseconds(
        static_cast<std::int64_t>(static_cast<double>(pause.count()) * (0.8 + 0.4 * random)));
}

struct Notifier::Session {
    explicit Session(Notifier& notifier)
        : connection(notifier.link_.get()),
          queue(connection, notifier.worker_),
          planner(connection, notifier.settings_, notifier.channels_, notifier.local_time_),
          receiver(connection, "guard_notice") {}

    pqxx::connection& connection;
    NoticeQueue queue;
    Planner planner;
    Receiver receiver;
};

Notifier::Notifier(const config::Settings& settings, const Clock& clock, std::vector<std::unique_ptr<Channel>> channels,
                   LocalTime local_time)
    : settings_(settings),
      clock_(clock),
      channels_(std::move(channels)),
      local_time_(local_time),
      worker_(make_worker_name()),
      link_(settings_, "pppoe-guard-notifier") {}

Notifier::~Notifier() = default;

Expected<std::unique_ptr<Notifier>, Errors> Notifier::make(const config::Settings& settings, const Clock& clock) {
    Errors errors;
    auto channels = make_channels(settings);
    if (!channels) errors = std::move(channels.error());
    for (const auto& wrong : config::plan_mistakes(settings))
        errors.push_back(wrong.key + ": found " + wrong.found + ", expected " + wrong.expected);
    if (!errors.empty()) return unexpected(std::move(errors));
    return std::make_unique<Notifier>(settings, clock, std::move(*channels), LocalTime(settings.time_zone));
}

// Within a use of the link.
void Notifier::open() {
    if (session_) return;
    auto session = std::make_unique<Session>(*this);
    if (!sql::plan(session->connection).empty())
        throw sql::MigrationError("the database lacks migrations of this program: run \"guardctl migrate\"");
    pqxx::work transaction(session->connection);
    transaction.exec_params("SELECT guard.configure_notices($1, $2, $3)", domain_of(settings_.mail_from),
                            settings_.default_language, settings_.notice_give_up.count());
    transaction.commit();
    session->queue.drop_leases();
    session_ = std::move(session);
}

// Within no use of the link: the receiver takes its leave of the server, which may hang.
void Notifier::close() {
    const sql::DatabaseLink::Use use(link_);
    session_.reset();
    link_.drop();
}

Channel* Notifier::find(std::string_view name) const {
    const auto found = std::ranges::find_if(channels_, [&](const auto& channel) { return channel->name() == name; });
    return found == channels_.end() ? nullptr : found->get();
}

// Those whose quiet hours it is not.
std::map<std::string, Rate> Notifier::open_channels() const {
    const auto rate_of = [&](std::string_view name) -> Rate {
        if (name == "mail") return {settings_.mail_rate, settings_.mail_domain_rate};
        if (name == "sms") return {settings_.sms_rate};
        if (name == "webhook") return {settings_.webhook_rate};
        if (name == "letter") return {settings_.letter_rate};
        return {name == "phone_list" ? settings_.phone_list_rate : 0};
    };
    std::map<std::string, Rate> result;
    const Time now = clock_.now();
    for (const auto& channel : channels_)
        if (after_quiet_hours(settings_, local_time_, channel->name(), now) == now)
            result.emplace(channel->name(), rate_of(channel->name()));
    return result;
}

// What can be planned, then what can be sent; returns how many notices and deliveries that were.
std::size_t Notifier::step() {
    std::size_t done = 0;
    std::vector<QueuedDelivery> batch;
    {
        const sql::DatabaseLink::Use use(link_);
        open();
        done = session_->queue.give_up();
        const auto planned = session_->planner.plan(clock_.now());
        if (!planned) std::this_thread::sleep_for(kTurn);
        batch = session_->queue.claim(open_channels(), kLease, kBatch);
        done += planned.value_or(1) + batch.size();
    }
    send(batch);
    return done;
}

// The outcome of one and the beginning of the next are recorded together.
void Notifier::send(const std::vector<QueuedDelivery>& batch) {
    std::optional<Sent> done;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const Time now = clock_.now();
        const Time open_at = after_quiet_hours(settings_, local_time_, batch[i].channel, now);
        if (stopping() || open_at != now) {
            move_on(done, nullptr);
            std::vector<std::int64_t> rest{batch[i].delivery_id};
            for (++i; stopping() && i < batch.size(); ++i) rest.push_back(batch[i].delivery_id);
            const sql::DatabaseLink::Use use(link_);
            session_->queue.put_back(rest, std::chrono::duration_cast<std::chrono::milliseconds>(open_at - now));
            --i;
            continue;
        }
        if (move_on(done, &batch[i])) done = deliver(batch[i]);
    }
    move_on(done, nullptr);
}

Notifier::Sent Notifier::deliver(const QueuedDelivery& delivery) {
    Sent sent{.delivery = delivery, .outcome = {}, .at = {}};
    Channel* const channel = find(delivery.channel);  // what was claimed is configured
    sent.outcome.recipient_masked = channel->masked_address(delivery.recipient);
    const auto answer = channel->deliver(DeliveryJob{.delivery_id = delivery.delivery_id,
                                                     .notice_id = delivery.notice_id,
                                                     .incident_id = delivery.incident_id,
                                                     .key = delivery.key,
                                                     .message_id = delivery.message_id,
                                                     .kind = delivery.kind,
                                                     .service = delivery.service,
                                                     .recipient = delivery.recipient,
                                                     .values = notice_values(settings_, local_time_, delivery),
                                                     .now = clock_.now()});
    ++sent_;
    sent.at = std::chrono::steady_clock::now();
    sent.outcome.is = answer.outcome;
    sent.outcome.perhaps = answer.perhaps;
    sent.outcome.answer = without(without(answer.answer, delivery.recipient.mail), delivery.recipient.phone);
    sent.outcome.pause = std::max<std::chrono::milliseconds>(
        pause_after(delivery.tries + 1, settings_.notice_retry, random_share()), answer.retry_after);
    return sent;
}

// Until it is recorded: what has been sent must not be sent again because the database was away for a minute. The same
// recorded twice does no harm, so a commit in doubt is simply done again. False: the next one is not to be sent.
bool Notifier::move_on(std::optional<Sent>& done, const QueuedDelivery* next) {
    for (std::chrono::milliseconds wait = kFirstPause;;
         wait = std::min<std::chrono::milliseconds>(wait * 2, kMaxReconnect)) {
        try {
            const sql::DatabaseLink::Use use(link_);
            open();
            if (done)
                done->outcome.age =
                    std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - done->at);
            const auto moved = session_->queue.move_on(done ? &done->delivery : nullptr,
                                                       done ? done->outcome : Outcome{}, next, kLease);
            if (done) report(*done, moved.recorded);
            done.reset();
            return moved.begun;
        } catch (const pqxx::failure& error) {
            close();
            if (!done || stopping() || (!patient_ && wait > 10s)) throw;
            if (wait == kFirstPause)
                spdlog::warn("event=outcome_waits notice={} detail=\"{}\"", done->delivery.notice_id,
                             one_line(error.what()));
            std::this_thread::sleep_for(wait);
        }
    }
}

void Notifier::report(const Sent& sent, bool recorded) const {
    const auto& delivery = sent.delivery;
    if (!recorded)
        spdlog::warn("event=lease_lost notice={} channel={} detail=\"another notifier has taken it over\"",
                     delivery.notice_id, delivery.channel);
    const auto is = sent.outcome.is;
    if (metrics_ != nullptr) metrics_->delivered(delivery.channel, is);
    spdlog::info("event=notice notice={} case={} kind={} channel={} try={} outcome={}", delivery.notice_id,
                 delivery.incident_id, delivery.kind, delivery.channel, delivery.tries + 1, to_string(is));
    // The other side may repeat what it was told: what it said is in the database.
    spdlog::debug("event=channel_answer notice={} channel={} answer=\"{}\"", delivery.notice_id, delivery.channel,
                  sent.outcome.answer);
}

std::size_t Notifier::run_once(const std::atomic<bool>* stop) {
    stop_ = stop;
    const auto before = sent_;
    try {
        while (!stopping() && step() > 0) {
        }
    } catch (const pqxx::failure&) {
        if (!stopping()) throw;  // else it was left because it hangs, as in run()
    }
    if (stopping()) close();  // while a server that hangs is still watched
    stop_ = nullptr;
    return sent_ - before;
}

// A wake-up is only a hint, so the tables are read after each; and await_notification returns at once, with nothing,
// when the server has just gone, hence the pause.
void Notifier::wait_for_work(const std::atomic<bool>& stop) {
    std::vector<std::string> names;
    for (const auto& [name, rate] : open_channels()) names.push_back(name);
    const auto due = [&] {
        const sql::DatabaseLink::Use use(link_);
        return session_->queue.next_due(names, kPoll);
    };
    const auto end = std::chrono::steady_clock::now() + due();
    while (!stop && !session_->receiver.woken) {
        const auto before = std::chrono::steady_clock::now();
        if (before >= end) return;
        const auto left = std::min<std::chrono::microseconds>(
            std::chrono::duration_cast<std::chrono::microseconds>(end - before), 500ms);
        if (session_->connection.await_notification(0, static_cast<long>(left.count())) == 0 &&
            std::chrono::steady_clock::now() - before < std::min<std::chrono::microseconds>(left, 100ms) / 2)
            std::this_thread::sleep_for(std::min<std::chrono::microseconds>(left, 100ms));
    }
}

void Notifier::run(const std::atomic<bool>& stop) {
    stop_ = &stop;
    patient_ = true;
    bool away = false;
    for (auto pause = std::chrono::milliseconds(500); !stop;) {
        try {
            {
                const sql::DatabaseLink::Use use(link_);
                open();
            }
            session_->receiver.woken = false;  // before the tables are read: what is queued from here on wakes
            while (!stop && step() > 0) {
            }
            if (away && !quiet_) spdlog::info("event=database_back");
            away = false;
            pause = 500ms;
            if (!stop) wait_for_work(stop);
        } catch (const pqxx::failure& error) {
            close();
            if (!away && !quiet_) spdlog::warn("event=database_away detail=\"{}\"", one_line(error.what()));
            away = true;
            for (auto waited = 0ms; waited < pause && !stop; waited += 100ms) std::this_thread::sleep_for(100ms);
            pause = std::min<std::chrono::milliseconds>(pause * 2, kMaxReconnect);
        }
    }
    close();  // while a server that hangs is still watched
    stop_ = nullptr;
}

}  // namespace guard::notifier
