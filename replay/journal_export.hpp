// The journal as `journalctl -o export` and systemd-journal-remote write it (systemd.io/JOURNAL_EXPORT_FORMATS), handed on as
// `journalctl -o json` would: an entry a line, so that everything behind it is the same for both. Of an entry the fields
// that tell of a login and no other are kept; a value may hold any bytes. One thread.
#pragma once

#include "replay/byte_source.hpp"

namespace guard::replay {

// `source` itself unless it begins as such an export. Throws ReadError.
[[nodiscard]] std::unique_ptr<ByteSource> journal_as_lines(std::unique_ptr<ByteSource> source);

// What was read already, then the rest.
[[nodiscard]] std::unique_ptr<ByteSource> continued(std::string beginning, std::unique_ptr<ByteSource> rest);

}  // namespace guard::replay
