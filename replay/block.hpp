// A piece of an input on its way through the stream: bytes of whole records, then what was found in them. Blocks go
// round: filled under the lock of their input, parsed by any one thread, emptied by the thread that calls the stream.
#pragma once

#include <exception>
#include <memory>
#include <vector>

#include "replay/byte_source.hpp"
#include "replay/event_stream.hpp"
#include "replay/formats/log_parser.hpp"

namespace guard::replay {

inline constexpr std::size_t kLongestRecord = 1 << 20;
inline constexpr std::size_t kBlockPadding = 64;  // what LogParser::parse may read behind its chunk

// An event with what only the order of its file can settle.
struct RawEvent {
    StreamEvent stream;  // `line` from 0, of the block; the time as LogTime has it
    bool has_year = true, has_zone = true;
};

struct Block {
    std::vector<char> bytes;  // with padding
    std::size_t size = 0;
    ParsedChunk chunk;
    std::vector<RawEvent> events;  // of which `count` are of this block: the rest keep their memory
    std::size_t count = 0;
    std::exception_ptr error;  // behind all that is in the block

    void clear();
};

// Cuts an input into blocks of whole records. A record of more than kLongestRecord bytes is skipped up to the next line
// end behind them, and is one fault. One thread at a time.
class BlockReader {
  public:
    BlockReader(std::unique_ptr<ByteSource> source, std::shared_ptr<const LogParser> parser, std::size_t block_bytes);

    enum class Found : std::uint8_t { records, too_long, end };
    // too_long: `chunk` is complete and there is nothing to parse. Throws ReadError.
    [[nodiscard]] Found read(Block& block);
    [[nodiscard]] const ByteSource& source() const { return *source_; }

  private:
    void fill(Block& block, std::size_t up_to);
    Found skip_record(Block& block);

    std::unique_ptr<ByteSource> source_;
    std::shared_ptr<const LogParser> parser_;
    const std::size_t block_bytes_;
    std::string rest_;  // read, but of no whole record yet
    bool at_begin_ = true, at_end_ = false;
};

// What a thread does with a block that was read: parse, leave out what is not wanted, normalise IDs.
class BlockParser {
  public:
    BlockParser(std::shared_ptr<const LogParser> parser, const StreamOptions& options);
    void parse(Block& block) const;

  private:
    void take(const LogEvent& event, Block& block, std::vector<Fault>& faults, std::uint64_t& unusable) const;

    std::shared_ptr<const LogParser> parser_;
    IdNormalisation normalise_;
    const bool several_inputs_;
    std::array<bool, kProtocols> wanted_{};
};

}  // namespace guard::replay
