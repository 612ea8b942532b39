#include "geo/max_mind_database.hpp"

#include <fcntl.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "event/descriptor.hpp"
#include "event/text.hpp"
#include "geo/mmdb_metadata.hpp"
#include "geo/mmdb_record.hpp"

namespace guard::geo {
namespace {

bool has_coordinates_by_type(std::string_view type) {
    constexpr std::array<std::string_view, 6> kWithout{"Country",         "ASN",      "ISP", "Domain",
                                                       "Connection-Type", "Anonymous"};
    return type.find("City") != type.npos ||
           std::ranges::none_of(kWithout, [&](std::string_view word) { return type.find(word) != type.npos; });
}

// The whole file in memory that nobody can change. libmaxminddb maps what it opens, and reading a mapping of a file
// that somebody cuts off meanwhile ends the program. An invalid descriptor, with errno set, when it cannot be read.
Descriptor private_copy(const std::filesystem::path& file) {
    const Descriptor from(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!from || fstat(from.get(), &status) != 0) return {};
    if (!S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
        return {};
    }
    Descriptor copy(memfd_create("mmdb", MFD_CLOEXEC));
    for (ssize_t sent = 1; copy && sent != 0;) {
        sent = sendfile(copy.get(), from.get(), nullptr, std::size_t{1} << 30);
        if (sent < 0) return {};
    }
    return copy;
}

}  // namespace

MaxMindDatabase::MaxMindDatabase(std::filesystem::path file, std::unique_ptr<OpenMmdb> mapping)
    : file_(std::move(file)), mapping_(std::move(mapping)) {}
MaxMindDatabase::~MaxMindDatabase() = default;

Expected<std::shared_ptr<const MaxMindDatabase>> MaxMindDatabase::open(const std::filesystem::path& file) {
    const auto refuse = [&](const std::string& found) {
        return unexpected(file.string() + ": found " + found +
                          ", expected a MaxMind DB (format 2) with coordinates, such as GeoLite2-City.mmdb");
    };
    auto mapping = std::make_unique<OpenMmdb>();
    const Descriptor copy = private_copy(file);
    if (!copy) return refuse(std::strerror(errno));
    if (const std::string fault = metadata_fault(copy); !fault.empty()) return refuse(fault);
    errno = 0;
    const int status =
        MMDB_open(("/proc/self/fd/" + std::to_string(copy.get())).c_str(), MMDB_MODE_MMAP, &mapping->database);
    if (status != MMDB_SUCCESS) {
        const bool by_system = (status == MMDB_FILE_OPEN_ERROR || status == MMDB_IO_ERROR) && errno != 0;
        return refuse(by_system ? std::strerror(errno) : MMDB_strerror(status));
    }
    mapping->open = true;
    const char* const type = mapping->database.metadata.database_type;
    if (!has_coordinates_by_type(type)) return refuse("a database of type " + in_quotes(type));
    return std::shared_ptr<const MaxMindDatabase>(new MaxMindDatabase(file, std::move(mapping)));
}

std::optional<Place> MaxMindDatabase::lookup(const IpAddress& address) const {
    sockaddr_storage storage{};
    const auto bytes = address.bytes();
    if (address.is_ipv4()) {
        sockaddr_in ipv4{};
        ipv4.sin_family = AF_INET;
        std::memcpy(&ipv4.sin_addr, bytes.data(), bytes.size());
        std::memcpy(&storage, &ipv4, sizeof ipv4);
    } else {
        sockaddr_in6 ipv6{};
        ipv6.sin6_family = AF_INET6;
        std::memcpy(&ipv6.sin6_addr, bytes.data(), bytes.size());
        std::memcpy(&storage, &ipv6, sizeof ipv6);
    }
    const MMDB_s& database = mapping_->database;
    int error = MMDB_SUCCESS;
    const auto result = MMDB_lookup_sockaddr(&database, reinterpret_cast<const sockaddr*>(&storage), &error);
    if (error != MMDB_SUCCESS || !result.found_entry) return std::nullopt;

    auto place = decode_place(result.entry);
    if (!place) return std::nullopt;
    // In a tree for IPv6, IPv4 lies under ::/96; a network wider than that is all of IPv4.
    const unsigned above = address.is_ipv4() && database.metadata.ip_version == 6 ? 96 : 0;
    place->network = address.prefix(std::max<unsigned>(result.netmask, above) - above);
    return place;
}

std::string MaxMindDatabase::type() const {
    return mapping_->database.metadata.database_type;
}

Time MaxMindDatabase::built() const {
    const auto seconds =
        std::min<std::uint64_t>(mapping_->database.metadata.build_epoch, 253'402'300'799);  // year 9999
    return Time{std::chrono::seconds{seconds}};
}

}  // namespace guard::geo
