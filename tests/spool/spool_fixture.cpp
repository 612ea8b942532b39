#include "tests/spool/spool_fixture.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <iostream>
#include <numeric>
#include <ostream>
#include <system_error>

#include "event/little_endian.hpp"

namespace guard {

std::ostream& operator<<(std::ostream& out, const LoginEvent& event) {
    out << to_string(event.service) << ' ' << to_string(event.kind) << " id of " << event.id.size() << " bytes";
    for (const IpAddress& address : event.addresses) out << ' ' << address.to_string();
    return out << " at " << event.time.time_since_epoch().count();
}

namespace spool {
std::ostream& operator<<(std::ostream& out, const Position& position) {
    return out << position.to_string();
}
}  // namespace spool

}  // namespace guard

namespace guard::test {
namespace {

const std::array<std::vector<const char*>, 5> kAddressLists{
    {{},
     {"192.0.2.1"},
     {"2001:db8::1"},
     {"198.51.100.0/24", "2001:db8:1::/56"},
     {"203.0.113.9", "2001:db8:ffff::7", "2001:db8:2:100::/64", "2001:db8:3::/48"}}};

}  // namespace

LoginEvent numbered_event(std::uint64_t number, Time time) {
    LoginEvent event;
    event.service = number % 3 == 0 ? Service::smtp_auth : Service::pppoe;
    event.kind = static_cast<Kind>(1 + number % 5);
    event.id = std::to_string(number) + std::string(number % 7, 'x') + "@example.net";
    for (const char* text : kAddressLists.at(number % kAddressLists.size()))
        event.addresses.push_back(IpAddress::parse(text).value());
    event.time = time;
    return event;
}

std::uint64_t number_of(const LoginEvent& event) {
    return std::stoull(event.id);
}

spool::WriterOptions SpoolDirectory::options() const {
    spool::WriterOptions options;
    options.directory = path();
    options.segment_bytes = kSmallSegment;
    options.id_fingerprint = kFingerprint;
    return options;
}

std::unique_ptr<spool::Writer> SpoolDirectory::writer() {
    return writer(options());
}

std::unique_ptr<spool::Writer> SpoolDirectory::writer(const spool::WriterOptions& options) {
    return std::make_unique<spool::Writer>(options, [this](const std::string& text) { warnings_.push_back(text); });
}

std::filesystem::path SpoolDirectory::file(std::uint64_t segment) const {
    return path() / spool::segment_name(segment);
}

void SpoolDirectory::leave_abandoned_copies(const SpoolDirectory& of_live_writer) const {
    for (const std::uint64_t segment : of_live_writer.segments())
        std::filesystem::copy_file(of_live_writer.file(segment), file(segment));
}

void skip(const char* reason) {
    std::cerr << boost::unit_test::framework::current_test_case().full_name() << " skipped: " << reason << '\n';
}

void append(spool::Writer& writer, std::uint64_t first, std::uint64_t count, Time begin, Microseconds step) {
    for (std::uint64_t i = 0; i < count; ++i) {
        const Time time = begin + step * static_cast<std::int64_t>(i);
        BOOST_REQUIRE(writer.append(numbered_event(first + i, time), time));
    }
}

std::vector<LoginEvent> read_all(spool::Reader& reader) {
    std::vector<LoginEvent> events;
    while (const LoginEvent* event = reader.peek()) {
        events.push_back(*event);
        reader.pop();
    }
    return events;
}

std::vector<std::uint64_t> read_numbers(spool::Reader& reader) {
    std::vector<std::uint64_t> result;
    for (const LoginEvent& event : read_all(reader)) result.push_back(number_of(event));
    return result;
}

std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t count) {
    std::vector<std::uint64_t> result(count);
    std::iota(result.begin(), result.end(), first);
    return result;
}

std::vector<std::uint64_t> sorted(std::vector<std::uint64_t> values) {
    std::sort(values.begin(), values.end());
    return values;
}

std::vector<std::uint8_t> file_bytes(const std::filesystem::path& path) {
    const std::string text = read_file(path);
    return {text.begin(), text.end()};
}

void overwrite(const std::filesystem::path& path, std::uint64_t offset, std::span<const std::uint8_t> bytes) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(offset));
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    file.close();
    BOOST_REQUIRE(!file.fail());
}

void overwrite_with_zeros(const std::filesystem::path& path, std::uint64_t offset, std::size_t count) {
    overwrite(path, offset, std::vector<std::uint8_t>(count));
}

std::vector<std::uint64_t> record_offsets(const std::filesystem::path& path) {
    const auto bytes = file_bytes(path);
    std::vector<std::uint64_t> offsets;
    for (std::uint64_t at = spool::kSegmentHeaderBytes; at + 8 <= bytes.size();) {
        const auto length = get_little_endian<std::uint32_t>(bytes.data() + at);
        if (length == 0) break;
        offsets.push_back(at);
        at += length;
    }
    return offsets;
}

Limit::Limit(int resource, std::uint64_t value) : resource_(resource) {
    std::signal(SIGXFSZ, SIG_IGN);  // the write then fails with EFBIG
    rlimit limit{};
    if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0)
        throw std::system_error(errno, std::generic_category(), "getrlimit");
    before_ = limit.rlim_cur;
    limit.rlim_cur = value;
    if (setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0)
        throw std::system_error(errno, std::generic_category(), "setrlimit");
}

Limit::~Limit() {
    rlimit limit{};
    getrlimit(static_cast<__rlimit_resource>(resource_), &limit);
    limit.rlim_cur = before_;
    setrlimit(static_cast<__rlimit_resource>(resource_), &limit);
}

}  // namespace guard::test
