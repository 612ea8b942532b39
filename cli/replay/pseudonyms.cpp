#include "cli/replay/pseudonyms.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "cli/replay/could_not_run.hpp"
#include "event/descriptor.hpp"

namespace guard::cli {
namespace {

constexpr const char* kExpected = "expected 32 hexadecimal digits, as guardctl(8) makes them";

std::optional<HashKey> parse_key(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    HashKey key{};
    if (text.size() != 2 * key.size()) return std::nullopt;
    for (std::size_t i = 0; i < key.size(); ++i) {
        const char* const digits = text.data() + 2 * i;
        const auto [end, error] = std::from_chars(digits, digits + 2, key[i], 16);
        if (error != std::errc{} || end != digits + 2) return std::nullopt;
    }
    return key;
}

}  // namespace

Pseudonyms Pseudonyms::load(const std::filesystem::path& key_file) {
    const std::string name = key_file.string();
    const Descriptor file(::open(key_file.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status {};
    if (!file || fstat(file.get(), &status) != 0)
        throw CouldNotRun{fmt::format("{}: found {}, expected a key file", name, std::strerror(errno))};
    if (!S_ISREG(status.st_mode)) throw CouldNotRun{fmt::format("{}: found no file, expected a key file", name)};
    if ((status.st_mode & 07777U) != 0600U)
        throw CouldNotRun{fmt::format("{}: found mode {:04o}, expected 0600: who has the key can tell whose an ID is",
                                      name, status.st_mode & 07777U)};
    std::array<char, 64> text{};  // a longer file is no key, whatever comes then
    const ssize_t length = ::read(file.get(), text.data(), text.size());
    const auto key = parse_key({text.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))});
    explicit_bzero(text.data(), text.size());
    if (!key) throw CouldNotRun{fmt::format("{}: found no key, {}", name, kExpected)};
    if (std::all_of(key->begin(), key->end(), [](std::uint8_t byte) { return byte == 0; }))
        throw CouldNotRun{fmt::format("{}: found a key of zeros, {}", name, kExpected)};
    return Pseudonyms(*key);
}

std::string Pseudonyms::shown(Service service, const std::string& id) const {
    if (!key_ || id.empty()) return id;
    const Hash128 hash = keyed_hash(*key_, static_cast<std::uint8_t>(service),
                                    {reinterpret_cast<const std::uint8_t*>(id.data()), id.size()});
    return fmt::format("id-{:016x}{:08x}", hash.low, hash.high & 0xffff'ffffU);
}

void Pseudonyms::hide(detection::Decision& decision) const {
    if (!key_) return;
    // The sentences are made of places, numbers and times and never hold an ID; tests/cli holds them to it.
    detection::Finding& finding = decision.finding;
    finding.id = shown(finding.service, finding.id);
    finding.incident_key.clear();
}

}  // namespace guard::cli
