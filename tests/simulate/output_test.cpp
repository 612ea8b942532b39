// What is in the directory: the same bytes for the same arguments, in order, complete, told by the manifest.
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>

#include "event/crc32c.hpp"
#include "tests/simulate/simulated.hpp"

namespace guard::simulate::test {
namespace {

using namespace std::chrono_literals;

Arguments few(std::uint64_t seed, std::vector<Label> scenarios = {}) {
    Arguments arguments;
    arguments.seed = seed;
    arguments.subscribers = 200;
    arguments.smtp = 60;
    arguments.days = 2;
    arguments.scenarios = std::move(scenarios);
    return arguments;
}

std::uint64_t count_in(const nlohmann::json& manifest, Label label) {
    const auto& labels_of = manifest.at("labels");
    const auto found = labels_of.find(std::string(row_of(label).name));
    return found == labels_of.end() ? 0 : found->at("count").get<std::uint64_t>();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(output)

BOOST_AUTO_TEST_CASE(the_same_seed_makes_the_same_bytes_and_another_others) {
    const Simulated first(few(1)), again(few(1)), other(few(2));
    BOOST_TEST((first.all_bytes == again.all_bytes));
    BOOST_TEST((first.events != other.events));
}

BOOST_AUTO_TEST_CASE(events_come_in_the_order_of_time_but_for_what_is_late_by_its_label) {
    const Simulated& all = all_scenarios();
    Time newest = Time::min();
    std::map<Label, Microseconds> latest;
    for (const LoginEvent& event : all.events) {
        const auto row = all.truth.find(event.id);
        const Label label = row == all.truth.end() ? Label::ordinary : row->second.label;
        if (label == Label::clock_skew) {  // what it does to others is their skew
            BOOST_REQUIRE((event.time >= newest - 282s));
            continue;
        }
        if (newest > event.time) latest[label] = std::max(latest[label], newest - event.time);
        newest = std::max(newest, event.time);
    }
    BOOST_TEST((latest[Label::late_accounting] > 60s));
    BOOST_TEST((latest[Label::retransmission] > 1s));
    for (const auto& [label, late] : latest) {
        const bool is_late = label == Label::late_accounting || label == Label::retransmission;
        BOOST_TEST((late <= (is_late ? 120s : 0s)), row_of(label).name << ": " << late.count() << " us");
    }
}

BOOST_AUTO_TEST_CASE(every_label_is_there_and_counted_as_the_manifest_says) {
    const Simulated& all = all_scenarios();
    std::map<Label, std::uint64_t> rows;
    for (const auto& [subject, row] : all.truth) {
        ++rows[row.label];
        BOOST_TEST(row.attack_start.has_value() == is_attack(row_of(row.label).meaning), subject);
        BOOST_TEST((subject.find('@') == std::string::npos) == is_source(row_of(row.label).meaning), subject);
    }
    std::uint64_t ids = 0, mail_ids = 0;
    for (const LabelRow& row : labels()) {
        const std::uint64_t count = count_in(all.manifest, row.label);
        if (row.label != Label::mail_outage) BOOST_TEST(count > 0U, row.name);
        const bool in_truth = row.label != Label::ordinary && row.label != Label::smtp_ordinary;
        BOOST_TEST(rows[row.label] == (in_truth ? count : 0U), row.name);
        if (!is_source(row.meaning)) (row.service == Service::pppoe ? ids : mail_ids) += count;
    }
    BOOST_TEST(ids == 300U);
    BOOST_TEST(mail_ids == 100U);
}

BOOST_AUTO_TEST_CASE(the_manifest_tells_what_is_in_the_files) {
    const Simulated& all = all_scenarios();
    const auto& manifest = all.manifest;
    BOOST_TEST(manifest.at("subscribers") == 300);
    BOOST_TEST(manifest.at("smtp") == 100);
    BOOST_TEST(manifest.at("days") == 20);
    BOOST_TEST(manifest.at("version") == "test");
    BOOST_TEST(manifest.at("events") == all.events.size());
    std::size_t by_kind = 0;
    for (const auto& service : manifest.at("events_by_kind"))
        for (const auto& count : service) by_kind += count.get<std::size_t>();
    BOOST_TEST(by_kind == all.events.size());
    const auto& files = manifest.at("files");
    for (const auto& [name, file] : std::map<std::string, std::string>{{"events", "events.jsonl"},
                                                                       {"pools.csv", "pools.csv"},
                                                                       {"contracts.csv", "contracts.csv"},
                                                                       {"gateways.txt", "gateways.txt"},
                                                                       {"truth.csv", "truth.csv"},
                                                                       {"world.mmdb", "world.mmdb"}}) {
        const std::string text = read_file(all.directory.path() / file);
        const auto crc = crc32c({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
        BOOST_TEST(files.at(name).at("bytes") == text.size(), name);
        BOOST_TEST(std::stoull(files.at(name).at("crc32c").get<std::string>(), nullptr, 16) == crc, name);
    }
    BOOST_TEST(manifest.at("attacks_that_begin_in_learning") == 0);
    BOOST_TEST(Simulated(few(1)).manifest.at("share_of_attacks_in_learning") == 1.0);
}

BOOST_AUTO_TEST_CASE(as_many_thieves_as_asked_for_or_as_an_isp_would_see) {
    Arguments arguments = few(4, {Label::single_far, Label::review_flood, Label::smtp_botnet});
    arguments.thieves = 9;
    const Simulated asked(arguments);
    BOOST_TEST(count_in(asked.manifest, Label::single_far) == 9U);
    BOOST_TEST(count_in(asked.manifest, Label::review_flood) == 27U);
    BOOST_TEST(count_in(asked.manifest, Label::smtp_botnet) == 9U);
    BOOST_TEST(count_in(Simulated(few(4)).manifest, Label::single_far) == 2U);
    // 30 per million subscriber-months: thieves have thirteen days of thirty.
    Arguments many;
    many.subscribers = 400'000;
    many.days = 30;
    EventWriter nobody{Descriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC))};
    Isp isp(1, many.subscribers, first_instant(), first_instant() + std::chrono::days{many.days}, nobody);
    BOOST_TEST(populate(isp, many).counts.at(static_cast<std::size_t>(Label::resale)) ==
               400'000ULL * 30 * 13 / 30 / 1'000'000);
}

BOOST_AUTO_TEST_CASE(no_two_sources_guess_from_one_address) {
    Arguments arguments;
    arguments.scenarios = {Label::guess_spread};
    arguments.thieves = 5000;  // 50,000 sources: by chance some 40 would meet
    EventWriter nobody{Descriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC))};
    Isp isp(3, arguments.subscribers, first_instant(), first_instant() + std::chrono::days{arguments.days}, nobody);
    std::set<std::string> sources;
    for (const TruthRow& row : populate(isp, arguments).truth) BOOST_TEST(sources.insert(row.subject).second);
    BOOST_TEST(sources.size() > 50'000U);
}

BOOST_AUTO_TEST_CASE(attacks_and_mass_events_are_spread_over_the_days_after_learning) {
    Arguments arguments;
    arguments.subscribers = 300;
    arguments.smtp = 60;
    arguments.days = 30;
    arguments.thieves = 10;
    EventWriter nobody{Descriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC))};
    Isp isp(3, arguments.subscribers, first_instant(), first_instant() + std::chrono::days{arguments.days}, nobody);
    const Population population = populate(isp, arguments);
    const Time from = first_instant() + 15 * 24h, until = first_instant() + 28 * 24h;
    std::array<unsigned, 13> on_day{};
    for (const TruthRow& row : population.truth)
        if (row.attack_start && row.label == Label::single_far) {
            BOOST_TEST_REQUIRE((*row.attack_start >= from && *row.attack_start < until));
            ++on_day.at(static_cast<std::size_t>((*row.attack_start - from) / 24h));
        }
    BOOST_TEST(std::count(on_day.begin(), on_day.end(), 0U) <= 9);
    BOOST_TEST_REQUIRE(isp.mass.size() == 7U);
    for (std::size_t i = 0; i < isp.mass.size(); ++i) {
        BOOST_TEST((isp.mass[i].begins >= from && isp.mass[i].begins < until));
        if (i > 0) BOOST_TEST((isp.mass[i].begins - isp.mass[i - 1].begins >= 12h));
    }
}

BOOST_AUTO_TEST_CASE(every_scenario_alone) {
    for (const LabelRow& row : labels()) {
        const Simulated one(few(3, {row.label}));
        if (row.label != Label::mail_outage) BOOST_TEST(count_in(one.manifest, row.label) > 0U, row.name);
        for (const auto& [subject, truth] : one.truth) {
            const bool comes_with_it = truth.label == Label::carrier_gateway ||
                                       (row.label == Label::smtp_guessed && truth.label == Label::guess_fast);
            BOOST_TEST((truth.label == row.label || comes_with_it), row.name << ": " << subject);
        }
    }
}

BOOST_AUTO_TEST_CASE(contracts_are_of_those_with_several_sessions) {
    const Simulated& all = all_scenarios();
    std::istringstream rows(read_file(all.directory.path() / "contracts.csv"));
    std::string row;
    std::getline(rows, row);
    BOOST_TEST(row == "id,sessions");
    std::size_t count = 0;
    while (std::getline(rows, row)) {
        ++count;
        BOOST_TEST((all.truth.at(row.substr(0, row.find(','))).label == Label::several_sessions));
        BOOST_TEST(std::stoi(row.substr(row.find(',') + 1)) >= 2);
    }
    BOOST_TEST(count == all.of(Label::several_sessions).size());
}

BOOST_AUTO_TEST_CASE(a_directory_with_files_is_refused_unless_forced) {
    const guard::test::TemporaryDirectory directory("simulate");
    guard::test::write_file(directory.path() / "manifest.json", "mine");
    guard::test::write_file(directory.path() / "notes", "mine");
    const auto refused = simulate(few(1), {directory.path(), {}, false, "test"}, [](std::uint64_t) {});
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST(refused.error().find("expected an empty directory") != std::string::npos);
    BOOST_TEST(read_file(directory.path() / "manifest.json") == "mine");
    BOOST_TEST(!std::filesystem::exists(directory.path() / "events.jsonl"));
    BOOST_TEST(simulate(few(1), {directory.path(), {}, true, "test"}, [](std::uint64_t) {}).has_value());
    BOOST_TEST(read_file(directory.path() / "manifest.json") != "mine");
    BOOST_TEST(read_file(directory.path() / "notes") == "mine");
}

BOOST_AUTO_TEST_CASE(what_fails_leaves_no_half_file) {
    const guard::test::TemporaryDirectory directory("simulate");
    struct Stopped {};
    const auto stop = [](std::uint64_t) { throw Stopped{}; };
    BOOST_CHECK_THROW(static_cast<void>(simulate(few(1), {directory.path(), {}, false, "test"}, stop)), Stopped);
    BOOST_TEST(std::filesystem::exists(directory.path() / "truth.csv"));  // was there before the first event
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
        BOOST_TEST(entry.path().extension() != ".next");
        BOOST_TEST(entry.path().filename() != "events.jsonl");
        BOOST_TEST(entry.path().filename() != "manifest.json");
    }
}

