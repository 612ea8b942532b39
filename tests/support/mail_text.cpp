#include "tests/support/mail_text.hpp"

#include <algorithm>
#include <regex>
#include <stdexcept>

namespace guard::test {
namespace {

std::string from_base64(std::string_view text) {
    static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string result;
    unsigned bits = 0, count = 0;
    for (const char letter : text) {
        if (letter == '\n' || letter == '=') continue;
        const auto value = kAlphabet.find(letter);
        if (value == std::string_view::npos) throw std::runtime_error("not base64");
        bits = bits << 6 | static_cast<unsigned>(value);
        count += 6;
        if (count >= 8) {
            count -= 8;
            result += static_cast<char>(bits >> count & 0xff);
        }
    }
    return result;
}

bool ends_within_a_character(const std::string& text) {
    std::size_t lead = text.size();
    while (lead > 0 && (static_cast<unsigned char>(text[lead - 1]) & 0xc0) == 0x80) --lead;
    if (lead == 0) return !text.empty();
    const auto first = static_cast<unsigned char>(text[lead - 1]);
    const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    return text.size() - (lead - 1) != length;
}

std::string decoded(const std::string& value, MailText& mail) {
    static const std::regex kWord(R"(=\?UTF-8\?B\?([A-Za-z0-9+/=]*)\?=)");
    std::string result;
    std::size_t position = 0;
    bool after_word = false;
    for (std::sregex_iterator word(value.begin(), value.end(), kWord), end; word != end; ++word) {
        const auto gap = value.substr(position, static_cast<std::size_t>(word->position()) - position);
        if (!after_word || gap.find_first_not_of(' ') != std::string::npos) result += gap;
        const auto text = from_base64(word->str(1));
        if (ends_within_a_character(text)) throw std::runtime_error("an encoded word splits a character");
        if (word->length() > 75) throw std::runtime_error("an encoded word of more than 75 octets");
        mail.longest_encoded_word = std::max(mail.longest_encoded_word, static_cast<std::size_t>(word->length()));
        result += text;
        position = static_cast<std::size_t>(word->position() + word->length());
        after_word = true;
    }
    return result + value.substr(position);
}

}  // namespace

MailText read_mail(std::string_view message) {
    std::string text;
    for (const char letter : message) {
        if (static_cast<unsigned char>(letter) > 0x7e || letter == '\0') throw std::runtime_error("not ASCII");
        if (letter != '\r') text += letter;
    }
    MailText mail;
    for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1)
        mail.longest_line = std::max(mail.longest_line, text.find('\n', at) - at);
    const auto border = text.find("\n\n");
    if (border == std::string::npos) throw std::runtime_error("no end of the headers");
    const auto head = std::regex_replace(text.substr(0, border + 1), std::regex("\n[ \t]+"), " ");
    for (std::size_t at = 0; at < head.size(); at = head.find('\n', at) + 1) {
        const auto line = head.substr(at, head.find('\n', at) - at);
        std::smatch parts;
        if (!std::regex_match(line, parts, std::regex("([!-9;-~]+): ?(.*)")))
            throw std::runtime_error("no header: " + line);
        const auto name = parts.str(1);
        if (name != "Received" && mail.headers.contains(name)) throw std::runtime_error("twice: " + name);
        mail.headers[name] = decoded(parts.str(2), mail);
    }
    const auto body = text.substr(border + 2);
    const auto& type = mail.headers["Content-Type"];
    std::smatch boundary;
    if (!std::regex_match(type, boundary, std::regex("multipart/alternative; boundary=\"([^\"]+)\""))) {
        mail.body = mail.headers["Content-Transfer-Encoding"] == "base64" ? from_base64(body) : body;
        std::erase(mail.body, '\r');
        return mail;
    }
    const auto delimiter = "--" + boundary.str(1);
    auto at = body.find(delimiter + "\n");
    if (at != 0) throw std::runtime_error("no part at the beginning");
    while (body.compare(at, delimiter.size() + 2, delimiter + "--") != 0) {
        const auto begin = at + delimiter.size() + 1, end = body.find("\n" + delimiter, begin);
        if (end == std::string::npos) throw std::runtime_error("a part without an end");
        const auto part = read_mail(body.substr(begin, end + 1 - begin));
        (part.headers.at("Content-Type").starts_with("text/html") ? mail.html : mail.body) = part.body;
        at = end + 1;
    }
    return mail;
}

}  // namespace guard::test
