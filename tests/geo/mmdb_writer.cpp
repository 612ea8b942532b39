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

MmdbWriter::MmdbWriter(std::string type, std::uint16_t ip_version, std::uint16_t record_size)
    : type_(std::move(type)), ip_version_(ip_version), record_size_(record_size) {}

void MmdbWriter::insert(const IpAddress& network, const MmdbValue& record) {
    std::string encoded = std::visit(Encoder{}, record.is);
    const auto [known, is_new] = offsets_.emplace(std::move(encoded), static_cast<std::uint32_t>(data_.size()));
    if (is_new) data_ += known->first;
    const unsigned above = network.is_ipv4() && ip_version_ == 6 ? 96 : 0;
    const auto bit = [&](unsigned at) {
        return at >= above && (network.bytes()[(at - above) / 8] >> (7 - (at - above) % 8) & 1) != 0;
    };
    refer(bit, above + network.prefix_length(), kData | known->second);
}

void MmdbWriter::alias(std::span<const std::uint8_t> first_bytes, unsigned length) {
    const auto bit = [&](unsigned at) {
        return at / 8 < first_bytes.size() && (first_bytes[at / 8] >> (7 - at % 8) & 1) != 0;
    };
    refer(bit, length, kAlias);
}

void MmdbWriter::refer(const std::function<bool(unsigned)>& bit, unsigned depth, std::uint32_t reference) {
    std::uint32_t at = 0;
    for (unsigned i = 0; i < depth; ++i) {
        const auto child = [&]() -> std::uint32_t& { return bit(i) ? nodes_[at].second : nodes_[at].first; };
        if (i + 1 == depth) {
            child() = reference;
        } else if (child() == kAlias) {
            throw std::logic_error("MmdbWriter: a network below an alias");
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

// What an alias refers to: the node of ::/96, or the record of a wider network around it.
std::uint32_t MmdbWriter::beginning_of_ipv4() const {
    std::uint32_t at = 0;
    for (unsigned i = 0; i < 96 && (at & kData) == 0; ++i) at = nodes_[at].first;
    return at;
}

// As the tree writes it: nodes, the number that says "nothing", and behind 16 of no meaning the data.
std::uint32_t MmdbWriter::number_of(std::uint32_t reference) const {
    if (reference == kAlias) reference = beginning_of_ipv4();
    const auto count = static_cast<std::uint32_t>(nodes_.size());
    if (reference == kNothing) return count;
    return (reference & kData) != 0 ? count + 16 + (reference & ~kData) : reference;
}

std::string MmdbWriter::bytes() const {
    const auto count = static_cast<std::uint32_t>(nodes_.size());
    if (std::uint64_t{count} + 16 + data_.size() >= std::uint64_t{1} << record_size_)
        throw std::length_error("MmdbWriter: too much for this record size");
    std::string text;
    for (const auto& [left, right] : nodes_) {
        const std::uint32_t first = number_of(left), second = number_of(right);
        if (record_size_ == 28) {  // the upper four bits of both are in one byte between them
            text += big_endian(first, 3);
            text += static_cast<char>(first >> 24U << 4U | second >> 24U);
            text += big_endian(second, 3);
        } else {
            text += big_endian(first, record_size_ / 8U) + big_endian(second, record_size_ / 8U);
        }
    }
    text += std::string(16, '\0') + data_ + "\xab\xcd\xefMaxMind.com";
    return text + Encoder{}(MmdbMap{{"binary_format_major_version", std::uint16_t{2}},
                                    {"binary_format_minor_version", std::uint16_t{0}},
                                    {"build_epoch", std::uint64_t{1'767'225'600}},  // 2026-01-01
                                    {"database_type", type_},
                                    {"description", MmdbMap{{"en", "made by a test"}}},
                                    {"ip_version", ip_version_},
                                    {"languages", MmdbArray{"en"}},
                                    {"node_count", count},
                                    {"record_size", record_size_}});
}

void MmdbWriter::write(const std::filesystem::path& file) const {
    std::ofstream out(file, std::ios::binary);
    out << bytes() << std::flush;
    if (!out) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace guard::test
