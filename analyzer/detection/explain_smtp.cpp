// The sentences of the rules about SMTP-AUTH IDs.
#include <fmt/format.h>

#include <cmath>

#include "analyzer/detection/country_names.hpp"
#include "analyzer/detection/explain_text.hpp"

namespace guard::detection {
namespace {

std::string en(const geo::Place& place) {
    return std::string(country_in_english(place.country.view()));
}
std::string ja(const geo::Place& place) {
    return std::string(country_in_japanese(place.country.view()));
}

Sentences list_of(const std::vector<geo::Place>& places) {
    Sentences list;
    for (const geo::Place& place : places) {
        list.english += (list.english.empty() ? "" : ", ") + en(place);
        list.japanese += (list.japanese.empty() ? "" : "、") + ja(place);
    }
    return list;
}

// The step in the order of its times; without a distance where only the countries are known.
Sentences jump(const Match& match) {
    const Step& step = match.steps.back();
    const std::chrono::seconds span = between(step.left, step.arrived);
    if (step.distance == 0)
        return {
            fmt::format("Mail was sent with the ID from {} {} after it had been used in {}, too soon for anyone to "
                        "travel from the one to the other.",
                        en(step.to), en_span(span), en(step.from)),
            fmt::format(
                "{}からメール送信の認証があった{}後に、{}からも認証がありました。この時間で移動することはできません。",
                ja(step.from), ja_span(span), ja(step.to))};
    const std::string distance = number(step.distance), speed = number(std::floor(step.speed_kmh));
    return {fmt::format("Mail was sent with the ID from {} {} after it had been used in {}, at least {} km away; that "
                        "would be more than {} km/h.",
                        en(step.to), en_span(span), en(step.from), distance, speed),
            fmt::format("{}からメール送信の認証があった{}後に、少なくとも{}km離れた{}からも認証がありました。"
                        "移動したとすると時速{}kmを超えます。",
                        ja(step.from), ja_span(span), distance, ja(step.to), speed)};
}

Sentences corroborated(const Match& match) {
    Sentences text = jump(match);
    const geo::Place& place = match.places.back();
    switch (match.corroboration) {
        case Corroboration::countries: {
            const Sentences list = list_of(match.places);
            text.english += fmt::format(" It was used in {} countries within {}: {}.", match.count, en_span(match.span),
                                        list.english);
            text.japanese += fmt::format("{}の間に、{}か国（{}）から認証がありました。", ja_span(match.span),
                                         match.count, list.japanese);
            break;
        }
        case Corroboration::blocked:
            text.english +=
                fmt::format(" The address in {} is blocked at the moment, for guessing passwords.", en(place));
            text.japanese +=
                fmt::format("{}の接続元は、パスワードを次々に試しているため、現在遮断しています。", ja(place));
            break;
        case Corroboration::accepts:
            text.english += fmt::format(" There were {} authentications from one network in {} in {}.", match.count,
                                        en(place), en_span(match.span));
            text.japanese += fmt::format("{}の同じネットワークから、{}の間に{}回の認証がありました。", ja(place),
                                         ja_span(match.span), match.count);
            break;
        case Corroboration::none:
            break;
    }
    return text;
}

Sentences spread(const Match& match) {
    const Sentences list = list_of(match.places);
    return {fmt::format("Mail was sent with the ID from {} different networks in {} countries within {}: {}.",
                        match.count, match.places.size(), en_span(match.span), list.english),
            fmt::format("{}の間に、{}か国（{}）にある{}の異なるネットワークから、メール送信の認証がありました。",
                        ja_span(match.span), match.places.size(), list.japanese, match.count)};
}

Sentences rate(const Match& match) {
    return {fmt::format("{} authentications for sending mail in {} from one network, more than a person makes.",
                        match.count, en_span(match.span)),
            fmt::format(
                "{}の間に、同じネットワークから{}回のメール送信の認証がありました。人の操作では起こらない頻度です。",
                ja_span(match.span), match.count)};
}

Sentences hit(const Match& match) {
    const std::string source = match.evidence.front().address->to_string();
    const bool before = match.span > std::chrono::seconds{0};
    return {
        fmt::format("The ID was used from {}, a network it had never used, {} that address was found guessing "
                    "passwords ({} attempts). The password was probably guessed.",
                    source, before ? en_span(match.span) + " before" : "when", match.count),
        fmt::format("このIDで使われたことのないネットワークの{}から認証がありました。この接続元は{}、{}回の試行により"
                    "パスワードを次々に試す攻撃と判定されています。パスワードが推測されたとみられます。",
                    source, before ? "その" + ja_span(match.span) + "後に" : "すでに", match.count)};
}

}  // namespace

Sentences smtp_sentences(const Match& match) {
    switch (match.rule) {
        case Rule::smtp_jump:
            return jump(match);
        case Rule::smtp_jump_corroborated:
            return corroborated(match);
        case Rule::smtp_burst_spread:
            return spread(match);
        case Rule::smtp_burst_rate:
            return rate(match);
        case Rule::smtp_source_hit:
            return hit(match);
        default:
            return {};
    }
}

}  // namespace guard::detection
