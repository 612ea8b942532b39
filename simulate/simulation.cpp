#include "simulate/simulation.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <system_error>

#include "event/crc32c.hpp"
#include "event/file.hpp"
#include "simulate/world.hpp"

namespace guard::simulate {
namespace {

namespace fs = std::filesystem;

constexpr std::array kFiles{"manifest.json", "truth.csv",    "events.jsonl", "pools.csv",
                            "contracts.csv", "gateways.txt", "world.mmdb"};
constexpr std::uint32_t kFewestSubscribers = 200, kFewestSmtp = 50, kMostSmtp = 5'000'000, kMostDays = 3650;

std::span<const std::uint8_t> bytes_of(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Where the events go: a file that gets its name when it is complete, or what is there to take them.
class EventFile {
  public:
    explicit EventFile(fs::path name) : name_(std::move(name)) {}
    EventFile(const EventFile&) = delete;
    EventFile& operator=(const EventFile&) = delete;
    ~EventFile() {
        if (!unfinished_.empty()) ::unlink(unfinished_.c_str());
    }
    Descriptor open() {
        struct stat status {};
        const bool pipe = name_ != "-" && ::stat(name_.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
        if (!pipe && name_ != "-") unfinished_ = name_.string() + ".next";
        const fs::path& opened = pipe ? name_ : unfinished_;
        Descriptor file(name_ == "-" ? ::dup(STDOUT_FILENO)
                                     : ::open(opened.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
        if (!file) {
            const int error = errno;
            unfinished_.clear();
            throw std::system_error(error, std::generic_category(), "cannot write " + name_.string());
        }
        return file;
    }
    void finish() {
        if (!unfinished_.empty()) fs::rename(unfinished_, name_);
        unfinished_.clear();
    }

  private:
    const fs::path name_;
    fs::path unfinished_;
};

std::string truth_file(const Population& population) {
    std::string text = "id,label,attack_start\n";
    for (const TruthRow& row : population.truth)
        text += fmt::format("{},{},{}\n", row.subject, row_of(row.label).name,
                            row.attack_start ? format_rfc3339(*row.attack_start) : "");
    return text;
}

std::string contract_file(const Population& population) {
    std::string text = "id,sessions\n";
    for (const ContractRow& row : population.contracts)
        text += fmt::format("{},{}\n", id_text(Service::pppoe, row.id), row.sessions);
    return text;
}

using Files = std::map<std::string, std::string>;

nlohmann::ordered_json arguments_json(const Arguments& arguments) {
    nlohmann::ordered_json scenarios = nlohmann::ordered_json::array();
    for (const Label label : arguments.scenarios) scenarios.push_back(row_of(label).name);
    if (arguments.scenarios.empty()) scenarios.push_back("all");
    return {{"seed", arguments.seed},
            {"subscribers", arguments.subscribers},
            {"days", arguments.days},
            {"smtp", smtp_ids(arguments)},
            {"thieves", arguments.thieves ? nlohmann::ordered_json(*arguments.thieves) : nlohmann::ordered_json()},
            {"scenarios", scenarios}};
}

nlohmann::ordered_json labels_json(const Population& population) {
    nlohmann::ordered_json all = nlohmann::ordered_json::object();
    for (const LabelRow& row : labels())
        if (const auto count = population.counts.at(static_cast<std::size_t>(row.label)); count > 0)
            all[std::string(row.name)] = {{"service", to_string(row.service)},
                                          {"class", to_string(row.meaning)},
                                          {"mass", row.mass},
                                          {"count", count},
                                          {"what", row.description}};
    return all;
}

nlohmann::ordered_json mass_json(const Isp& isp) {
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const MassEvent& event : isp.mass)
        all.push_back({{"label", row_of(event.label).name},
                       {"begins", format_rfc3339(event.begins)},
                       {"pools", event.pools.size()}});
    if (isp.mail_fails < Time::max())
        all.push_back({{"label", row_of(Label::mail_outage).name}, {"begins", format_rfc3339(isp.mail_fails)}});
    return all;
}

nlohmann::ordered_json counts_json(const EventWriter& writer) {
    nlohmann::ordered_json all = nlohmann::ordered_json::object();
    for (const Service service : {Service::pppoe, Service::smtp_auth})
        for (const Kind kind : {Kind::accept, Kind::reject, Kind::assign, Kind::alive, Kind::release})
            if (const auto count = writer.count(service, kind); count > 0)
                all[std::string(to_string(service))][std::string(to_string(kind))] = count;
    return all;
}

std::string manifest(const Arguments& arguments, const std::string& version, const Isp& isp,
                     const Population& population, const EventWriter& writer, const Files& files) {
    nlohmann::ordered_json json;
    json["made_by"] = "guardctl simulate";
    json["version"] = version;
    json["arguments"] = arguments_json(arguments);
    json["start"] = format_rfc3339(isp.start);
    json["end"] = format_rfc3339(isp.end);
    json["subscribers"] = arguments.subscribers;
    json["smtp"] = smtp_ids(arguments);
    json["days"] = arguments.days;
    json["sources"] = population.innocent_sources;
    json["events"] = writer.events();
    json["events_by_kind"] = counts_json(writer);
    json["labels"] = labels_json(population);
    json["attacks"] = population.attacks;
    json["attacks_that_begin_in_learning"] = population.attacks_in_learning;
    json["share_of_attacks_in_learning"] =
        population.attacks == 0
            ? 0.0
            : static_cast<double>(population.attacks_in_learning) / static_cast<double>(population.attacks);
    json["mass_events"] = mass_json(isp);
    for (const auto& [name, value] : parameters()) json["population"][name] = value;
    json["files"]["events"] = {{"bytes", writer.bytes()}, {"crc32c", fmt::format("{:08x}", writer.checksum())}};
    for (const auto& [name, text] : files)
        json["files"][name] = {{"bytes", text.size()}, {"crc32c", fmt::format("{:08x}", crc32c(bytes_of(text)))}};
    return json.dump(2) + '\n';
}

std::optional<std::string> mistake_in(const Arguments& arguments) {
    const auto outside = [](const char* option, std::uint64_t value, std::uint64_t least, std::uint64_t most) {
        return fmt::format("{}: found {}, expected {} to {}", option, value, least, most);
    };
    if (arguments.subscribers < kFewestSubscribers || arguments.subscribers > AddressPlan::kMostSubscribers)
        return outside("--subscribers", arguments.subscribers, kFewestSubscribers, AddressPlan::kMostSubscribers);
    if (arguments.days < 1 || arguments.days > kMostDays) return outside("--days", arguments.days, 1, kMostDays);
    const std::uint32_t smtp = smtp_ids(arguments);
    if (arguments.smtp && smtp != 0 && (smtp < kFewestSmtp || smtp > kMostSmtp))
        return outside("--smtp", smtp, kFewestSmtp, kMostSmtp) + ", or 0";
    const bool mail = std::ranges::any_of(arguments.scenarios,
                                          [](Label label) { return row_of(label).service == Service::smtp_auth; });
    if (mail && smtp == 0) return "--scenario: found one of SMTP-AUTH, expected IDs for it by --smtp";
    return too_many_thieves(arguments);
}

std::optional<std::string> prepare(const Output& output) {
    fs::create_directories(output.directory);
    if (!fs::is_empty(output.directory) && !output.force)
        return output.directory.string() + ": found files in it, expected an empty directory, or --force";
    // So that nobody takes those of another run for the ones of this.
    for (const char* const name : kFiles) fs::remove(output.directory / name);
    return std::nullopt;
}

}  // namespace

Expected<Summary> simulate(const Arguments& arguments, const Output& output,
                           const std::function<void(std::uint64_t)>& progress) {
    if (auto mistake = mistake_in(arguments)) return unexpected(std::move(*mistake));
    if (auto mistake = prepare(output)) return unexpected(std::move(*mistake));

    EventFile event_file(output.events.empty() ? output.directory / "events.jsonl" : output.events);
    EventWriter writer(event_file.open());
    const Time start = first_instant();
    Isp isp(arguments.seed, arguments.subscribers, start, start + std::chrono::days{arguments.days}, writer);
    const Population population = populate(isp, arguments);

    const Files files{{"pools.csv", isp.plan.pool_file()},
                      {"contracts.csv", contract_file(population)},
                      {"gateways.txt", gateway_file()},
                      {"truth.csv", truth_file(population)},
                      {"world.mmdb", world_database()}};
    const auto place = [&](const std::string& name, const std::string& text) {
        replace_file(output.directory / name, bytes_of(text), 0644);
    };
    for (const auto& [name, text] : files)
        if (name != "truth.csv") place(name, text);
    place("truth.csv", files.at("truth.csv"));

    isp.run([&] { progress(writer.events()); });
    writer.finish();
    event_file.finish();
    place("manifest.json", manifest(arguments, output.version, isp, population, writer, files));
    return Summary{writer.events(), writer.bytes(), population.attacks, population.attacks_in_learning};
}

}  // namespace guard::simulate
