// A position of a spool, as the database keeps it. Input: the text.
#include "spool/position.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

guard::fuzz::Reached parsed("parsed"), with_offsets("with offsets");

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using guard::fuzz::require;
    const auto text = guard::fuzz::text_of({data, size});
    const auto position = guard::spool::Position::parse(text);
    if (!position) return 0;
    parsed.count();
    if (!position->offsets.empty()) with_offsets.count();
    require(position->to_string() == text, "written again it is the same text");
    for (const auto& [segment, offset] : position->offsets) {
        require(segment > position->done_through, "what is listed is not done already");
        require(offset == guard::spool::Position::kDone || offset % 8 == 0, "an offset at which a record can begin");
    }
    return 0;
}
