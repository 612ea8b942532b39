// An export of the journal, held in memory, as the lines that replay makes of it.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "replay/journal_export.hpp"

namespace guard::test {

class TextSource final : public replay::ByteSource {
  public:
    TextSource(std::string text, std::size_t most) : text_(std::move(text)), most_(most) {}
    // At most so many bytes at a time, until there are no more.
    std::size_t read(std::span<char> to) override {
        const std::size_t count = std::min({to.size(), most_, text_.size() - at_});
        std::copy_n(text_.data() + at_, count, to.data());
        at_ += count;
        return count;
    }
    std::uint64_t bytes() const override { return at_; }

  private:
    const std::string text_;
    const std::size_t most_;
    std::size_t at_ = 0;
};

// It comes `most` bytes at a time, and is read `buffer` bytes at a time.
inline std::string lines_of(std::string text, std::size_t most = 100'000, std::size_t buffer = 100'000) {
    const auto source = replay::journal_as_lines(
        std::make_unique<TextSource>(std::move(text), std::max<std::size_t>(most, 32)));  // for what it is told by
    std::string lines, part(buffer, '\0');
    for (std::size_t count = 0; (count = source->read(part)) > 0;) lines.append(part, 0, count);
    return lines;
}

}  // namespace guard::test
