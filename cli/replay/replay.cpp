// guardctl replay, from the options to the exit code; read Run::run() first.
#include <fmt/core.h>

#include <exception>
#include <memory>
#include <optional>

#include "analyzer/daemon/state_lock.hpp"
#include "cli/commands.hpp"
#include "cli/finding_json.hpp"
#include "cli/replay/analyses.hpp"
#include "cli/replay/cases.hpp"
#include "cli/replay/comparison.hpp"
#include "cli/replay/configuration.hpp"
#include "cli/replay/could_not_run.hpp"
#include "cli/replay/event_json.hpp"
#include "cli/replay/interrupt.hpp"
#include "cli/replay/life.hpp"
#include "cli/replay/output_file.hpp"
#include "cli/replay/read_progress.hpp"
#include "cli/replay/report.hpp"
#include "cli/replay/tally.hpp"

namespace guard::cli {
namespace {

// RFC 3339, or a day: its beginning in UTC.
std::optional<Time> time_of(const std::string& text, const char* option) {
    if (text.empty()) return std::nullopt;
    auto time = parse_rfc3339(text);
    if (!time) time = parse_rfc3339(text + "T00:00:00Z");
    if (!time)
        throw CouldNotRun{fmt::format(
            "{}: found no time, expected one as 2026-03-20T09:12:30+09:00, or a day as 2026-03-20", option)};
    return time;
}

std::string normalised(const std::string& id, const IdNormalisation& identity, const char* option) {
    const auto normal = identity(id);
    if (!normal)
        throw CouldNotRun{fmt::format("{}: found an ID of {} bytes, expected one of 1 to 253", option, id.size())};
    return *normal;
}

replay::EventStream open_stream(const ReplayOptions& options, const config::Settings& settings) {
    replay::StreamOptions wanted;
    wanted.inputs = options.inputs;
    wanted.format = options.format;
    wanted.table = options.table;
    wanted.year = options.year;
    wanted.zone = options.zone;
    wanted.threads = options.threads;
    wanted.normalise = settings.identity;
    wanted.reorder = settings.detection.reorder;
    for (const std::string& protocol : options.include) (protocol == "imap" ? wanted.imap : wanted.pop3) = true;
    wanted.service = parse_service(options.service);
    wanted.since = time_of(options.since, "--since");
    wanted.until = time_of(options.until, "--until");
    if (wanted.since && wanted.until && *wanted.since >= *wanted.until)
        throw CouldNotRun{"found --since that is not before --until, expected a span of time"};
    if (options.id) {
        static_cast<void>(normalised(*options.id, settings.identity, "--id"));  // that it can be; the stream does it
        wanted.id = options.id;
    }
    return value_or_stop(replay::EventStream::open(std::move(wanted)));
}

std::optional<daemon::StateLock> lock_to_learn(const ReplayOptions& options, const config::Settings& settings) {
    if (!options.learn) return std::nullopt;
    try {
        return std::make_optional<daemon::StateLock>(settings.state_directory);
    } catch (const std::runtime_error& error) {
        throw CouldNotRun{error.what()};
    }
}

// Before the first output: that somebody looks is recorded, or nothing is shown.
std::unique_ptr<Cases> open_database(const ReplayOptions& options, const config::Settings& settings) {
    account_for_reading(options, settings);
    return options.into_cases ? std::make_unique<Cases>(settings) : nullptr;
}

// Everything that is open for one replay. The members are made in the order in which mistakes should be told: what was
// typed, configurations, logs, then outputs, which are touched only when all else is well.
class Run {
  public:
    explicit Run(const ReplayOptions& options);
    int run();

  private:
    [[nodiscard]] static std::vector<std::unique_ptr<Analysis>> make_analyses(const std::vector<Configuration>& all,
                                                                              const Pseudonyms& pseudonyms);
    void show_events(const replay::Batch& batch);
    void take_decisions();
    void take(const detection::Decision& decision);
    void finish();
    void say_faults() const;
    void say_summary();
    void write_documents();
    [[nodiscard]] Account account();

