#include "cli/contracts.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <charconv>
#include <memory>

#include "cli/csv_row.hpp"
#include "event/keyed_hash.hpp"
#include "event/text.hpp"
#include "replay/line_reader.hpp"

namespace guard::cli {
namespace {

constexpr std::string_view kHeader = "id,sessions";
constexpr std::size_t kMistakes = 20;
constexpr unsigned kMostSessions = 1000;

class Contracts {
  public:
    explicit Contracts(IdNormalisation normalise) : normalise_(normalise) {}

    // Empty when the row was taken, else what is wrong with it.
    std::string add(const std::vector<std::string>& fields) {
        const auto id = normalise_(fields[0]);
        if (!id) return "found an ID of " + std::to_string(fields[0].size()) + " bytes, expected one of 1 to 253";
        detection::Contract contract;
        const char* const end = fields[1].data() + fields[1].size();
        const auto number = std::from_chars(fields[1].data(), end, contract.sessions);
        if (number.ec != std::errc{} || number.ptr != end || contract.sessions < 1 || contract.sessions > kMostSessions)
            return "found " + in_quotes(fields[1]) + ", expected a number of sessions from 1 to 1000";
        if (fields.size() == 3) {
            const auto region = geo::Code::parse(fields[2]);
            if (!region) return "found " + in_quotes(fields[2]) + ", expected a region such as JP-01";
            contract.home_region = *region;
        }
        if (!by_id_.emplace(hash(*id), contract).second) return "found a second row of the same ID, expected one";
        return {};
    }
    [[nodiscard]] std::optional<detection::Contract> find(Service service, const std::string& id) const {
        if (service != Service::pppoe) return std::nullopt;
        const auto found = by_id_.find(hash(id));
        if (found == by_id_.end()) return std::nullopt;
        return found->second;
    }

  private:
    [[nodiscard]] std::uint64_t hash(const std::string& id) const {
        return keyed_hash(key_, {reinterpret_cast<const std::uint8_t*>(id.data()), id.size()}).low;
    }

    const IdNormalisation normalise_;
    const HashKey key_ = random_key();
    boost::unordered_flat_map<std::uint64_t, detection::Contract> by_id_;
};

}  // namespace

Expected<ContractLookup, std::vector<std::string>> load_contracts(const std::filesystem::path& file,
                                                                  const IdNormalisation& normalise) {
    auto lines = replay::LineReader::open(file);
    if (!lines) return unexpected(std::vector<std::string>{lines.error()});
    const auto contracts = std::make_shared<Contracts>(normalise);
    std::vector<std::string> mistakes;
    std::size_t columns = 0;
    std::uint64_t number = 0;
    while (const auto line = lines->next()) {
        ++number;
        const auto fields = split_row(line->text);
        std::string mistake;
        if (number == 1) {
            const bool home = line->text == "id,sessions,home_region";
            columns = home ? 3 : 2;
            if (!home && line->text != kHeader)
                mistake = "found " + in_quotes(line->text) + ", expected the columns id,sessions[,home_region]";
        } else if (line->too_long || !fields || fields->size() != columns) {
            if (!line->too_long && line->text.empty()) continue;
            mistake = "found no row of " + std::to_string(columns) + " columns, expected one as the first line says";
        } else {
            mistake = contracts->add(*fields);
        }
        if (mistake.empty()) continue;
        mistakes.push_back(file.string() + ':' + std::to_string(number) + ": " + mistake);
        if (mistakes.size() == kMistakes || number == 1) break;
    }
    if (number == 0) mistakes.push_back(file.string() + ": found an empty file, expected the columns id,sessions");
    if (!mistakes.empty()) return unexpected(std::move(mistakes));
    return ContractLookup([contracts](Service service, const std::string& id) { return contracts->find(service, id); });
}

}  // namespace guard::cli
