#include "notifier/sample.hpp"

#include "notifier/address.hpp"
#include "notifier/local_time.hpp"

namespace guard::notifier {
namespace {

using namespace std::chrono_literals;

std::string repeated(std::string_view text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) result += text;
    return result;
}

std::string_view seen_text(Service service, bool japanese) {
    if (service == Service::pppoe)
        return japanese ? "北海道での接続を最後に確認してから12分後に、少なくとも1,"
                          "363km離れた鹿児島県からの接続がありました。移動したとす"
                          "ると時速5,639kmを超えます。"
                        : "The ID was used in Kagoshima 12 minutes after a sign of life in Hokkaido, at least 1,363 km "
                          "away; that would be more than 5,639 km/h.";
    return japanese ? "日本での使用の40分後に、少なくとも7,500km離れた国外からの使用がありました。"
                    : "The ID was used abroad 40 minutes after it was used in Japan, at least 7,500 km away.";
}

}  // namespace

DeliveryJob sample_job(const config::Settings& settings, std::string_view kind, Service service,
                       std::string_view language, Time now) {
    const LocalTime local_time(settings.time_zone);
    const bool japanese = language == "ja";
    DeliveryJob job;
    job.key = "test-" + std::to_string(now.time_since_epoch().count());
    job.message_id = "<" + job.key + "@" + domain_of(settings.mail_from) + ">";
    job.kind = kind;
    job.service = service;
    job.now = now;
    job.recipient = {.name = japanese ? "見本 太郎" : "Taro Mihon",
                     .language = std::string(language),
                     .mail = "mihon@isp.example",
                     .phone = "090-0000-0000",
                     .postal_code = "000-0000",
                     .postal_address = "東京都千代田区見本町一丁目2番3号\nみほんマンション405号室"};
    job.values = {{"case_number", "TEST"},
                  {"name", job.recipient.name},
                  {"id_masked", "ta***@isp.example"},
                  {"seen", std::string(seen_text(service, japanese))},
                  {"seen_at", local_time.text(now - 2h, language)},
                  {"suspended_at", local_time.text(now - 118min, language)},
                  {"released_at", local_time.text(now - 1h, language)},
                  {"operator_name", settings.operator_name},
                  {"operator_phone", settings.operator_phone},
                  {"operator_verify", settings.operator_verify}};
    return job;
}

DeliveryJob longest_job(const config::Settings& settings, std::string_view kind, Service service,
                        std::string_view language) {
    // The last minute of a year: no date is longer.
    auto job = sample_job(settings, kind, service, language, parse_rfc3339("2026-12-31T12:59:00Z").value());
    job.values["case_number"] = "9999999999";
    job.values["name"] = repeated(language == "ja" ? "名" : "n", 40);
    job.values["id_masked"] = "ab***@" + repeated("d", 40) + ".example";
    job.values["seen"] = repeated(language == "ja" ? "文" : "s", 160);
    return job;
}

}  // namespace guard::notifier
