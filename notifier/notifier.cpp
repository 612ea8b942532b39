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

#include "event/text.hpp"
#include "notifier/address.hpp"
#include "notifier/message.hpp"
#include "notifier/notice_queue.hpp"
#include "notifier/smtp_client.hpp"
#include "sql/connection.hpp"
#include "sql/migrate.hpp"

namespace guard::notifier {
namespace {

using namespace std::chrono_literals;
using Errors = std::vector<std::string>;

constexpr auto kLease = 5min;  // several times what SmtpClient::send takes at most
constexpr auto kPoll = 10s;    // retries and leases become due without a notification
constexpr auto kMaxPause = 1h;
constexpr auto kFirstPause = 100ms;  // before the outcome of a notice is recorded again
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

// Answers of mail servers repeat the address; alarms and the notice's row show it masked.
std::string without_address(std::string answer, const std::string& address) {
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

Errors mistakes_in(const config::Settings& settings) {
    Errors errors;
    const auto require = [&](bool holds, const char* message) {
        if (!holds) errors.emplace_back(message);
    };
    require(is_mail_address(settings.mail_from), "notice.mail_from: expected a mail address");
    require(is_plain_utf8(settings.mail_from_name), "notice.mail_from_name: holds a control character");
    require(!settings.smtp_host.empty(), "notice.smtp_host: expected a host name or address");
    require(settings.smtp_port >= 1 && settings.smtp_port <= 65535, "notice.smtp_port: expected 1 to 65535");
    require(!settings.operator_name.empty(), "notice.operator_name: a notice must say who writes");
    require(!settings.operator_phone.empty(), "notice.operator_phone: a notice must say whom to call");
    require(!settings.operator_verify.empty(),
            "notice.operator_verify: a notice must say how to check that it is genuine");
    return errors;
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
    Session(const config::Settings& settings, const std::string& worker)
        : connection(sql::connect(settings, "pppoe-guard-notifier")),
          queue(*connection, worker),
          receiver(*connection, "guard_notice") {}

    std::unique_ptr<pqxx::connection> connection;
    NoticeQueue queue;
    Receiver receiver;
};

struct Notifier::Result {
    enum class State { sent, later, dead } state;
    std::string answer;
};

Notifier::Notifier(const config::Settings& settings, const Clock& clock, TemplateSet templates, LocalTime local_time)
    : settings_(settings),
      clock_(clock),
      templates_(std::move(templates)),
      local_time_(local_time),
      worker_(make_worker_name()) {}

Notifier::~Notifier() = default;

Expected<std::unique_ptr<Notifier>, Errors> Notifier::make(const config::Settings& settings, const Clock& clock) {
    Errors errors = mistakes_in(settings);
    auto templates = TemplateSet::load(settings.template_directory);
    if (!templates) errors.insert(errors.end(), templates.error().begin(), templates.error().end());
    try {
        LocalTime local_time(settings.time_zone);
        if (errors.empty())
            return std::unique_ptr<Notifier>(new Notifier(settings, clock, std::move(*templates), local_time));
    } catch (const std::runtime_error&) {
        errors.push_back("notice.time_zone: \"" + settings.time_zone + "\" is not in the time zone database");
    }
    return unexpected(std::move(errors));
}

void Notifier::open() {
    if (session_) return;
    auto session = std::make_unique<Session>(settings_, worker_);
    if (!sql::plan(*session->connection).empty())
        throw sql::MigrationError("the database lacks migrations of this program: run \"guardctl migrate\"");
    pqxx::work transaction(*session->connection);
    transaction.exec_params("SELECT guard.configure_notices($1, $2, $3)", domain_of(settings_.mail_from),
                            settings_.default_language, settings_.notice_give_up.count());
    transaction.commit();
    session_ = std::move(session);
}

// One notice. False if none is due, or none may go.
bool Notifier::step() {
    open();
    NoticeQueue& queue = session_->queue;
    if (!settings_.mail_only) {
        if (queue.any_due())
            queue.raise_alarm("notice_channel",
                              "notices wait: mail may not be the only channel (notice.mail_only) and "
                              "there is no other");
        return false;
    }
    const auto notice = queue.claim(kLease);
    if (!notice) return false;
    record(*notice, deal_with(*notice));
    return true;
}

Notifier::Result Notifier::deal_with(const Notice& notice) {
    using State = Result::State;
    if (notice.too_late) return {State::dead, "its time was over before it could be sent"};
    if (notice.mail.empty()) return {State::dead, "no mail address of the subscriber is known"};
    if (!is_mail_address(notice.mail)) return {State::dead, "the mail address of the subscriber is not valid"};
    const auto mail = compose_mail(notice);
    if (mail.empty()) return {State::dead, "the message cannot be written: broken text in the record or the template"};

    SmtpClient client(settings_.smtp_host, settings_.smtp_port, domain_of(settings_.mail_from));
    const auto delivery = client.send(settings_.mail_from, notice.mail, mail);
    const auto answer = without_address(delivery.answer, notice.mail);
    switch (delivery.outcome) {
        case Delivery::Outcome::accepted:
            return {State::sent, answer};
        case Delivery::Outcome::never:
            return {State::dead, answer};
        case Delivery::Outcome::later:
            break;
    }
    return {State::later, answer};
}

std::string Notifier::compose_mail(const Notice& notice) const {
    const bool japanese = notice.language == "ja";
    const auto local = [&](const std::optional<Time>& time) {
        return time ? local_time_.text(*time, notice.language) : std::string("-");
    };
    const auto name = !notice.name.empty() && is_plain_utf8(notice.name) ? notice.name
                      : japanese                                         ? std::string("ご契約者")
                                                                         : std::string("Customer");
    const auto text = templates_.render(notice.kind, notice.language, notice.service,
                                        {{"case_number", std::to_string(notice.incident_id)},
                                         {"name", name},
                                         {"id_masked", masked(notice.id)},
                                         {"seen", notice.seen.empty() ? "-" : notice.seen},
                                         {"seen_at", local(notice.seen_at)},
                                         {"suspended_at", local(notice.suspended_at)},
                                         {"released_at", local(notice.released_at)},
                                         {"operator_name", settings_.operator_name},
                                         {"operator_phone", settings_.operator_phone},
                                         {"operator_verify", settings_.operator_verify}});
    const auto mail = compose(Message{.from = settings_.mail_from,
                                      .from_name = settings_.mail_from_name,
                                      .to = notice.mail,
                                      .subject = text.subject,
                                      .date = local_time_.header(clock_.now()),
                                      .message_id = notice.message_id,
                                      .language = notice.language,
                                      .body = text.body});
    return mail ? *mail : std::string();
}

// Until it is recorded: what has been sent must not be sent again because the database was away for a minute. The same
// recorded twice does no harm, so a commit in doubt is simply done again.
void Notifier::record(const Notice& notice, const Result& result) {
    using State = Result::State;
    const auto recipient = masked(notice.mail);
    const auto pause = pause_after(notice.tries, settings_.notice_retry, random_share());
    for (std::chrono::milliseconds wait = kFirstPause;;
         wait = std::min<std::chrono::milliseconds>(wait * 2, kMaxReconnect)) {
        try {
            open();
            NoticeQueue& queue = session_->queue;
            auto now = NoticeQueue::Next::queued;
            if (result.state == State::later)
                now = queue.later(notice, recipient, result.answer, pause);
            else if (!(result.state == State::sent ? queue.sent(notice, recipient, result.answer)
                                                   : queue.dead(notice, recipient, result.answer)))
                now = NoticeQueue::Next::lost;
            else if (result.state == State::dead)
                now = NoticeQueue::Next::dead;
            if (now == NoticeQueue::Next::dead)
                queue.raise_alarm("notice_dead", "notice " + std::to_string(notice.notice_id) + " of incident " +
                                                     std::to_string(notice.incident_id) + ": " + result.answer);
            if (now == NoticeQueue::Next::lost)
                spdlog::warn("event=lease_lost notice={} detail=\"another notifier has taken it over\"",
                             notice.notice_id);
            spdlog::info("event=notice notice={} incident={} kind={} try={} outcome={}", notice.notice_id,
                         notice.incident_id, notice.kind, notice.tries,
                         result.state == State::sent      ? "sent"
                         : now == NoticeQueue::Next::dead ? "dead"
                                                          : "later");
            // A mail server may repeat the address, which may be the ID: what it said is in the database.
            spdlog::debug("event=mail_answer notice={} answer=\"{}\"", notice.notice_id, result.answer);
            return;
        } catch (const pqxx::failure& error) {
            session_.reset();
            if (stop_ != nullptr ? stop_->load() : wait > 10s) throw;
            if (wait == kFirstPause)
                spdlog::warn("event=outcome_waits notice={} detail=\"{}\"", notice.notice_id, one_line(error.what()));
            std::this_thread::sleep_for(wait);
        }
    }
}

std::size_t Notifier::run_once() {
    std::size_t count = 0;
    while (step()) ++count;
    return count;
}

// A wake-up is only a hint, so the table is read after each; and await_notification returns at once, with nothing, when
// the server has just gone, hence the pause.
void Notifier::wait_for_work(const std::atomic<bool>& stop) {
    const auto end = std::chrono::steady_clock::now() + kPoll;
    while (!stop && !session_->receiver.woken && std::chrono::steady_clock::now() < end) {
        const auto before = std::chrono::steady_clock::now();
        if (session_->connection->await_notification(0, 500'000) == 0 &&
            std::chrono::steady_clock::now() - before < 100ms)
            std::this_thread::sleep_for(100ms);
    }
}

void Notifier::run(const std::atomic<bool>& stop) {
    stop_ = &stop;
    bool away = false;
    for (auto pause = std::chrono::milliseconds(500); !stop;) {
        try {
            open();
            session_->receiver.woken = false;  // before the table is read: what is queued from here on wakes
            while (!stop && step()) {
            }
            if (away) spdlog::info("event=database_back");
            away = false;
            pause = 500ms;
            if (!stop) wait_for_work(stop);
        } catch (const pqxx::failure& error) {
            session_.reset();
            if (!away) spdlog::warn("event=database_away detail=\"{}\"", one_line(error.what()));
            away = true;
            for (auto waited = 0ms; waited < pause && !stop; waited += 100ms) std::this_thread::sleep_for(100ms);
            pause = std::min<std::chrono::milliseconds>(pause * 2, kMaxReconnect);
        }
    }
    stop_ = nullptr;
}

}  // namespace guard::notifier
