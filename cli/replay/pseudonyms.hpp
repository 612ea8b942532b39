// Stand-ins for IDs, so that what a replay says can be given to others: the same ID of the same service always has the
// same one under the same key, and without the key nobody can find out or check whose it is (R7, R8). What leaves the
// detectors goes through hide() once, in Analysis, so that nothing behind it ever holds an ID. Plain values.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "analyzer/detection/finding.hpp"
#include "event/keyed_hash.hpp"

namespace guard::cli {

class Pseudonyms {
  public:
    Pseudonyms() = default;  // IDs are shown as they are
    explicit Pseudonyms(const HashKey& key) : key_(key) {}

    // 32 hexadecimal digits, readable for its owner alone (0600). Throws CouldNotRun; no message repeats a key.
    [[nodiscard]] static Pseudonyms load(const std::filesystem::path& key_file);

    [[nodiscard]] bool wanted() const { return key_.has_value(); }
    // The ID, or "id-" and 24 hexadecimal digits.
    [[nodiscard]] std::string shown(Service service, const std::string& id) const;
    // Everything in it that the ID could be read from.
    void hide(detection::Decision& decision) const;

  private:
    std::optional<HashKey> key_;
};

}  // namespace guard::cli
