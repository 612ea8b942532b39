#include "notifier/smtp_client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <stdexcept>

#include "event/text.hpp"
#include "notifier/address.hpp"

namespace guard::notifier {
namespace {

constexpr std::chrono::seconds kConnectTimeout{10};
constexpr std::size_t kMaxTranscript = 64 << 10;

struct Upload {
    const std::string& message;
    std::size_t position = 0;
};

// What the server said, and the command that it answered last.
struct Dialogue {
    std::string transcript = "\n";
    std::string command;  // its first four letters
};

std::size_t read_message(char* buffer, std::size_t size, std::size_t count, void* argument) {
    auto& upload = *static_cast<Upload*>(argument);
    const auto length = std::min(size * count, upload.message.size() - upload.position);
    upload.message.copy(buffer, length, upload.position);
    upload.position += length;
    return length;
}

std::size_t read_answer(char* buffer, std::size_t size, std::size_t count, void* argument) {
    auto& transcript = static_cast<Dialogue*>(argument)->transcript;
    if (transcript.size() + size * count <= kMaxTranscript) transcript.append(buffer, size * count);
    return size * count;
}

// libcurl shows the commands it sends; what follows AUTH is a secret, so no more than the verb is kept. QUIT is said
// after a refusal and tells nothing.
int note_command(CURL*, curl_infotype type, char* data, std::size_t size, void* argument) {
    if (type != CURLINFO_HEADER_OUT || size < 4) return 0;
    if (const std::string_view verb(data, 4); verb != "QUIT") static_cast<Dialogue*>(argument)->command = verb;
    return 0;
}

std::string one_line(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return printable_ascii(text.substr(0, 200));
}

// The last line of the transcript that begins with the code.
std::string line_with(int code, const std::string& transcript) {
    const auto found = transcript.rfind("\n" + std::to_string(code));
    if (found == std::string::npos) return std::to_string(code);
    return one_line(transcript.substr(found + 1, transcript.find('\n', found + 1) - found - 1));
}

std::string url_of(const SmtpServer& server) {
    const bool ipv6 = server.host.find(':') != std::string::npos;
    return (server.tls == config::SmtpTls::implicit ? "smtps://" : "smtp://") +
           (ipv6 ? "[" + server.host + "]" : server.host) + ":" + std::to_string(server.port) + "/" +
           server.hello_domain;
}

void set_security(CURL* curl, const SmtpServer& server) {
    const bool checked = server.tls != config::SmtpTls::opportunistic;
    curl_easy_setopt(curl, CURLOPT_USE_SSL, static_cast<long>(checked ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, checked ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, checked ? 2L : 0L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!server.ca_file.empty()) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, server.ca_file.c_str());
        curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
    }
    if (!server.user.empty()) {
        curl_easy_setopt(curl, CURLOPT_USERNAME, server.user.c_str());
        curl_easy_setopt(curl, CURLOPT_PASSWORD, std::string(server.password.reveal()).c_str());
    }
}

Delivery outcome_of(CURLcode result, long answered, const Dialogue& dialogue, const char* error) {
    using Outcome = Delivery::Outcome;
    if (result == CURLE_OK) return {Outcome::accepted, 250, line_with(250, dialogue.transcript)};
    const int code = answered >= 400 && answered < 600 ? static_cast<int>(answered) : 0;
    if (code == 0) return {Outcome::later, 0, one_line(*error != '\0' ? error : curl_easy_strerror(result))};
    // After RCPT it is the recipient, after DATA the message; behind the message itself there is no command.
    const bool about_this_mail = dialogue.command == "RCPT" || dialogue.command == "DATA";
    return {code >= 500 && about_this_mail ? Outcome::never : Outcome::later, code,
            line_with(code, dialogue.transcript)};
}

}  // namespace

struct SmtpClient::Handle {
    CURL* curl = nullptr;
    SmtpServer server;
    std::string url;

    ~Handle() { curl_easy_cleanup(curl); }
};

SmtpClient::SmtpClient(SmtpServer server) : handle_(std::make_unique<Handle>()) {
    static const CURLcode global = curl_global_init(CURL_GLOBAL_DEFAULT);
    handle_->curl = curl_easy_init();
    if (global != CURLE_OK || handle_->curl == nullptr) throw std::runtime_error("libcurl cannot be initialised");
    handle_->url = url_of(server);
    handle_->server = std::move(server);
}

SmtpClient::~SmtpClient() = default;

// A server may have closed the connection that was kept, or say 421 to the first command on it: nothing of the mail has
// left us then, so a fresh connection is tried at once.
Delivery SmtpClient::send(const std::string& from, const std::string& to, const std::string& message) {
    bool again = false;
    auto delivery = try_once(from, to, message, again);
    return again ? try_once(from, to, message, again) : delivery;
}

Delivery SmtpClient::try_once(const std::string& from, const std::string& to, const std::string& message, bool& again) {
    CURL* const curl = handle_->curl;
    const auto timeout = handle_->server.timeout;
    Upload upload{message};
    Dialogue dialogue;
    char error[CURL_ERROR_SIZE] = "";
    const auto recipient = "<" + spelled(to) + ">", sender = "<" + spelled(from) + ">";
    const std::unique_ptr<curl_slist, void (*)(curl_slist*)> recipients(curl_slist_append(nullptr, recipient.c_str()),
                                                                        curl_slist_free_all);
    curl_easy_reset(curl);  // keeps the connection, forgets the options
    curl_easy_setopt(curl, CURLOPT_URL, handle_->url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");  // whatever the environment says
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, static_cast<long>(std::min(kConnectTimeout, timeout).count()));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, static_cast<long>(timeout.count()));
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, again ? 1L : 0L);
    set_security(curl, handle_->server);
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender.c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_message);
    curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, read_answer);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &dialogue);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, note_command);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, &dialogue);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
    const CURLcode result = curl_easy_perform(curl);

    long code = 0, connections = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connections);
    const bool reused = connections == 0;
    again = !again && reused && result != CURLE_OK && upload.position == 0 && dialogue.command != "RCPT" &&
            dialogue.command != "DATA";
    auto delivery = outcome_of(result, code, dialogue, error);
    delivery.perhaps =
        delivery.outcome == Delivery::Outcome::later && delivery.code == 0 && upload.position == message.size();
    return delivery;
}

}  // namespace guard::notifier
