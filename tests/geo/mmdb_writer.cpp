#include "tests/geo/mmdb_writer.hpp"

#include <bit>
#include <fstream>
#include <stdexcept>

namespace guard::test {
namespace {

std::string big_endian(std::uint64_t value, std::size_t bytes) {
    std::string text;
    for (std::size_t i = bytes; i-- > 0;) text += static_cast<char>(value >> (8 * i));
    return text;
}

// The control byte or bytes: a type of the format and a size, up to 284.
std::string control(unsigned type, std::size_t size) {
    if (size >= 29 + 256) throw std::length_error("MmdbWriter: value too large");
    const auto low = static_cast<unsigned>(size < 29 ? size : 29);
    std::string text(1, static_cast<char>((type < 8 ? type << 5U : 0U) | low));
    if (type >= 8) text += static_cast<char>(type - 7);
    if (size >= 29) text += static_cast<char>(size - 29);
    return text;
}

struct Encoder {
    std::string operator()(const std::string& value) const { return control(2, value.size()) + value; }
    std::string operator()(double value) const {
        return control(3, 8) + big_endian(std::bit_cast<std::uint64_t>(value), 8);
    }
    std::string operator()(std::uint16_t value) const { return control(5, 2) + big_endian(value, 2); }
    std::string operator()(std::uint32_t value) const { return control(6, 4) + big_endian(value, 4); }
    std::string operator()(std::int32_t value) const {
        return control(8, 4) + big_endian(static_cast<std::uint32_t>(value), 4);
    }
    std::string operator()(std::uint64_t value) const { return control(9, 8) + big_endian(value, 8); }
    std::string operator()(float value) const {
        return control(15, 4) + big_endian(std::bit_cast<std::uint32_t>(value), 4);
    }
    std::string operator()(const MmdbMap& map) const {
        std::string text = control(7, map.size());
        for (const auto& [key, value] : map) text += (*this)(key) + std::visit(*this, value.is);
        return text;
    }
    std::string operator()(const MmdbArray& array) const {
        std::string text = control(11, array.size());
        for (const auto& value : array) text += std::visit(*this, value.is);
        return text;
    }
};

}  // namespace

MmdbWriter::MmdbWriter(std::string type, std::uint16_t ip_version) : type_(std::move(type)), ip_version_(ip_version) {}

void MmdbWriter::insert(const IpAddress& network, const MmdbValue& record) {
    const bool under_96 = network.is_ipv4() && ip_version_ == 6;
    const unsigned above = under_96 ? 96 : 0, depth = above + network.prefix_length();
    const auto bit = [&](unsigned at) {
        return at >= above && (network.bytes()[(at - above) / 8] >> (7 - (at - above) % 8) & 1) != 0;
    };
    const std::uint32_t data = kData | static_cast<std::uint32_t>(data_.size());
    data_ += std::visit(Encoder{}, record.is);
    std::uint32_t at = 0;
    for (unsigned i = 0; i < depth; ++i) {
        const auto child = [&]() -> std::uint32_t& { return bit(i) ? nodes_[at].second : nodes_[at].first; };
        if (i + 1 == depth) {
            child() = data;
        } else if ((child() & kData) != 0) {  // nothing, or a wider network's data: split it
            const std::uint32_t inherited = child();
            child() = static_cast<std::uint32_t>(nodes_.size());
            at = child();
            nodes_.emplace_back(inherited, inherited);
        } else {
            at = child();
        }
    }
}

std::string MmdbWriter::bytes() const {
    const auto count = static_cast<std::uint32_t>(nodes_.size());
    const auto reference = [&](std::uint32_t child) {
        if (child == kNothing) return big_endian(count, 4);
        return big_endian((child & kData) != 0 ? count + 16 + (child & ~kData) : child, 4);
    };
    std::string text;
    for (const auto& [left, right] : nodes_) text += reference(left) + reference(right);
    text += std::string(16, '\0') + data_ + "\xab\xcd\xefMaxMind.com";
    return text + Encoder{}(MmdbMap{{"binary_format_major_version", std::uint16_t{2}},
                                    {"binary_format_minor_version", std::uint16_t{0}},
                                    {"build_epoch", std::uint64_t{1'767'225'600}},  // 2026-01-01
                                    {"database_type", type_},
                                    {"description", MmdbMap{{"en", "made by a test"}}},
                                    {"ip_version", ip_version_},
                                    {"languages", MmdbArray{"en"}},
                                    {"node_count", count},
                                    {"record_size", std::uint16_t{32}}});
}

void MmdbWriter::write(const std::filesystem::path& file) const {
    std::ofstream out(file, std::ios::binary);
    out << bytes() << std::flush;
    if (!out) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace guard::test
