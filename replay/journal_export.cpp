#include "replay/journal_export.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>

namespace guard::replay {
namespace {

constexpr std::array<std::string_view, 8> kFields = {"__REALTIME_TIMESTAMP",
                                                     "_SOURCE_REALTIME_TIMESTAMP",
                                                     "SYSLOG_IDENTIFIER",
                                                     "_COMM",
                                                     "SYSLOG_PID",
                                                     "_PID",
                                                     "_HOSTNAME",
                                                     "MESSAGE"};
constexpr std::size_t kLongestValue = 64 * 1024;  // of these; of others any
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::string_view kMalformed = "{\"journal\":\"an entry that is malformed\"}\n";

class ContinuedSource final : public ByteSource {
  public:
    ContinuedSource(std::string beginning, std::unique_ptr<ByteSource> rest)
        : beginning_(std::move(beginning)), rest_(std::move(rest)) {}
    std::size_t read(std::span<char> to) override {
        const std::size_t first = std::min(beginning_.size() - given_, to.size());
        std::copy_n(beginning_.data() + given_, first, to.data());
        given_ += first;
        return first == to.size() ? first : first + rest_->read(to.subspan(first));
    }
    std::uint64_t bytes() const override { return rest_->bytes(); }

  private:
    const std::string beginning_;
    std::size_t given_ = 0;
    std::unique_ptr<ByteSource> rest_;
};

// As journalctl does: what is no plain text is a list of its bytes.
void put_json(std::string_view value, std::string& out) {
    const bool plain = std::all_of(value.begin(), value.end(), [](char c) { return c >= ' ' && c <= '~'; });
    out += plain ? '"' : '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (plain && (value[i] == '"' || value[i] == '\\')) out += '\\';
        if (plain)
            out += value[i];
        else
            out.append(i == 0 ? "" : ",").append(std::to_string(static_cast<unsigned char>(value[i])));
    }
    out += plain ? '"' : ']';
}

class JournalExport final : public ByteSource {
  public:
    explicit JournalExport(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

    std::size_t read(std::span<char> to) override {
        std::size_t filled = 0;
        while (filled < to.size()) {
            if (given_ == lines_.size()) {
                lines_.clear();
                given_ = 0;
                if (!read_entry()) break;
                continue;
            }
            const std::size_t count = std::min(to.size() - filled, lines_.size() - given_);
            std::copy_n(lines_.data() + given_, count, to.data() + filled);
            given_ += count;
            filled += count;
        }
        return filled;
    }
    std::uint64_t bytes() const override { return source_->bytes(); }

  private:
    [[nodiscard]] std::string_view rest() const { return std::string_view(buffer_).substr(at_); }
    // False: there is no more.
    bool read_more() {
        buffer_.erase(0, at_);
        at_ = 0;
        const std::size_t before = buffer_.size();
        buffer_.resize(before + kReadBytes);
        const std::size_t count = source_->read(std::span(buffer_).subspan(before));
        buffer_.resize(before + count);
        return count > 0;
    }
    bool have(std::size_t count) {
        while (rest().size() < count)
            if (!read_more()) return false;
        return true;
    }
    bool skip(std::uint64_t count) {
        while (rest().size() < count) {
            count -= rest().size();
            at_ = buffer_.size();
            if (!read_more()) return false;
        }
        at_ += static_cast<std::size_t>(count);
        return true;
    }
    // Up to the next line end, which is taken off too. None: the end of the input. `valid` becomes false where it is
    // longer than any that counts: its beginning is what comes out.
    std::optional<std::string> take_line(bool& valid) {
        std::string line;
        for (;;) {
            const auto end = rest().find('\n');
            const std::string_view part = rest().substr(0, end);
            const std::size_t room = kLongestValue + kLongestKey - std::min(line.size(), kLongestValue + kLongestKey);
            valid = valid && part.size() <= room;
            line.append(part.substr(0, room));
            at_ += part.size() + (end == rest().npos ? 0 : 1);
            if (end != std::string_view::npos) return line;
            if (!read_more()) {
                cut_ = !line.empty();
                return std::nullopt;
            }
        }
    }
    // A field whose name stood in a line of its own: 64 bits of length, little endian, so many bytes, a line end.
    bool take_binary(const std::string& key, bool& valid) {
        std::array<unsigned char, 8> size{};
        if (!have(size.size())) return false;
        std::memcpy(size.data(), rest().data(), size.size());
        at_ += size.size();
        std::uint64_t length = 0;
        for (std::size_t i = size.size(); i-- > 0;) length = length << 8 | size.at(i);
        const bool wanted = std::find(kFields.begin(), kFields.end(), key) != kFields.end();
        if (!wanted || length > kLongestValue) {
            valid = valid && !wanted;
            if (length > kAbsurd) return skip_entry(valid);
            if (!skip(length)) return false;
        } else {
            if (!have(static_cast<std::size_t>(length))) return false;
            put(key, rest().substr(0, static_cast<std::size_t>(length)));
            at_ += static_cast<std::size_t>(length);
        }
        if (!have(1)) return false;
        if (rest().front() == '\n') {
            ++at_;
            return true;
        }
        return skip_entry(valid);
    }
    // A length is not that of its value: on to what looks like the end of the entry.
    bool skip_entry(bool& valid) {
        valid = false;
        for (auto line = take_line(valid); line && !line->empty();) line = take_line(valid);
        ended_ = true;
        return true;
    }
    void put(std::string_view key, std::string_view value) {
        if (std::find(kFields.begin(), kFields.end(), key) == kFields.end()) return;
        lines_.append(lines_.empty() ? "{\"" : ",\"").append(key).append("\":");
        put_json(value, lines_);
    }
    // Makes one line of the next entry. False: there is none.
    bool read_entry() {
        bool valid = true, any = false;
        ended_ = false;
        for (;;) {
            const auto line = take_line(valid);
            if (!line || (!line->empty() && line->find('=') == line->npos && !take_binary(*line, valid))) {
                // Broken off: what is there may lack its end.
                any = any || cut_ || line;
                cut_ = false;
                valid = false;
                at_ = buffer_.size();
                break;
            }
            if (line->empty() && any) break;
            if (line->empty()) continue;  // between entries
            any = true;
            if (ended_) break;
            if (const auto equals = line->find('='); equals != line->npos)
                put(std::string_view(*line).substr(0, equals), std::string_view(*line).substr(equals + 1));
        }
        if (!any) return false;
        if (lines_.empty()) lines_ = "{";
        lines_ += "}\n";
        if (!valid) lines_ = kMalformed;
        return true;
    }

    static constexpr std::size_t kLongestKey = 256;
    static constexpr std::uint64_t kAbsurd = std::uint64_t{1} << 40;  // bytes of one value

    std::unique_ptr<ByteSource> source_;
    std::string buffer_, lines_;
    std::size_t at_ = 0, given_ = 0;
    bool cut_ = false;    // the last line lacks its end
    bool ended_ = false;  // the entry, in the middle of a field
};

}  // namespace

std::unique_ptr<ByteSource> continued(std::string beginning, std::unique_ptr<ByteSource> rest) {
    return std::make_unique<ContinuedSource>(std::move(beginning), std::move(rest));
}

std::unique_ptr<ByteSource> journal_as_lines(std::unique_ptr<ByteSource> source) {
    constexpr std::array<std::string_view, 2> kBegins = {"__CURSOR=", "__REALTIME_TIMESTAMP="};
    std::string beginning(kBegins[1].size(), '\0');
    beginning.resize(source->read(beginning));
    const bool is_export = std::any_of(kBegins.begin(), kBegins.end(),
                                       [&](std::string_view begin) { return beginning.starts_with(begin); });
    source = continued(std::move(beginning), std::move(source));
    if (!is_export) return source;
    return std::make_unique<JournalExport>(std::move(source));
}

}  // namespace guard::replay
