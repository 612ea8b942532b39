#include "notifier/channels/gateway_channel.hpp"

#include <curl/curl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "config/secret_file.hpp"
#include "event/text.hpp"
#include "notifier/address.hpp"
#include "notifier/phone_number.hpp"

namespace guard::notifier {
namespace {

constexpr long kConnectTimeout = 10;  // seconds
constexpr std::size_t kMaxAnswer = 64 << 10, kMaxShown = 160;
constexpr std::size_t kMaxTemplate = 64 << 10;
constexpr std::chrono::seconds kMaxRetryAfter{24 * 3600};

using Headers = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;

// No more than is worth keeping; the rest is not read.
std::size_t read_answer(char* buffer, std::size_t size, std::size_t count, void* argument) {
    auto& answer = *static_cast<std::string*>(argument);
    if (answer.size() + size * count > kMaxAnswer) return 0;
    answer.append(buffer, size * count);
    return size * count;
}

void add_header(Headers& headers, const std::string& line) {
    auto* const longer = curl_slist_append(headers.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    (void)headers.release();
    headers.reset(longer);
}

bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= 200 &&
           std::ranges::all_of(text, [](char letter) { return letter > 0x20 && letter < 0x7f; });
}

// However the other side writes the address: "+8190...", "8190...", "090...".
std::string without_address(std::string text, const std::string& address, const std::string& country_code) {
    std::vector<std::string> forms{address};
    if (address.starts_with('+')) {
        forms.push_back(address.substr(1));
        if (address.substr(1).starts_with(country_code)) forms.push_back("0" + address.substr(1 + country_code.size()));
    }
    for (const auto& form : forms)
        for (auto at = text.find(form); !form.empty() && at != std::string::npos; at = text.find(form))
            text.replace(at, form.size(), "<recipient>");
    return text;
}

Delivery::Outcome outcome_of(long code) {
    if (code >= 200 && code < 300) return Delivery::Outcome::accepted;
    const bool may_pass = code == 408 || code == 429 || code < 400 || code >= 500;
    return may_pass ? Delivery::Outcome::later : Delivery::Outcome::never;
}

}  // namespace

std::string gateway_signature(std::string_view key, std::string_view timestamp, std::string_view body) {
    const auto message = std::string(timestamp) + "." + std::string(body);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(), &size) == nullptr)
        throw std::runtime_error("HMAC-SHA256 cannot be computed");
    return "v1=" + hexadecimal({reinterpret_cast<const char*>(digest.data()), size});
}

Expected<Gateway, std::vector<std::string>> load_gateway(const std::string& name,
                                                         const config::GatewaySettings& settings) {
    std::vector<std::string> errors;
    Gateway gateway;
    gateway.name = name;
    gateway.settings = settings;
    const auto complain = [&](const char* key, const std::string& what) {
        errors.push_back("notice." + name + "." + key + ": " + what);
    };
    const auto secret = [&](const char* key, const std::filesystem::path& file, config::Secret& into) {
        if (auto read = config::read_secret_file(file))
            into = std::move(*read);
        else
            complain(key, read.error());
    };
    secret("signing_key_file", settings.signing_key_file, gateway.signing_key);
    if (!settings.authorization_file.empty())
        secret("authorization_file", settings.authorization_file, gateway.authorization);
    std::error_code none;
    if (!settings.ca_file.empty() && !std::filesystem::is_regular_file(settings.ca_file, none))
        complain("ca_file", settings.ca_file.string() + ": cannot be read");
    std::ifstream file(settings.body_file, std::ios::binary);
    std::string text(kMaxTemplate + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.empty() || text.size() > kMaxTemplate)
        complain("body_file", settings.body_file.string() + ": cannot be read, is empty or longer than 64 KiB");
    else if (auto body = GatewayBody::parse(text))
        gateway.body = std::move(*body);
    else
        complain("body_file", settings.body_file.string() + ": " + body.error());
    if (!errors.empty()) return unexpected(std::move(errors));
    return gateway;
}

struct GatewayChannel::Handle {
    CURL* curl = nullptr;
    ~Handle() { curl_easy_cleanup(curl); }
};

GatewayChannel::GatewayChannel(Gateway gateway, std::shared_ptr<const TemplateSet> templates)
    : gateway_(std::move(gateway)), templates_(std::move(templates)), handle_(std::make_unique<Handle>()) {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    handle_->curl = curl_easy_init();
    if (global != CURLE_OK || handle_->curl == nullptr) throw std::runtime_error("libcurl cannot be initialised");
}

