// A delivery status notification. Input: the mail.
#include <algorithm>

#include "notifier/bounce.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

guard::fuzz::Reached parsed("parsed"), no_report("no report"), no_recipient("no recipient"), no_id("no Message-ID"),
    temporary("temporary"), malformed("malformed");

bool is_printable(const std::string& text) {
    return std::ranges::all_of(text, [](char letter) { return letter >= 0x20 && letter <= 0x7e; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using guard::fuzz::require;
    using guard::notifier::BounceError;
    const auto bounce = guard::notifier::parse_bounce(guard::fuzz::text_of({data, size}));
    if (!bounce) {
        if (bounce.error() == BounceError::no_report) no_report.count();
        if (bounce.error() == BounceError::no_recipient) no_recipient.count();
        if (bounce.error() == BounceError::no_message_id) no_id.count();
        if (bounce.error() == BounceError::malformed) malformed.count();
        return 0;
    }
    parsed.count();
    if (!bounce->permanent) temporary.count();
    const auto& id = bounce->message_id;
    require(id.size() >= 5 && id.size() <= 250 && id.front() == '<' && id.back() == '>' &&
                id.find('>') == id.size() - 1 && id.find(' ') == std::string::npos && is_printable(id),
            "a Message-ID in its brackets");
    const auto& status = bounce->status;
    require(status.size() >= 5 && status.size() <= 9 && std::ranges::count(status, '.') == 2,
            "a status of three parts");
    require(bounce->permanent == (status.front() == '5'), "class 5 is permanent");
    require(is_printable(bounce->final_recipient) && is_printable(bounce->diagnostic) &&
                bounce->final_recipient.size() <= 200 && bounce->diagnostic.size() <= 200,
            "texts are short and printable");
    return 0;
}
