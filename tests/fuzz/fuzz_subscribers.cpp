// The file of subscribers. Input: a byte of settings of the normalisation of IDs, the file.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "cli/subscriber_file.hpp"
#include "event/text.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace guard;
using fuzz::require;

fuzz::Reached refused("refused"), imported("imported"), rows_told("rows");

std::string from_hexadecimal(const std::string& text) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2)
        bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
    return bytes;
}

void check_row(const std::vector<std::string>& columns, const std::vector<std::string>& row,
               const IdNormalisation& normalise) {
    rows_told.count();
    require(row.size() == columns.size(), "a row has the columns that were told");
    for (std::size_t i = 0; i < row.size(); ++i) {
        require(is_plain_utf8(row[i]), "what goes into the database is plain text");
        require(row[i].size() <= 506, "every field has a limit");
        if (columns[i] == "service") require(row[i] == "pppoe" || row[i] == "smtp_auth", "a service is one of two");
        if (columns[i] != "id") continue;
        const std::string id = from_hexadecimal(row[i]);
        require(!id.empty() && id.size() <= 253, "an ID of 1 to 253 bytes");
        if (normalise.realm == IdNormalisation::Realm::keep) require(normalise(id) == id, "an ID is normalised");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    const std::uint8_t choice = input.byte();
    const IdNormalisation normalise{(choice & 1U) != 0 ? IdNormalisation::Case::keep : IdNormalisation::Case::lower,
                                    (choice & 2U) != 0 ? IdNormalisation::Realm::strip : IdNormalisation::Realm::keep};
    const std::string_view text = fuzz::text_of(input.rest());
    const int descriptor = ::memfd_create("fuzz", MFD_CLOEXEC);
    if (descriptor < 0 || ::write(descriptor, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        throw std::system_error(errno, std::generic_category(), "memfd");
    std::vector<std::string> columns;
    std::uint64_t told = 0;
    const auto rows = cli::read_subscribers("/proc/self/fd/" + std::to_string(descriptor), normalise,
                                            {[&](const auto& named) {
                                                 require(columns.empty(), "the columns are told once");
                                                 columns = named;
                                             },
                                             [&](const auto& row) {
                                                 ++told;
                                                 check_row(columns, row, normalise);
                                             }});
    ::close(descriptor);
    if (rows) {
        imported.count();
        require(*rows == told, "every row is told");
        require(std::ranges::find(columns, "id") != columns.end(), "there is a column of IDs");
    } else {
        refused.count();
        require(!rows.error().empty() && rows.error().size() <= 1000, "mistakes are told, and not without end");
        for (const std::string& mistake : rows.error()) require(is_plain_utf8(mistake), "a message is plain text");
    }
    return 0;
}
