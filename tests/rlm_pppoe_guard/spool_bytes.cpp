#include "tests/rlm_pppoe_guard/spool_bytes.hpp"

#include <arpa/inet.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace guard::test {
namespace {

constexpr std::size_t kHeader = 4096, kHeaderUsed = 132;

std::string slurp(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

unsigned byte(const std::string& bytes, std::size_t at) {
    return static_cast<unsigned char>(bytes.at(at));
}

std::uint64_t number(const std::string& bytes, std::size_t at, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value |= std::uint64_t{byte(bytes, at + i)} << (8 * i);
    return value;
}

// CRC-32C bit by bit: reflected polynomial 0x82f63b78, all ones before and after.
std::uint32_t crc(const std::string& bytes) {
    std::uint32_t value = 0xffffffff;
    for (const char character : bytes) {
        value ^= static_cast<unsigned char>(character);
        for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ ((value & 1) != 0 ? 0x82f63b78 : 0);
    }
    return ~value;
}

std::string address(const std::string& bytes, std::size_t& at) {
    const bool ipv6 = byte(bytes, at) == 0x80;
    if (!ipv6 && byte(bytes, at) != 0) throw std::runtime_error("no such family of addresses");
    const unsigned length = byte(bytes, at + 1);
    char text[INET6_ADDRSTRLEN];
    inet_ntop(ipv6 ? AF_INET6 : AF_INET, bytes.data() + at + 2, text, sizeof text);
    at += 2 + (ipv6 ? 16 : 4);
    const bool whole = length == (ipv6 ? 128U : 32U);
    return whole ? text : std::string(text) + "/" + std::to_string(length);
}

PlainRecord record(const std::string& bytes) {
    static const char* const kServices[] = {"", "pppoe", "smtp_auth"};
    static const char* const kKinds[] = {"", "accept", "reject", "assign", "alive", "release"};
    PlainRecord result;
    result.microseconds = static_cast<std::int64_t>(number(bytes, 8, 8));
    const unsigned service = byte(bytes, 16) >> 4, kind = byte(bytes, 16) & 0xf;
    if (service < 1 || service > 2 || kind < 1 || kind > 5) throw std::runtime_error("no such service or kind");
    result.service = kServices[service];
    result.kind = kKinds[kind];
    result.id = bytes.substr(20, byte(bytes, 17));
    std::size_t at = 20 + result.id.size();
    for (unsigned i = 0; i < byte(bytes, 18); ++i) result.addresses.push_back(address(bytes, at));
    if (byte(bytes, 19) != 0) throw std::runtime_error("the reserved byte is used");
    if (bytes.size() - at >= 8) throw std::runtime_error("a record is longer than its fields");
    for (; at < bytes.size(); ++at)
        if (bytes[at] != 0) throw std::runtime_error("the padding is not zero");
    return result;
}

}  // namespace

PlainSegment read_plain_segment(const std::filesystem::path& path) {
    const std::string bytes = slurp(path);
    if (bytes.size() < kHeader || bytes.substr(0, 8) != "PGSPOOL1") throw std::runtime_error("no segment");
    if (number(bytes, 8, 4) != 1) throw std::runtime_error("another version");
    if (number(bytes, 128, 4) != crc(bytes.substr(0, 128))) throw std::runtime_error("the header is damaged");
    PlainSegment segment;
    segment.fingerprint = bytes.substr(96, 32).c_str();
    const std::string epoch = bytes.substr(16, 8);
    const auto unexplained = [&](std::size_t at) {
        if (bytes[at] != 0) segment.unexplained.push_back(std::to_string(at) + ": " + std::to_string(byte(bytes, at)));
    };
    for (std::size_t at = 12; at < 16; ++at) unexplained(at);
    for (std::size_t at = 96 + segment.fingerprint.size(); at < 128; ++at) unexplained(at);
    for (std::size_t at = kHeaderUsed; at < kHeader; ++at) unexplained(at);
    std::size_t at = kHeader;
    while (at + 8 <= bytes.size() && number(bytes, at, 8) != 0) {
        const std::size_t length = number(bytes, at, 4);
        if (length < 24 || length % 8 != 0 || length > bytes.size() - at)
            throw std::runtime_error("no length of a record");
        const std::string text = bytes.substr(at, length);
        if (number(text, 4, 4) != crc(epoch + text.substr(0, 4) + text.substr(8)))
            throw std::runtime_error("a record is damaged");
        segment.records.push_back(record(text));
        at += length;
    }
    for (; at < bytes.size(); ++at) unexplained(at);
    return segment;
}

std::string all_bytes(const std::filesystem::path& directory) {
    std::string bytes;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        bytes += entry.path().filename().string() + '\n';
        if (entry.is_regular_file()) bytes += slurp(entry.path());
    }
    return bytes;
}

}  // namespace guard::test
