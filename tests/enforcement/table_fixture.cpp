#include "tests/enforcement/table_fixture.hpp"

namespace guard::test {

IpAddress address(const std::string& text) {
    const auto parsed = IpAddress::parse(text);
    BOOST_REQUIRE_MESSAGE(parsed, text);
    return *parsed;
}

enforcement::Table table_of(std::uint64_t generation, const std::vector<std::string>& ids, const char* fingerprint) {
    std::vector<enforcement::SuspendedId> suspended;
    for (const std::string& id : ids) suspended.push_back({Service::pppoe, id});
    return enforcement::Table::build(generation, kKey, fingerprint, suspended, {});
}

std::vector<std::uint8_t> file_bytes(const std::filesystem::path& path) {
    const std::string text = read_file(path);
    return {text.begin(), text.end()};
}

void Published::damage(const std::filesystem::path& path) const {
    std::string text = read_file(path);
    text.back() ^= 1;
    write_file(path, text);
}

std::shared_ptr<const enforcement::Table> Published::after(Microseconds time) {
    now_ += time;
    return live_.at(now_);
}

}  // namespace guard::test
