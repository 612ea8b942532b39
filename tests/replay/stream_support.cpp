#include "tests/replay/stream_support.hpp"

#include <boost/test/unit_test.hpp>

namespace guard::replay {

std::string to_string(const StreamEvent& event) {
    std::string text(to_string(event.protocol));
    text.append(" ").append(to_string(event.event.kind)).append(" ").append(event.event.id).append(" ");
    for (const IpAddress& address : event.event.addresses)
        text.append(&address == event.event.addresses.data() ? "" : ",").append(address.to_string());
    text.append(event.event.addresses.empty() ? "- " : " ").append(format_rfc3339(event.event.time));
    if (event.attempts != 1) text.append(" x").append(std::to_string(event.attempts));
    return text;
}

std::vector<std::string> Replayed::lines() const {
    std::vector<std::string> result;
    for (const StreamEvent& event : events) result.push_back(to_string(event));
    return result;
}

std::string Files::write(const std::string& name, const std::string& text) const {
    const auto path = directory.path() / name;
    test::write_file(path, text);
    return path.string();
}

StreamOptions of(std::vector<std::string> inputs) {
    StreamOptions options;
    options.inputs = std::move(inputs);
    options.zone = "UTC";
    options.threads = 1;
    return options;
}

Replayed replay(StreamOptions options) {
    auto stream = EventStream::open(std::move(options));
    if (!stream) {
        for (const std::string& mistake : stream.error()) BOOST_ERROR(mistake);
        BOOST_FAIL("the stream does not open");
    }
    Replayed result;
    try {
        for (Batch batch; stream->next(batch);) result.events.insert(result.events.end(), batch.begin(), batch.end());
    } catch (const ReadError& error) {
        result.error = error.what();
    }
    result.counts = stream->counts();
    result.faults = stream->faults();
    return result;
}

}  // namespace guard::replay
