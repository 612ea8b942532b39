// The state of the detectors, as a snapshot holds it behind its checksums. Input: two bytes, the length of the first
// part; then both parts.
#include <sstream>

#include "tests/fuzz/fuzz.hpp"
#include "tests/support/state_bytes.hpp"

namespace {

using namespace guard;
using detection::Detector;
using detection::DetectorState;
using detection::StateReader;
using detection::StateWriter;
using fuzz::require;
using test::reader_of;
using test::written;

using Bytes = std::vector<std::uint8_t>;

fuzz::Reached learned("learned"), whole("whole"), streams("streams"), open_streams("open streams");

const std::shared_ptr<const geo::Locator>& places() {
    static const auto made = [] {
        std::istringstream rows("10.1.0.0/16,JP,JP-01\n10.13.0.0/16,JP,JP-13\n10.46.0.0/16,JP,JP-46\n");
        return std::make_shared<const geo::Locator>(geo::PoolTable::parse(rows, "pools").value(), geo::DatabaseRanges{},
                                                    1);
    }();
    return made;
}

Detector empty() {
    return {config::DetectionSettings{}, places(), {}, HashKey{}};
}

Bytes learned_of(const Detector& detector) {
    return written([&](StateWriter& writer) { DetectorState::write_learned(writer, detector); });
}
Bytes rest_of(const Detector& detector) {
    return written([&](StateWriter& writer) { DetectorState::write_rest(writer, detector); });
}

bool load(Detector& detector, std::span<const std::uint8_t> first, std::span<const std::uint8_t> second) {
    auto reader = reader_of(first), rest = reader_of(second);
    return DetectorState::read_learned(reader, detector) && DetectorState::read_rest(rest, detector);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const auto bytes = std::span(data, size).subspan(2);
    const auto first = bytes.first(std::min<std::size_t>(bytes.size(), data[0] | data[1] << 8));
    const auto second = bytes.subspan(first.size());
    {
        Detector detector = empty();
        auto reader = reader_of(first);
        if (!DetectorState::read_learned(reader, detector)) return 0;
        learned.count();
        if (!detector.streams().empty()) streams.count();
        DetectorState::keep_learned(detector);
        require(detector.streams().open_count() == 0, "nothing but what was learned is left");
        const Time never{Microseconds{std::int64_t{1} << 52}};
        detector.forget(never);
    }
    Detector detector = empty();
    if (!load(detector, first, second)) return 0;
    whole.count();
    if (detector.streams().open_count() > 0) open_streams.count();
    const Bytes once_learned = learned_of(detector), once_rest = rest_of(detector);
    Detector again = empty();
    require(load(again, once_learned, once_rest), "what was written is read");
    require(learned_of(again) == once_learned && rest_of(again) == once_rest, "written again it is the same bytes");
    return 0;
}
