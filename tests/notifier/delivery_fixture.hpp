// A database with notices to send, and the notifier on it: as an object, or as the program.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "notifier/notifier.hpp"
#include "tests/notifier/notifier_settings.hpp"
#include "tests/sql/database.hpp"

namespace guard::test {

struct DeliveryFixture : Database {
    // Suspends the ID of a subscriber with that address and queues the notice. Returns the case number.
    std::string queue(const std::string& mail, const std::string& language = "ja",
                      const std::string& service = "pppoe") {
        const auto id = "taro" + std::to_string(++subscribers) + "@isp.example";
        const auto suspension = suspend(id, service);
        pqxx::work transaction(connection());
        const auto incident =
            transaction.exec_params1("SELECT incident_id FROM guard.suspension WHERE suspension_id = $1", suspension)[0]
                .as<std::string>();
        transaction.exec_params(
            "INSERT INTO guard.subscriber (service, id, name, mail, language) "
            "VALUES ($1, guard.stored_bytes($2), '山田 太郎', nullif($3, ''), $4)",
            service, id, mail, language);
        transaction.exec_params(
            "INSERT INTO guard.finding (incident_id, finding_key, rule, grade, action, event_time, summary_en, "
            "summary_ja) "
            "VALUES ($1::bigint, 'f' || $1, 'pppoe.jump.live', 'certain', 'suspend', '2026-02-28T15:04:59Z', "
            "'used in Hokkaido and in Kagoshima at the same time', '北海道と鹿児島県で同時に使用されました。')",
            incident);
        transaction.exec_params(
            "INSERT INTO guard.notice (incident_id, kind, idempotency_key, service, id) "
            "VALUES ($1::bigint, 'suspended', 'suspended:' || $1, $2, guard.stored_bytes($3))",
            incident, service, id);
        transaction.commit();
        return incident;
    }
    std::string state(const std::string& incident) {
        return value(
            "SELECT string_agg(kind || '=' || state, ' ' ORDER BY notice_id) FROM guard.notice WHERE incident_id = " +
            incident);
    }
    void make_due() {
        exec(
            "UPDATE guard.delivery SET due_at = now() WHERE state = 'queued'; "
            "UPDATE guard.delivery SET lease_until = now() - interval '1 s' WHERE leased_by IS NOT NULL");
    }
    std::string database() const { return cluster().connection_string("notifier", name()); }
    std::unique_ptr<notifier::Notifier> notifier(std::uint16_t port) const {
        return notifier(notifier_settings(database(), port));
    }
    static std::unique_ptr<notifier::Notifier> notifier(const config::Settings& settings) {
        static const SystemClock clock;
        auto made = notifier::Notifier::make(settings, clock);
        if (!made) throw std::runtime_error(made.error().front());
        return std::move(*made);
    }
    // The program on a configuration file of its own.
    std::unique_ptr<Process> program(std::uint16_t port, const std::vector<std::string>& more = {}) {
        const auto file = files.path() / ("guard" + std::to_string(++configs) + ".toml");
        write_config(file, notifier_settings(database(), port));
        std::vector<std::string> args{kNotifier, "--config", file.string()};
        args.insert(args.end(), more.begin(), more.end());
        return std::make_unique<Process>(args);
    }

    int subscribers = 0, configs = 0;
    TemporaryDirectory files{"notifier"};
};

}  // namespace guard::test
