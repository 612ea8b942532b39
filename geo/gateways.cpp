#include "geo/gateways.hpp"

#include <cerrno>
#include <fstream>
#include <system_error>

namespace guard::geo {

Expected<std::vector<IpAddress>, std::vector<std::string>> load_prefixes(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in)
        return unexpected(std::vector<std::string>{file.string() + ": " + std::generic_category().message(errno) +
                                                   ", expected a file with one address or prefix a line"});
    std::vector<IpAddress> prefixes;
    std::vector<std::string> mistakes;
    std::string line;
    for (std::uint64_t number = 1; std::getline(in, line); ++number) {
        line.erase(std::min(line.find('#'), line.size()));
        const auto first = line.find_first_not_of(" \t\r"), last = line.find_last_not_of(" \t\r");
        if (first == std::string::npos) continue;
        const std::string word = line.substr(first, last - first + 1);
        if (const auto prefix = IpAddress::parse(word))
            prefixes.push_back(*prefix);
        else
            mistakes.push_back(file.string() + ':' + std::to_string(number) + ": found \"" + word +
                               "\", expected an address or prefix");
    }
    if (!mistakes.empty()) return unexpected(std::move(mistakes));
    return prefixes;
}

}  // namespace guard::geo
