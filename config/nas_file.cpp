#include "config/nas_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <toml++/toml.h>
#include <set>
#include <string_view>

namespace guard::config {
namespace {

using Mistakes = std::vector<std::string>;

void complain(Mistakes& mistakes, const std::filesystem::path& file, const toml::node& node, std::string_view key,
              std::string_view expected) {
    mistakes.push_back(fmt::format("{}:{}: {}: expected {}", file.string(), node.source().begin.line, key, expected));
}

Nas read_nas(const std::filesystem::path& file, std::string_view name, const toml::table& table, Mistakes& mistakes) {
    static const std::set<std::string_view> keys{"address", "port", "secret", "relay"};
    for (const auto& [key, value] : table)
        if (!keys.contains(key.str()))
            complain(mistakes, file, value, fmt::format("{}.{}", name, key.str()),
                     "no such key: address, port, secret or relay");
    Nas nas;
    const auto address = table["address"].value<std::string>();
    if (const auto parsed = address ? IpAddress::parse(*address) : std::nullopt; parsed && !parsed->is_prefix())
        nas.address = *parsed;
    else
        complain(mistakes, file, table, fmt::format("{}.address", name), "an IPv4 or IPv6 address");
    if (table.contains("port")) {
        const auto port = table["port"].value<std::int64_t>();
        if (port && *port >= 1 && *port <= 65535)
            nas.port = static_cast<std::uint16_t>(*port);
        else
            complain(mistakes, file, *table.get("port"), fmt::format("{}.port", name), "a number from 1 to 65535");
    }
    if (const auto* relay = table.get("relay")) {
        if (const auto flag = relay->value_exact<bool>())
            nas.relay = *flag;
        else
            complain(mistakes, file, *relay, fmt::format("{}.relay", name), "true or false");
    }
    auto secret = table["secret"].value<std::string>();
    if (secret && !secret->empty())
        nas.secret = Secret(std::move(*secret));
    else
        complain(mistakes, file, table, fmt::format("{}.secret", name), "the secret shared with this NAS");
    return nas;
}

}  // namespace

Expected<NasList, std::vector<std::string>> load_nas_file(const std::filesystem::path& file) {
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0)
        return unexpected(
            Mistakes{fmt::format("{}: cannot be read, expected the file with the NAS secrets", file.string())});
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return unexpected(Mistakes{fmt::format("{}: open to other users, expected mode 0600", file.string())});
    toml::table root;
    try {
        root = toml::parse_file(file.string());
    } catch (const toml::parse_error& error) {
        // Without the parser's own words: they may repeat a part of the line, and so a secret.
        return unexpected(Mistakes{fmt::format("{}:{}: expected TOML", file.string(), error.source().begin.line)});
    }
    NasList list;
    Mistakes mistakes;
    for (const auto& [name, node] : root) {
        if (const auto* table = node.as_table())
            list.emplace(std::string(name.str()), read_nas(file, name.str(), *table, mistakes));
        else
            complain(mistakes, file, node, name.str(), "a table [NAME] with address, port and secret");
    }
    if (!mistakes.empty()) return unexpected(std::move(mistakes));
    return list;
}

}  // namespace guard::config
