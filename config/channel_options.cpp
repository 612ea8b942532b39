// The sections of the option table about the roads to the subscriber.
#include <algorithm>
#include <array>
#include <type_traits>

#include "config/option.hpp"

namespace guard::config {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;

#define IN(member)                     \
    [](Settings & settings) -> auto& { \
        return settings.member;        \
    }
#define OF(member)                       \
    [](Settings & settings) -> auto& {   \
        return gateway(settings).member; \
    }

constexpr std::array<std::string_view, 2> kGatewayTexts{"sms", "phone"};
constexpr std::array<std::string_view, 3> kGatewayAddresses{"phone", "mail", "none"};
constexpr std::array<std::string_view, 3> kSmtpTls{"opportunistic", "required", "implicit"};
bool is_https(std::string_view url) {
    constexpr std::string_view kScheme = "https://";
    if (url.empty()) return true;
    if (!url.starts_with(kScheme) || url.find(' ') != url.npos) return false;
    const auto authority = url.substr(kScheme.size(), url.find_first_of("/?#", kScheme.size()) - kScheme.size());
    return !authority.empty() && authority.find('@') == authority.npos;
}

bool is_country_code(std::string_view text) {
    return !text.empty() && text.size() <= 3 && text.find_first_not_of("0123456789") == text.npos &&
           text.front() != '0';
}

bool is_prefixes(std::string_view text) {
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        if (word.size() < 2 || word.front() != '+' || word.find_first_not_of("0123456789", 1) != word.npos)
            return false;
        text.remove_prefix(std::min(word.size() + 1, text.size()));
    }
    return true;
}

bool any(std::string_view) {
    return true;
}

// The names are those of the enumerators, in their order.
template <auto in>
Choice choice(std::span<const std::string_view> names) {
    return {names, [](Settings& settings) { return static_cast<std::size_t>(in(settings)); },
            [](Settings& settings, std::size_t index) {
                in(settings) = static_cast<std::remove_reference_t<decltype(in(settings))>>(index);
            }};
}

Section notice_mail() {
    return {"notice.mail",
            "How mail is handed to `notice.smtp_host`.",
            {{"tls", choice<IN(mail.tls)>(kSmtpTls),
              "`opportunistic`: encrypted if the server offers it, without asking who it is; for the operator's own "
              "server near by. `required`: STARTTLS, and a certificate valid for `notice.smtp_host`; for a smart host. "
              "`implicit`: the same with TLS from the first byte, as a rule port 465."},
             {"ca_file", File{IN(mail.ca_file)},
              "The certificates, in PEM, that the server's is checked against. Empty: the system's."},
             {"user", Text{IN(mail.user), any, "a text"},
              "The name to authenticate with. Empty: no authentication. Not with `opportunistic`."},
             {"password_file", File{IN(mail.password_file)},
              "File whose first line is the password, readable by this user alone."}}};
}

Section notice_letter() {
    return {"notice.letter",
            "Letters as PDF for a printing house. Lengths are millimetres on a sheet of A4 that is folded in three.",
            {{"directory", File{IN(letter.directory)}, "Where letters and batches are written. Empty: no letters."},
             {"sender", Texts{IN(letter.sender), any, "a text"},
              "Who writes, one line each: name, postal code, address. Printed on top of the letter."},
             {"font", Text{IN(letter.font), any, "a text"}, "The font family."},
             {"address_left", Number{IN(letter.address_left), 5, 150},
              "The field of the address, from the left edge of the sheet. The defaults fit a window of 90 x 45 mm, 20 "
              "mm from the left and 12 mm from the top of a Nagagata 3 envelope, wherever the sheet has slid to."},
             {"address_top", Number{IN(letter.address_top), 5, 90}, "The same from the top edge."},
             {"address_width", Number{IN(letter.address_width), 40, 120}, "Its width."},
             {"address_height", Number{IN(letter.address_height), 15, 60}, "Its height."},
             {"clear_left", Number{IN(letter.clear_left), 60, 150},
              "Nothing but the address is printed left of this and above `clear_top`: what the window may show."},
             {"clear_top", Number{IN(letter.clear_top), 40, 95}, "The same from the top edge."},
             {"keep", Duration{IN(letter.keep), days{1}, days{365}},
              "Batches and letters of this age are deleted (R8). Longer than the printing house takes to fetch them, "
              "and than `notice.give_up`."}}};
}

GatewaySettings& sms_gateway(Settings& settings) {
    return settings.sms;
}

GatewaySettings& webhook_gateway(Settings& settings) {
    return settings.webhook;
}

template <GatewaySettings& (*gateway)(Settings&)>
Section notice_gateway(std::string_view name, std::string_view help) {
    return {name,
            help,
            {{"url", Text{OF(url), is_https, "a URL that begins with https://, without name and password"},
              "Where the request goes. Empty: there is no such channel."},
             {"signing_key_file", File{OF(signing_key_file)},
              "File, readable by this user alone, whose first line is the key of the request's signature."},
             {"authorization_file", File{OF(authorization_file)},
              "File, readable by this user alone, whose first line goes into the header Authorization. Empty: none."},
             {"ca_file", File{OF(ca_file)},
              "The certificates, in PEM, that the gateway's is checked against. Empty: the system's."},
             {"body_file", File{OF(body_file)},
              "Template of the body, JSON in mustache: pppoe-guard-notifier(8) lists its variables."},
             {"address", choice<OF(address)>(kGatewayAddresses),
              "What of the subscriber the gateway needs: without it the channel does not reach the subscriber."},
             {"country_code", Text{OF(country_code), is_country_code, "one to three digits"},
              "The country of telephone numbers that begin with 0."},
             {"numbers", Text{OF(numbers), is_prefixes, "beginnings of numbers such as \"+8190\", divided by blanks"},
              "How telephone numbers begin that the gateway can reach. Empty: any."},
             {"text", choice<OF(text)>(kGatewayTexts), "Which of the templates gives the text."},
             {"max_segments", Count{OF(max_segments), 0, 255},
              "A text that may need more parts of a short message than this is refused at the start. `0`: no limit."},
             {"timeout", Duration{OF(timeout), 1s, 60s}, "How long the whole request may take."}}};
}

#undef OF
#undef IN

}  // namespace

std::vector<Section> channel_sections() {
    return {
        notice_mail(), notice_letter(),
        notice_gateway<sms_gateway>("notice.sms", "Short messages, by a gateway that takes an HTTPS request."),
        notice_gateway<webhook_gateway>(
            "notice.webhook", "Any other gateway that takes an HTTPS request: a telephone robot, a ticket system.")};
}

}  // namespace guard::config
