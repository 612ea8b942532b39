// Replay's reader of exports of radacct and radpostauth. Input: two bytes where to cut, the file.
#include "replay/formats/csv.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/parser_properties.hpp"

namespace {

guard::fuzz::Reached tables("tables"), events("events");

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    guard::fuzz::Input input(data, size);
    const std::size_t cut = input.byte() * 256U + input.byte();
    const std::string_view text = guard::fuzz::text_of(input.rest());
    const auto parser = guard::replay::CsvParser::for_file(text);
    if (!parser) return 0;
    tables.count();
    if (guard::fuzz::check_parser(*parser, text, cut) > 0) events.count();
    return 0;
}