    const ReplayOptions& options_;
    const Pseudonyms pseudonyms_;
    const std::vector<Configuration> configurations_;
    const std::optional<daemon::StateLock> lock_;  // of the state directory, to learn
    replay::EventStream stream_;
    Analyses analyses_;
    std::unique_ptr<Cases> cases_;
    OutputFile findings_, events_, standard_output_;
    std::optional<Life> life_;
    std::optional<Comparison> comparison_;
    Tally tally_;
    std::string line_;                  // of --events, used again and again
    std::vector<std::string> in_json_;  // names of the inputs
    bool interrupted_ = false;
};

std::vector<std::unique_ptr<Analysis>> Run::make_analyses(const std::vector<Configuration>& all,
                                                          const Pseudonyms& pseudonyms) {
    std::vector<std::unique_ptr<Analysis>> made;
    for (const Configuration& one : all) {
        std::string warning;
        made.push_back(std::make_unique<Analysis>(one, pseudonyms, warning));
        if (!warning.empty()) fmt::print(stderr, "warning: {}\n", warning);
    }
    return made;
}

Run::Run(const ReplayOptions& options)
    : options_(options),
      pseudonyms_(options.pseudonyms.empty() ? Pseudonyms() : Pseudonyms::load(options.pseudonyms)),
      configurations_(load_configurations(options)),
      lock_(lock_to_learn(options, configurations_.front().settings)),
      stream_(open_stream(options, configurations_.front().settings)),
      analyses_(make_analyses(configurations_, pseudonyms_)),
      cases_(open_database(options, configurations_.front().settings)),
      findings_(options.findings),
      events_(options.events),
      standard_output_(!options.explain && options.compare.empty() && options.report.empty() ? "" : "-") {
    const Configuration& first = configurations_.front();
    if (options.explain)
        life_.emplace(normalised(*options.explain, first.settings.identity, "--explain"), first, pseudonyms_,
                      standard_output_);
    if (!options.compare.empty()) {
        std::vector<std::string> names;
        for (const Configuration& one : configurations_) names.push_back(one.name);
        comparison_.emplace(std::move(names), pseudonyms_);
    }
    for (const replay::InputCounts& input : stream_.counts()) in_json_.push_back(json_text(input.input));
}

int Run::run() {
    const Interrupt interrupt([this] { stream_.stop(); });
    ReadProgress progress;
    replay::Batch batch;
    std::uint64_t events = 0;
    while (!(interrupted_ = Interrupt::asked()) && stream_.next(batch)) {
        events += batch.size();
        tally_.count(batch);
        analyses_.take(batch);
        show_events(batch);
        take_decisions();
        if (progress.due()) progress.show({events, stream_.progress().bytes, stream_.progress().of});
    }
    progress.clear();
    interrupted_ = interrupted_ || Interrupt::asked();
    if (interrupted_) {
        // What it counted may be looked at when it is at its end.
        stream_.stop();
        static_cast<void>(stream_.next(batch));
    }
    finish();
    if (interrupted_) return kCouldNotRun;
    return tally_.findings() > 0 ? kNo : kDone;
}

void Run::show_events(const replay::Batch& batch) {
    if (life_) life_->add(batch);
    if (!events_.wanted()) return;
    line_.clear();
    for (const replay::StreamEvent& read : batch)
        append_json(line_, read, pseudonyms_.shown(read.event.service, read.event.id), in_json_[read.input]);
    events_.write(line_);
}

void Run::take_decisions() {
    for (std::size_t i = 0; i < analyses_.size(); ++i)
        for (const detection::Decision& decision : analyses_[i].take_decisions()) {
            if (comparison_) comparison_->count(i, decision);
            if (i == 0) take(decision);
        }
}

void Run::take(const detection::Decision& decision) {
    tally_.count(decision);
    if (life_) life_->add(decision);
    if (!is_final(decision)) return;
    if (findings_.wanted()) findings_.write(to_json(decision) + '\n');
    if (cases_) cases_->add(decision);
}

void Run::finish() {
    analyses_.finish();
    take_decisions();
    if (cases_) cases_->finish();
    if (options_.learn && !interrupted_) analyses_[0].save_learned();
    say_faults();
    write_documents();
    findings_.close();
    events_.close();
    standard_output_.close();
    say_summary();
}

void Run::write_documents() {
    const Format format = format_of(options_.report);
    if (life_) life_->finish();
    if (comparison_)
        standard_output_.write(comparison_->shown(format, interrupted_));
    else if (!options_.report.empty())
        standard_output_.write(report(tally_, account(), format));
}

Account Run::account() {
    const detection::Detector& detector = analyses_[0].detector();
    return {stream_.counts(), detector.streams().size(), detector.counters().unmapped, detector.skewed_clocks(),
            interrupted_};
}

void Run::say_faults() const {
    const auto faults = stream_.faults();
    std::uint64_t malformed = 0;
    for (const replay::InputCounts& counts : stream_.counts()) malformed += counts.malformed;
    for (const replay::MalformedLine& fault : faults) fmt::print(stderr, "{}\n", fault.to_string());
    if (malformed > faults.size()) fmt::print(stderr, "{} more malformed lines\n", malformed - faults.size());
}

void Run::say_summary() {
    const Account all = account();
    const auto line_of = [](const replay::InputCounts& counts) {
        return fmt::format("{} lines: {} events, {}, {} malformed", counts.lines, counts.events,
                           ignored_in_words(counts), counts.malformed);
    };
    const replay::InputCounts sum = sum_of(all.inputs);
    if (interrupted_) fmt::print(stderr, "interrupted: this is what was found until then\n");
    const ActionCounts& found = tally_.actions();
    fmt::print(stderr,
               "{} events, {} malformed lines skipped, {} IDs; findings: {} suspend, {} review, {} block, {} record\n",
               sum.events, sum.malformed, all.ids, found[0], found[1], found[2], found[3]);
    if (all.inputs.size() > 1)
        for (const replay::InputCounts& counts : all.inputs)
            fmt::print(stderr, "{}: {}\n", counts.input, line_of(counts));
    fmt::print(stderr, "{}\n", line_of(sum));
    if (all.unmapped > 0)
        fmt::print(stderr, "warning: {} PPPoE events with an address outside every pool: no decision about them\n",
                   all.unmapped);
    for (const auto& [pool, skew] : all.skewed_clocks)
        fmt::print(stderr, "warning: {}: jumps there go to a person\n", skew_in_words(pool, skew));
    for (const replay::InputCounts& counts : all.inputs)
        if (counts.late > 0)
            fmt::print(stderr, "warning: {}: {} events came later than detection.reorder allows: taken out of order\n",
                       counts.input, counts.late);
    if (cases_)
        fmt::print(stderr, "cases: {} findings and {} sources recorded, {} known already\n",
                   cases_->recorded().findings, cases_->recorded().sources, cases_->recorded().known);
    if (!options_.learn) return;
    if (interrupted_)
        fmt::print(stderr, "nothing was learned: not everything was read\n");
    else
        fmt::print(stderr, "learned regions saved in {}\n", configurations_.front().settings.state_directory.string());
}

}  // namespace

int replay(const ReplayOptions& options) {
    try {
        check_options(options);
        return Run(options).run();
    } catch (const CouldNotRun& error) {
        fmt::print(stderr, "{}\n", error.message);
    } catch (const std::exception& error) {
        fmt::print(stderr, "guardctl replay: {}\n", error.what());
    }
    return kCouldNotRun;
}

}  // namespace guard::cli
