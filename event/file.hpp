// Whole files, read into memory and replaced so that at no instant a name is missing or a file half written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "event/page_allocator.hpp"

namespace guard {

// All bytes of a file of at most `limit` bytes. Throws std::system_error, ENOENT among others.
[[nodiscard]] PageVector<std::uint8_t> read_file(const std::filesystem::path& path, std::uint64_t limit);

// Writes beside `path`, syncs, renames. What `path` was stays as `keep`, unless that is empty. Throws
// std::system_error; `path` is then as it was.
void replace_file(const std::filesystem::path& path, std::span<const std::uint8_t> bytes, unsigned mode,
                  const std::filesystem::path& keep = {});
// The same with what `write` puts into the file, which is open for that.
void replace_file(const std::filesystem::path& path, const std::function<void(int)>& write, unsigned mode,
                  const std::filesystem::path& keep = {});
// All of `bytes` to a descriptor. False: not, and errno says why.
[[nodiscard]] bool write_all(int file, std::span<const std::uint8_t> bytes);

}  // namespace guard
