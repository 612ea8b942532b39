// Replay's reader of FreeRADIUS's own log and of linelog, with every prefix. Input: two bytes where to cut, one which
// variant, the file.
#include "replay/formats/radius_log.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/parser_properties.hpp"

namespace {

guard::fuzz::Reached logins("logins"), linelog("linelog");

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using guard::replay::RadiusLogParser;
    guard::fuzz::Input input(data, size);
    const std::size_t cut = input.byte() * 256U + input.byte();
    const auto variant = static_cast<RadiusLogParser::Variant>(input.byte() % 3);
    if (guard::fuzz::check_parser(RadiusLogParser(variant), guard::fuzz::text_of(input.rest()), cut) > 0)
        (variant == RadiusLogParser::Variant::linelog ? linelog : logins).count();
    return 0;
}