BOOST_AUTO_TEST_CASE(arguments_out_of_range_are_named_with_the_range) {
    const auto message = [](const std::function<void(Arguments&)>& change) {
        const guard::test::TemporaryDirectory directory("simulate");
        Arguments arguments = few(1);
        change(arguments);
        const auto refused = simulate(arguments, {directory.path(), {}, false, "test"}, [](std::uint64_t) {});
        BOOST_REQUIRE(!refused.has_value());
        return refused.error();
    };
    BOOST_TEST(message([](Arguments& one) { one.subscribers = 199; }).find("199, expected 200 to") !=
               std::string::npos);
    BOOST_TEST(message([](Arguments& one) { one.days = 0; }).find("--days: found 0") != std::string::npos);
    BOOST_TEST(message([](Arguments& one) { one.smtp = 49; }).find("--smtp: found 49") != std::string::npos);
    BOOST_TEST(message([](Arguments& one) {
                   one.smtp = 0;
                   one.scenarios = {Label::guess_slow};
               }).find("--scenario") != std::string::npos);
    // Twelve stolen PPPoE IDs for each, three of them SMTP-AUTH's; there are 200 and 60.
    BOOST_TEST(message([](Arguments& one) { one.thieves = 9; }).find("--thieves: found 9, expected 1 to 8") !=
               std::string::npos);
    BOOST_TEST(message([](Arguments& one) { one.thieves = 0; }).find("--thieves: found 0") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace guard::simulate::test
