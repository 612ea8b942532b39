#include "tests/simulate/simulated.hpp"

#include <algorithm>
#include <sstream>

#include "replay/jsonl_reader.hpp"

namespace guard::simulate::test {

Simulated::Simulated(const Arguments& arguments) {
    const std::filesystem::path path = directory.path();
    const auto done = simulate(arguments, {path, {}, false, "test"}, [](std::uint64_t) {});
    if (!done) BOOST_FAIL(done.error());

    auto reader = replay::JsonlReader::open(path / "events.jsonl", IdNormalisation{});
    BOOST_TEST_REQUIRE(reader.has_value());
    while (auto line = reader->next()) {
        if (!*line) BOOST_FAIL(line->error().to_string());
        events.push_back(std::move(**line));
    }
    std::istringstream rows(read_file(path / "truth.csv"));
    std::string row;
    std::getline(rows, row);
    BOOST_TEST(row == "id,label,attack_start");
    while (std::getline(rows, row)) {
        const auto first = row.find(','), second = row.rfind(',');
        const auto label = parse_label(row.substr(first + 1, second - first - 1));
        BOOST_TEST_REQUIRE(label.has_value(), row);
        const bool is_new =
            truth.insert({row.substr(0, first), {*label, parse_rfc3339(row.substr(second + 1))}}).second;
        BOOST_TEST(is_new, row);
    }
    manifest = nlohmann::json::parse(read_file(path / "manifest.json"));
    auto loaded = geo::Locator::load(path / "pools.csv", path / "world.mmdb", 1);
    BOOST_REQUIRE(loaded.has_value());
    locator = *loaded;
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(path)) files.insert(entry.path());
    for (const auto& file : files) all_bytes += file.filename().string() + '\n' + read_file(file);
}

std::vector<std::string> Simulated::of(Label label) const {
    std::vector<std::string> subjects;
    for (const auto& [subject, row] : truth)
        if (row.label == label) subjects.push_back(subject);
    BOOST_TEST_REQUIRE(!subjects.empty(), row_of(label).name);
    return subjects;
}

std::vector<LoginEvent> Simulated::events_of(const std::string& id) const {
    std::vector<LoginEvent> own;
    std::copy_if(events.begin(), events.end(), std::back_inserter(own),
                 [&](const LoginEvent& event) { return event.id == id; });
    std::stable_sort(own.begin(), own.end(), [](const LoginEvent& a, const LoginEvent& b) { return a.time < b.time; });
    BOOST_TEST_REQUIRE(!own.empty(), id);
    return own;
}

geo::Place Simulated::place(const IpAddress& address) const {
    const auto place = locator->anywhere(address);
    BOOST_TEST_REQUIRE(place.has_value(), address.to_string());
    return *place;
}

std::string Simulated::region(const LoginEvent& event) const {
    BOOST_TEST_REQUIRE(!event.addresses.empty());
    const auto place = locator->in_pools(event.addresses.front());
    BOOST_TEST_REQUIRE(place.has_value(), event.addresses.front().to_string());
    return std::string(place->region.view());
}

const Simulated& all_scenarios() {
    static const Simulated simulated([] {
        Arguments arguments;
        arguments.subscribers = 300;
        arguments.smtp = 100;
        arguments.days = 20;
        return arguments;
    }());
    return simulated;
}

std::vector<LoginEvent> only(Kind kind, const std::vector<LoginEvent>& events) {
    std::vector<LoginEvent> some;
    for (const LoginEvent& event : events)
        if (event.kind == kind) some.push_back(event);
    return some;
}

}  // namespace guard::simulate::test
