// All that the detectors remember, as bytes: for the snapshot of the analyzer, which a restart goes on from. Pure.
//
// In two parts, since an upgrade may change the second: what was *learned* of each ID, which no journal holds any more,
// with the packed records; and the *rest*. A state that was read of another pool table or database of places than the
// detector's is as if these had been reloaded; settings are not part of it.
#pragma once

#include <cstdint>

#include "analyzer/detection/detector.hpp"
#include "analyzer/detection/state/archive.hpp"

namespace guard::detection {

// One more whenever the bytes of the part mean something else.
inline constexpr std::uint32_t kLearnedVersion = 1, kRestVersion = 3;
// Of the packed records as this compiler lays them out, which are written as they are.
[[nodiscard]] std::uint32_t packed_layout();

class DetectorState {
  public:
    static void write_learned(StateWriter& writer, const Detector& detector);
    static void write_rest(StateWriter& writer, const Detector& detector);

    // Into a detector that has seen nothing yet, first what was learned. False: the bytes are not sound, and the
    // detector must not be used.
    [[nodiscard]] static bool read_learned(StateReader& reader, Detector& detector);
    [[nodiscard]] static bool read_rest(StateReader& reader, Detector& detector);
    // Instead of read_rest(): what was learned is all that is known.
    static void keep_learned(Detector& detector);

  private:
    static void read_records(StateReader& reader, StreamTable& table);
    static bool index_records(StreamTable& table);
    static void read_open(StateReader& reader, StreamTable& table);
    static bool lines_are_sound(const StreamTable& table, std::size_t pools);
    static bool waiting_is_sound(const StreamTable& table);
};

}  // namespace guard::detection
