// The two ways in which replay reads JSON Lines, scanner and strict parser: they must agree. Input: two bytes where to
// cut, the file.
#include "replay/formats/jsonl.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/parser_properties.hpp"

namespace {

guard::fuzz::Reached events("events");

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using guard::replay::JsonlParser;
    guard::fuzz::Input input(data, size);
    const std::size_t cut = input.byte() * 256U + input.byte();
    const std::string_view text = guard::fuzz::text_of(input.rest());
    if (guard::fuzz::check_parser(JsonlParser(), text, cut) > 0) events.count();
    guard::fuzz::check_same(JsonlParser(true), JsonlParser(false), text);
    return 0;
}
