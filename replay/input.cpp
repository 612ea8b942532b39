#include "replay/input.hpp"

#include <algorithm>

#include "replay/database_source.hpp"
#include "replay/formats/registry.hpp"
#include "replay/journal_export.hpp"

namespace guard::replay {
namespace {

// Waiting for their turn at once: an order of time that is none must not fill the memory.
constexpr std::size_t kMaxWaiting = 10'000'000;

Expected<OpenedFile> open_source(const std::string& input, const StreamOptions& options, const Stop& stop) {
    if (is_database(input)) return open_table(input, options.table);
    auto opened = open_file(input, stop);
    if (!opened) return opened;
    try {
        opened->source = journal_as_lines(std::move(opened->source));
    } catch (const ReadError& error) {
        return unexpected(std::string(error.what()));
    }
    return opened;
}

}  // namespace

Input::Input(std::size_t index, const StreamOptions& options, const Zone& zone, const Stop& stop, InputCounts& counts)
    : options_(options),
      stop_(stop),
      index_(static_cast<std::uint32_t>(index)),
      zone_(zone),
      sorter_(options.reorder),
      counts_(counts) {
    const std::string& input = options.inputs[index];
    counts_.input = is_database(input) ? database_name(options.table) : input_name(input);
}

Expected<std::unique_ptr<Input>> Input::open(std::size_t index, const StreamOptions& options, const Zone& zone,
                                             Time now, const Stop& stop, InputCounts& counts) {
    auto opened = open_source(options.inputs[index], options, stop);
    if (!opened) return unexpected(std::move(opened.error()));
    std::unique_ptr<Input> input(new Input(index, options, zone, stop, counts));
    std::string beginning(kBeginningBytes, '\0');
    try {
        beginning.resize(opened->source->read(beginning));
    } catch (const ReadError& error) {
        return unexpected(std::string(error.what()));
    }
    const bool all = beginning.size() < kBeginningBytes;
    const bool once = !opened->modified || is_standard_input(options.inputs[index]);  // else it is opened again
    if (once) input->source_ = continued(beginning, std::move(opened->source));
    if (!once) input->size_ = opened->size;
    if (auto looked = input->look_at(std::move(beginning), all, opened->modified.value_or(now)); !looked)
        return unexpected(input->name() + ": " + looked.error());
    if (once) input->bound_ = Time::min();
    return input;
}

Expected<void> Input::look_at(std::string beginning, bool all, Time newest) {
    if (beginning.starts_with("\xEF\xBB\xBF")) beginning.erase(0, 3);
    if (!all) beginning.resize(beginning.rfind('\n') + 1);
    const bool is_table = is_database(options_.inputs[index_]);
    beginning.append(kBlockPadding, '\0');
    const std::string_view text(beginning.data(), beginning.size() - kBlockPadding);
    auto parser = find_parser(is_table ? "csv" : options_.format, text);
    if (!parser) return unexpected(std::move(parser.error()));
    parser_ = std::move(*parser);
    counts_.format = parser_->name();
    newest_ = newest;
    ParsedChunk chunk;
    parser_->parse(text.substr(0, all ? text.size() : parser_->whole_records(text)), chunk);
    TimeRepair repair(zone_, options_.year, newest, parser_->in_order());
    std::optional<Time> first;
    for (const LogEvent& event : chunk.events) {
        const Time time = repair.repaired(event.at.time, event.at.has_year, event.at.has_zone);
        if (!first || time < *first) first = time;
    }
    if (first && parser_->in_order()) bound_ = *first - options_.reorder;
    return {};
}

void Input::begin(WorkerPool& pool, std::size_t ahead, SpillFile& spill) {
    if (!source_) {
        auto opened = open_source(options_.inputs[index_], options_, stop_);
        if (!opened) throw ReadError(opened.error());
        source_ = std::move(opened->source);
    }
    repair_.emplace(zone_, options_.year, newest_, parser_->in_order());
    if (!parser_->in_order()) rows_.emplace(spill, options_.sort_bytes);
    parsed_ = std::make_shared<ParsedInput>(BlockReader(std::move(source_), parser_, options_.block_bytes),
                                            BlockParser(parser_, options_), ahead);
    pool.add(parsed_);
}

bool Input::read_block(WorkerPool& pool) {
    auto block = parsed_->next();
    bytes_.store(parsed_->bytes(), std::memory_order_relaxed);
    if (stop_.is_set()) return false;
    if (!block) {
        pool.remove(parsed_);
        parsed_.reset();
        return false;
    }
    pool.wake();
    take(*block);
    parsed_->recycle(std::move(block));
    return true;
}

bool Input::sort_rows(WorkerPool& pool) {
    constexpr int kAtOnce = 1024;
    if (parsed_) {
        try {
            while (read_block(pool)) {
            }
        } catch (const ReadError&) {
            broke_off_ = std::current_exception();  // what was read comes first
            pool.remove(parsed_);
            parsed_.reset();
        }
        if (stop_.is_set()) return false;
        rows_->finish();
    }
    StreamEvent event;
    event.input = index_;
    int count = 0;
    while (count < kAtOnce && rows_->next(event)) {
        event.input = index_;
        sorter_.push(event);
        ++count;
    }
    return count > 0;
}

bool Input::advance(WorkerPool& pool) {
    bool more = true;
    while (more && !sorter_.has_next()) {
        more = rows_ ? sort_rows(pool) : parsed_ && read_block(pool);
        if (stop_.is_set()) return false;
        sorter_.settle(!more);
        counts_.late = sorter_.late();
        if (sorter_.waiting() > kMaxWaiting)
            throw ReadError(name() + ": found " + std::to_string(kMaxWaiting) +
                            " events that wait for earlier ones, expected an input in the order of time");
    }
    if (!more && !sorter_.has_next() && broke_off_) std::rethrow_exception(std::exchange(broke_off_, nullptr));
    if (sorter_.has_next() && !first_key_) first_key_ = sorter_.front_key();
    return sorter_.has_next();
}

void Input::take(Block& block) {
    const ParsedChunk& chunk = block.chunk;
    for (std::size_t i = 0; i < kIgnoredClasses; ++i) counts_.ignored[i] += chunk.ignored[i];
    for (std::size_t i = 0; i < kProtocols; ++i) counts_.left_out[i] += chunk.left_out[i];
    counts_.malformed += chunk.malformed;
    for (const Fault& fault : chunk.faults)
        if (faults_.size() < EventStream::kFaultsKept)
            faults_.push_back({name(), counts_.lines + fault.line + 1, fault.found, fault.expected});
    for (std::size_t i = 0; i < block.count; ++i) take(block.events[i]);
    counts_.lines += chunk.lines;
}

void Input::take(RawEvent& raw) {
    LoginEvent& event = raw.stream.event;
    event.time = repair_->repaired(event.time, raw.has_year, raw.has_zone);
    raw.stream.input = index_;
    raw.stream.line += counts_.lines + 1;
    if (rows_)
        rows_->push(raw.stream);
    else
        sorter_.push(raw.stream);
}

}  // namespace guard::replay
