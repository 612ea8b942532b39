#include "cli/replay/event_json.hpp"

#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "event/text.hpp"

namespace guard::cli {
namespace {

void append_text(std::string& out, std::string_view text) {
    // What nearly every ID is made of needs no escape; all of a log goes through here.
    if (is_plain_utf8(text) && text.find_first_of("\"\\") == text.npos) {
        out += '"';
        out += text;
        out += '"';
        return;
    }
    out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_addresses(std::string& out, const Addresses& addresses) {
    if (addresses.empty()) {
        out += "null";
        return;
    }
    if (addresses.size() > 1) out += '[';
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        if (i > 0) out += ',';
        out += '"';
        out += addresses[i].to_string();
        out += '"';
    }
    if (addresses.size() > 1) out += ']';
}

}  // namespace

std::string json_text(std::string_view text) {
    std::string out;
    append_text(out, text);
    return out;
}

void append_json(std::string& out, const replay::StreamEvent& read, std::string_view id, std::string_view file) {
    const LoginEvent& event = read.event;
    fmt::format_to(std::back_inserter(out), R"({{"time":"{}","service":"{}","kind":"{}","id":)",
                   format_rfc3339(event.time), to_string(event.service), to_string(event.kind));
    if (id.empty())
        out += "null";
    else
        append_text(out, id);
    out += R"(,"address":)";
    append_addresses(out, event.addresses);
    if (event.service == Service::smtp_auth)
        fmt::format_to(std::back_inserter(out), R"(,"protocol":"{}","attempts":{})", replay::to_string(read.protocol),
                       read.attempts);
    fmt::format_to(std::back_inserter(out), R"(,"file":{},"line":{}}})", file, read.line);
    out += '\n';
}

}  // namespace guard::cli
