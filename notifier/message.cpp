#include "notifier/message.hpp"

#include <algorithm>
#include <cstdint>

#include "event/text.hpp"
#include "notifier/address.hpp"

namespace guard::notifier {
namespace {

constexpr std::size_t kLine = 76;  // RFC 2047: of a line with encoded words; RFC 2045: of base64
constexpr std::string_view kWordBegin = "=?UTF-8?B?", kWordEnd = "?=";

std::string base64(std::string_view bytes) {
    static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string result;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const auto group = bytes.substr(i, 3);
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; ++j)
            bits = bits << 8 | (j < group.size() ? static_cast<std::uint8_t>(group[j]) : 0U);
        for (std::size_t j = 0; j < 4; ++j) result += j <= group.size() ? kAlphabet[bits >> (18 - 6 * j) & 63] : '=';
    }
    return result;
}

bool is_printable_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char letter) { return letter >= 0x20 && letter <= 0x7e; });
}

// The longest beginning of `text` of at most `bytes` octets that ends with a whole character.
std::size_t whole_characters(std::string_view text, std::size_t bytes) {
    if (bytes >= text.size()) return text.size();
    while (bytes > 0 && (static_cast<std::uint8_t>(text[bytes]) & 0xc0) == 0x80) --bytes;
    return bytes;
}

// A display name (RFC 5322 section 3.2.5) that is ASCII: in quotes, since it may hold commas or dots.
std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char letter : text) {
        if (letter == '"' || letter == '\\') result += '\\';
        result += letter;
    }
    return result + '"';
}

std::string from_header(const Message& message) {
    if (message.from_name.empty()) return spelled(message.from);
    const auto encoded = header_text("From", message.from_name);
    const auto name = encoded == message.from_name ? quoted(encoded) : encoded;
    // An address of 60 octets and an encoded word do not fit in one line.
    return name + "\r\n <" + spelled(message.from) + ">";
}

std::string body_in_base64(std::string_view body) {
    std::string lines;
    for (const char letter : body) lines += letter == '\n' ? std::string("\r\n") : std::string(1, letter);
    const auto encoded = base64(lines);
    std::string result;
    for (std::size_t i = 0; i < encoded.size(); i += kLine) result += encoded.substr(i, kLine) + "\r\n";
    return result;
}

bool is_text(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return is_plain_utf8(text);
}

std::string part(std::string_view type, std::string_view text) {
    return "Content-Type: text/" + std::string(type) + "; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
           body_in_base64(text);
}

// The plainest first, the best last. No line of base64 begins with a hyphen, so the boundary cannot be in a part.
std::string content(const Message& message) {
    if (message.html.empty()) return part("plain", message.body);
    static constexpr char kBoundary[] = "=_pppoe-guard";
    const auto begin = std::string("--") + kBoundary + "\r\n";
    return std::string("Content-Type: multipart/alternative; boundary=\"") + kBoundary + "\"\r\n\r\n" + begin +
           part("plain", message.body) + begin + part("html", message.html) + "--" + kBoundary + "--\r\n";
}

bool is_message_id(std::string_view id) {
    return id.size() >= 5 && id.size() <= 250 && id.front() == '<' && id.back() == '>' &&
           id.find('@') != std::string_view::npos &&
           std::ranges::all_of(id, [](char letter) { return letter > 0x20 && letter <= 0x7e; });
}

}  // namespace

std::string header_text(std::string_view name, std::string_view text) {
    const std::size_t first = name.size() + 2;
    if (is_printable_ascii(text) && first + text.size() <= kLine && text.find("=?") == std::string_view::npos)
        return std::string(text);
    std::string result;
    for (std::size_t used = first; !text.empty(); used = 1) {
        const std::size_t room = kLine - used - kWordBegin.size() - kWordEnd.size();
        const auto length = whole_characters(text, room / 4 * 3);
        if (!result.empty()) result += "\r\n ";
        result += kWordBegin;
        result += base64(text.substr(0, length));
        result += kWordEnd;
        text.remove_prefix(length);
    }
    return result;
}

Expected<std::string, MessageError> compose(const Message& message) {
    if (!is_mail_address(message.from)) return unexpected(MessageError::bad_sender);
    if (!is_mail_address(message.to)) return unexpected(MessageError::bad_recipient);
    if (!is_plain_utf8(message.subject) || !is_plain_utf8(message.from_name) || !is_message_id(message.message_id) ||
        !is_printable_ascii(message.date) || (message.language != "ja" && message.language != "en"))
        return unexpected(MessageError::bad_header);
    if (!is_text(message.body) || !is_text(message.html)) return unexpected(MessageError::bad_body);

    return "Date: " + message.date + "\r\n" + "From: " + from_header(message) + "\r\n" + "To: <" + spelled(message.to) +
           ">\r\n" + "Subject: " + header_text("Subject", message.subject) + "\r\n" +
           "Message-ID: " + message.message_id + "\r\n" +
           "Auto-Submitted: auto-generated\r\n" +  // RFC 3834: no vacation reply, please
           "MIME-Version: 1.0\r\n" + "Content-Language: " + message.language + "\r\n" + content(message);
}

}  // namespace guard::notifier