GatewayChannel::~GatewayChannel() = default;

// Empty: there is none that the gateway can reach.
std::string GatewayChannel::address_of(const Recipient& recipient) const {
    const auto& settings = gateway_.settings;
    if (settings.address == config::GatewayAddress::mail)
        return is_mail_address(recipient.mail) ? recipient.mail : std::string();
    const auto number = international_number(recipient.phone, settings.country_code);
    if (!number) return {};
    if (settings.numbers.empty()) return *number;
    for (std::string_view rest = settings.numbers; !rest.empty();) {
        const auto prefix = rest.substr(0, rest.find(' '));
        if (number->starts_with(prefix)) return *number;
        rest.remove_prefix(std::min(prefix.size() + 1, rest.size()));
    }
    return {};
}

bool GatewayChannel::reaches(const Recipient& recipient) const {
    return gateway_.settings.address == config::GatewayAddress::none || !address_of(recipient).empty();
}

std::string GatewayChannel::masked_address(const Recipient& recipient) const {
    switch (gateway_.settings.address) {
        case config::GatewayAddress::phone:
            return masked_number(recipient.phone);
        case config::GatewayAddress::mail:
            return masked(recipient.mail);
        case config::GatewayAddress::none:
            break;
    }
    return "-";
}

Delivery GatewayChannel::deliver(const DeliveryJob& job) {
    using Outcome = Delivery::Outcome;
    const auto& settings = gateway_.settings;
    if (!reaches(job.recipient)) return {Outcome::never, 0, "no address that the gateway can reach"};
    if (!TemplateSet::knows(job.kind, job.recipient.language))
        return {Outcome::never, 0, "there is no text of this kind in this language"};
    if (!is_token(job.key)) return {Outcome::never, 0, "the key of the delivery does not fit into a header"};
    const auto medium = settings.text == config::GatewayText::sms ? Medium::sms : Medium::phone;
    auto text = templates_->render(medium, job.kind, job.recipient.language, job.service, job.values).body;
    while (text.ends_with('\n')) text.pop_back();
    const bool needs_address = settings.address != config::GatewayAddress::none;
    const auto address = needs_address ? address_of(job.recipient) : std::string();
    const auto number = job.values.find("case_number");
    const auto body = gateway_.body.render({{"address", address},
                                            {"text", text},
                                            {"key", job.key},
                                            {"case_number", number == job.values.end() ? "" : number->second},
                                            {"kind", job.kind},
                                            {"service", std::string(to_string(job.service))},
                                            {"language", job.recipient.language}});
    auto delivery = post(job.key, body, job.now);
    delivery.answer =
        printable_ascii(without_address(delivery.answer, address, settings.country_code).substr(0, kMaxShown));
    return delivery;
}

Delivery GatewayChannel::post(const std::string& key, const std::string& body, Time now) {
    const auto& settings = gateway_.settings;
    const auto timestamp = std::to_string(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
    Headers headers(nullptr, curl_slist_free_all);
    add_header(headers, "Content-Type: application/json");
    add_header(headers, "Accept: application/json");
    add_header(headers, "Expect:");
    add_header(headers, "Idempotency-Key: " + key);
    add_header(headers, "PPPoE-Guard-Timestamp: " + timestamp);
    add_header(headers, "PPPoE-Guard-Signature: " + gateway_signature(gateway_.signing_key.reveal(), timestamp, body));
    if (!gateway_.authorization.reveal().empty())
        add_header(headers, "Authorization: " + std::string(gateway_.authorization.reveal()));

    std::string answer;
    char error[CURL_ERROR_SIZE] = "";
    CURL* const curl = handle_->curl;
    curl_easy_reset(curl);  // keeps the connection, forgets the options
    curl_easy_setopt(curl, CURLOPT_URL, settings.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");  // whatever the environment says
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectTimeout);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(settings.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!settings.ca_file.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, settings.ca_file.c_str());
        curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
    }
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "pppoe-guard");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, read_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    const CURLcode result = curl_easy_perform(curl);

    long code = 0;
    curl_off_t wait = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
    // The status says it, also when the rest of the answer was cut off.
    if (code < 200) return {Delivery::Outcome::later, 0, *error != '\0' ? error : curl_easy_strerror(result)};
    Delivery delivery{outcome_of(code), static_cast<int>(code), std::to_string(code) + " " + answer};
    delivery.retry_after = std::clamp(std::chrono::seconds(wait), std::chrono::seconds(0), kMaxRetryAfter);
    return delivery;
}

}  // namespace guard::notifier
