#include "notifier/smtp_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "notifier/address.hpp"

namespace guard::notifier {
namespace {

constexpr long kConnectTimeout = 10, kTimeout = 60;  // seconds

struct Upload {
    const std::string& message;
    std::size_t position = 0;
};

std::size_t read_message(char* buffer, std::size_t size, std::size_t count, void* argument) {
    auto& upload = *static_cast<Upload*>(argument);
    const auto length = std::min(size * count, upload.message.size() - upload.position);
    upload.message.copy(buffer, length, upload.position);
    upload.position += length;
    return length;
}

// Every line of the server. The last of them answers our QUIT, so all are kept.
std::size_t read_answer(char* buffer, std::size_t size, std::size_t count, void* argument) {
    static_cast<std::string*>(argument)->append(buffer, size * count);
    return size * count;
}

std::string one_line(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    for (char& letter : text)
        if (letter < 0x20 || letter > 0x7e) letter = '?';
    return text.substr(0, 200);
}

// The last line of the transcript that begins with the code.
std::string line_with(int code, const std::string& transcript) {
    const auto found = transcript.rfind("\n" + std::to_string(code));
    if (found == std::string::npos) return std::to_string(code);
    return one_line(transcript.substr(found + 1, transcript.find('\n', found + 1) - found - 1));
}

std::string url_of(const std::string& host, unsigned port, const std::string& hello_domain) {
    const bool ipv6 = host.find(':') != std::string::npos;
    return "smtp://" + (ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port) + "/" + hello_domain;
}

}  // namespace

struct SmtpClient::Handle {
    CURL* curl = nullptr;
    std::string url;

    ~Handle() { curl_easy_cleanup(curl); }
};

SmtpClient::SmtpClient(const std::string& host, unsigned port, const std::string& hello_domain)
    : handle_(std::make_unique<Handle>()) {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    handle_->curl = curl_easy_init();
    if (global != CURLE_OK || handle_->curl == nullptr) throw std::runtime_error("libcurl cannot be initialised");
    handle_->url = url_of(host, port, hello_domain);
}

SmtpClient::~SmtpClient() = default;

Delivery SmtpClient::send(const std::string& from, const std::string& to, const std::string& message) {
    CURL* const curl = handle_->curl;
    Upload upload{message};
    std::string transcript = "\n";
    char error[CURL_ERROR_SIZE] = "";
    const auto recipient = "<" + spelled(to) + ">", sender = "<" + spelled(from) + ">";
    const std::unique_ptr<curl_slist, void (*)(curl_slist*)> recipients(curl_slist_append(nullptr, recipient.c_str()),
                                                                        curl_slist_free_all);
    curl_easy_reset(curl);  // keeps the connection, forgets the options
    curl_easy_setopt(curl, CURLOPT_URL, handle_->url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");  // whatever the environment says
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectTimeout);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, kTimeout);
    curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(CURLUSESSL_TRY));
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender.c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_message);
    curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, read_answer);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transcript);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    const CURLcode result = curl_easy_perform(curl);

    long code = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    if (result == CURLE_OK) return {Delivery::Outcome::accepted, 250, line_with(250, transcript)};
    const int answered = static_cast<int>(code);
    if (answered >= 500 && answered < 600) return {Delivery::Outcome::never, answered, line_with(answered, transcript)};
    if (answered >= 400 && answered < 500) return {Delivery::Outcome::later, answered, line_with(answered, transcript)};
    return {Delivery::Outcome::later, 0, one_line(error[0] != '\0' ? error : curl_easy_strerror(result))};
}

}  // namespace guard::notifier
