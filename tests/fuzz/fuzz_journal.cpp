// The journal's export format, as replay takes it. Input: a byte of settings, the export behind its first field.
#include <algorithm>

#include "replay/formats/mail.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/support/journal_lines.hpp"

namespace {

using namespace guard;
using namespace guard::replay;
using fuzz::require;
using test::lines_of;

fuzz::Reached entries("entries"), malformed("malformed"), events("events"), bytes_lists("lists of bytes");

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::size_t most = 32U + input.byte();
    const std::string text = "__CURSOR=s\n" + std::string(fuzz::text_of(input.rest()));
    const std::string lines = lines_of(text, text.size() + 64, 4096);
    require(lines == lines_of(text, most, 7), "the same for any buffer");
    require(!lines.empty() && lines.ends_with('\n'), "whole lines");
    // No more entries than there are blank lines, and one that is broken off; a malformed one may end where a value of
    // a wrong length does. Each is an object that the parsers take.
    const auto count = static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
    std::size_t blanks = 0;
    for (auto at = text.find("\n\n"); at != text.npos; at = text.find("\n\n", at + 1)) ++blanks;
    static const auto parser = mail_parser();
    ParsedChunk parsed;
    std::size_t broken = 0;
    for (std::size_t begin = 0, end = 0; begin < lines.size(); begin = end + 1) {
        end = lines.find('\n', begin);
        const std::string line = lines.substr(begin, end - begin);
        require(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }), "plain lines");
        const bool is_malformed = line.starts_with("{\"journal\":");
        (is_malformed ? malformed : entries).count();
        broken += is_malformed ? 1 : 0;
        if (line.find('[') != line.npos) bytes_lists.count();
        parser->parse(line + '\n', parsed);
        require(parsed.faults.empty() || parsed.faults.front().found != "no complete JSON object",
                "one JSON object a line");
        if (!parsed.events.empty()) events.count();
    }
    require(count <= blanks + 1 + broken, "an entry ends with a blank line");
    return 0;
}
