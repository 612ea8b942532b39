// Replay's reader of FreeRADIUS's detail files. Input: two bytes where to cut, the file.
#include "replay/formats/detail.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/parser_properties.hpp"

namespace {

guard::fuzz::Reached events("events");

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    guard::fuzz::Input input(data, size);
    const std::size_t cut = input.byte() * 256U + input.byte();
    if (guard::fuzz::check_parser(guard::replay::DetailParser(), guard::fuzz::text_of(input.rest()), cut) > 0)
        events.count();
    return 0;
}
