#include "notifier/channels/letter_channel.hpp"

#include <algorithm>
#include <stdexcept>

#include "event/text.hpp"

namespace guard::notifier {
namespace {

constexpr std::size_t kMaxLines = 5, kMaxLine = 200, kMaxName = 200;  // lines; octets

std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (!line.empty()) lines.emplace_back(line);
        if (lines.size() > kMaxLines) break;
    }
    return lines;
}

}  // namespace

std::optional<std::string> postal_code(std::string_view written) {
    std::string digits(written);
    if (digits.size() == 8 && digits[3] == '-') digits.erase(3, 1);
    if (digits.size() != 7 || digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
    return "〒" + digits.substr(0, 3) + "-" + digits.substr(3);
}

std::optional<Letter> compose_letter(const DeliveryJob& job, const TemplateSet& templates,
                                     const LocalTime& local_time) {
    const Recipient& to = job.recipient;
    const auto postal = postal_code(to.postal_code);
    const auto lines = lines_of(to.postal_address);
    const auto printable = [](const std::string& text) { return text.size() <= kMaxLine && is_plain_utf8(text); };
    if (!postal || lines.empty() || lines.size() > kMaxLines || !std::ranges::all_of(lines, printable) ||
        to.name.size() > kMaxName || !is_plain_utf8(to.name))
        return std::nullopt;
    const auto known = job.values.find("name");
    auto name = to.name.empty() && known != job.values.end() ? known->second : to.name;
    if (to.language == "ja") name += "\u00a0様";  // never on a line of its own
    auto text = templates.render(Medium::letter, job.kind, to.language, job.service, job.values);
    Letter letter{to.language, {*postal}, local_time.date(job.now, to.language), text.subject, text.body};
    letter.addressee.insert(letter.addressee.end(), lines.begin(), lines.end());
    letter.addressee.push_back(name);
    return letter;
}

LetterChannel::LetterChannel(config::LetterSettings settings, std::shared_ptr<const TemplateSet> templates,
                             LocalTime local_time)
    : settings_(settings), printer_(std::move(settings)), templates_(std::move(templates)), local_time_(local_time) {}

bool LetterChannel::reaches(const Recipient& recipient) const {
    return postal_code(recipient.postal_code) && !lines_of(recipient.postal_address).empty();
}

std::string LetterChannel::masked_address(const Recipient& recipient) const {
    const auto postal = postal_code(recipient.postal_code);
    return postal ? postal->substr(3, 3) + "-****" : "***";
}

Delivery LetterChannel::deliver(const DeliveryJob& job) {
    using Outcome = Delivery::Outcome;
    if (!TemplateSet::knows(job.kind, job.recipient.language))
        return {Outcome::never, 0, "there is no text of this kind in this language"};
    try {
        const auto letter = compose_letter(job, *templates_, local_time_);
        if (!letter) return {Outcome::never, 0, "the postal address cannot be printed"};
        const auto printed = printer_.print({&*letter, 1}, job.now);
        if (!printed) return {Outcome::never, 0, to_string(printed.error())};
        const auto number = job.values.find("case_number");
        const bool added = LetterFolder(settings_.directory)
                               .add(job.key, number == job.values.end() ? "" : number->second, *letter, printed->pdf);
        return {Outcome::accepted, 0, added ? "printed, waits for the next batch" : "was printed before"};
    } catch (const std::exception& error) {
        return {Outcome::later, 0, error.what()};
    }
}

}  // namespace guard::notifier
