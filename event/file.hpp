// Whole files, read into memory and replaced so that at no instant a name is missing or a file half written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

#include "event/page_allocator.hpp"

namespace guard {

// All bytes of a file of at most `limit` bytes. Throws std::system_error, ENOENT among others.
[[nodiscard]] PageVector<std::uint8_t> read_file(const std::filesystem::path& path, std::uint64_t limit);

// Writes beside `path`, syncs, renames. What `path` was stays as `keep`, unless that is empty. Throws
// std::system_error; `path` is then as it was.
void replace_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes, unsigned mode,
                  const std::filesystem::path& keep = {});

}  // namespace guard
