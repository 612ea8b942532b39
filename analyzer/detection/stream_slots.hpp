// The streams that are open, by number. They stay where they are, and come in chunks: there are as many as IDs that did
// something lately.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "analyzer/detection/stream.hpp"

namespace guard::detection {

class StreamSlots {
  public:
    [[nodiscard]] Stream& operator[](std::uint32_t slot) { return chunks_[slot / kChunk][slot % kChunk]; }
    [[nodiscard]] const Stream& operator[](std::uint32_t slot) const { return chunks_[slot / kChunk][slot % kChunk]; }
    // One more, whose number is what size() was.
    Stream& add() {
        if (size_ % kChunk == 0) chunks_.push_back(std::make_unique<Stream[]>(kChunk));
        return (*this)[size_++];
    }
    [[nodiscard]] std::uint32_t size() const { return size_; }
    void clear() {
        chunks_.clear();
        size_ = 0;
    }

  private:
    static constexpr std::uint32_t kChunk = 256;
    std::vector<std::unique_ptr<Stream[]>> chunks_;  // NOLINT(modernize-avoid-c-arrays)
    std::uint32_t size_ = 0;
};

}  // namespace guard::detection
