#include "analyzer/detection/explain.hpp"

#include <fmt/format.h>

#include <cmath>

#include "analyzer/detection/explain_text.hpp"
#include "geo/prefectures.hpp"

namespace guard::detection {
namespace {

std::string en(const geo::Place& place) {
    return std::string(geo::english_name((place.region.empty() ? place.country : place.region).view()));
}
std::string ja(const geo::Place& place) {
    return std::string(geo::japanese_name((place.region.empty() ? place.country : place.region).view()));
}

Sentences jump(const Match& match) {
    const Step& step = match.steps.back();
    return {fmt::format(
                "The ID was used in {} {} after a sign of life in {}, at least {} km away; that would be more than {} "
                "km/h.",
                en(step.to), en_span(between(step.left, step.arrived)), en(step.from), number(step.distance),
                number(std::floor(step.speed_kmh))),
            fmt::format("{}での接続を最後に確認してから{}後に、少なくとも{}km離れた{}からの接続がありました。"
                        "移動したとすると時速{}kmを超えます。",
                        ja(step.from), ja_span(between(step.left, step.arrived)), number(step.distance), ja(step.to),
                        number(std::floor(step.speed_kmh)))};
}

Sentences jump_live(const Match& match) {
    return {fmt::format("The session in {} was still alive {} after another one had begun in {}: {} sessions at the "
                        "same time, more "
                        "than the contract allows.",
                        en(match.places.front()), en_span(match.span), en(match.places.back()), match.count),
            fmt::format("{}で別の接続が始まってから{}後も、{}の接続が続いていました。"
                        "契約で認められた数を超える{}本の接続が同時に使われていました。",
                        ja(match.places.back()), ja_span(match.span), ja(match.places.front()), match.count)};
}

Sentences jump_bounce(const Match& match) {
    return {fmt::format("The ID was used in {}, then in {}, at least {} km away, and in {} again, all within {}.",
                        en(match.places.front()), en(match.places.back()), number(match.steps.front().distance),
                        en(match.places.front()), en_span(match.span)),
            fmt::format("{}の間に、{}、少なくとも{}km離れた{}、再び{}の順で接続がありました。", ja_span(match.span),
                        ja(match.places.front()), number(match.steps.front().distance), ja(match.places.back()),
                        ja(match.places.front()))};
}

Sentences jump_spread(const Match& match) {
    std::string english, japanese;
    for (const geo::Place& place : match.places) {
        english += (english.empty() ? "" : ", ") + en(place);
        japanese += (japanese.empty() ? "" : "、") + ja(place);
    }
    return {fmt::format("The ID was used in {} regions far from each other within {}, faster than anyone travels: {}.",
                        match.count, en_span(match.span), english),
            fmt::format("{}の間に、互いに遠く離れた{}つの地域（{}）から、移動では説明できない間隔で接続がありました。",
                        ja_span(match.span), match.count, japanese)};
}

Sentences burst_far(const Match& match) {
    return {
        fmt::format("{} authentications in {}, among them from {} and from {}, at least {} km apart.", match.count,
                    en_span(match.span), en(match.steps.front().from), en(match.steps.front().to),
                    number(match.steps.front().distance)),
        fmt::format("{}の間に{}回の認証があり、その中に{}からの接続と、少なくとも{}km離れた{}からの接続がありました。",
                    ja_span(match.span), match.count, ja(match.steps.front().from),
                    number(match.steps.front().distance), ja(match.steps.front().to))};
}

Sentences burst_live(const Match& match) {
    const bool known = !match.places.empty();
    return {fmt::format("{} authentications in {} while the session{} that was there before them stayed up.",
                        match.count, en_span(match.span), known ? " from " + en(match.places.front()) : ""),
            fmt::format("それ以前からの{}接続が続いている間に、{}で{}回の認証がありました。",
                        known ? ja(match.places.front()) + "の" : "", ja_span(match.span), match.count)};
}

Sentences burst_sessions(const Match& match) {
    return {
        fmt::format("{} sessions were up at the same time, at least two more than the contract allows.", match.count),
        fmt::format("契約で認められた数を2本以上超える、{}本の接続が同時に使われていました。", match.count)};
}

Sentences burst_rate(const Match& match) {
    return {fmt::format("{} successful authentications in {}, more than a single router makes.", match.count,
                        en_span(match.span)),
            fmt::format("{}の間に{}回の認証が成功しました。一台のルーターでは起こらない頻度です。", ja_span(match.span),
                        match.count)};
}

Sentences churn(const Match& match) {
    return {fmt::format("{} authentications in {}, and nothing that points to misuse: most often a faulty line.",
                        match.count, en_span(match.span)),
            fmt::format("{}の間に{}回の認証がありました。不正利用を示すものはなく、多くは回線の不調によるものです。",
                        ja_span(match.span), match.count)};
}

Sentences rejects(const Match& match) {
    return {fmt::format("{} authentications were refused in {}: most often a router with an old password.", match.count,
                        en_span(match.span)),
            fmt::format(
                "{}の間に{}回の認証が拒否されました。多くは古いパスワードが設定されたままのルーターによるものです。",
                ja_span(match.span), match.count)};
}

Sentences sentences(const Match& match) {
    switch (match.rule) {
        case Rule::pppoe_jump:
            return jump(match);
        case Rule::pppoe_jump_live:
            return jump_live(match);
        case Rule::pppoe_jump_bounce:
            return jump_bounce(match);
        case Rule::pppoe_jump_spread:
            return jump_spread(match);
        case Rule::pppoe_burst_far:
            return burst_far(match);
        case Rule::pppoe_burst_live:
            return burst_live(match);
        case Rule::pppoe_burst_sessions:
            return burst_sessions(match);
        case Rule::pppoe_burst_rate:
            return burst_rate(match);
        case Rule::pppoe_churn:
            return churn(match);
        case Rule::pppoe_reject:
            return rejects(match);
        case Rule::smtp_jump:
        case Rule::smtp_jump_corroborated:
        case Rule::smtp_burst_spread:
        case Rule::smtp_burst_rate:
        case Rule::smtp_source_hit:
            return smtp_sentences(match);
        case Rule::smtp_source:
            break;
    }
    return {};
}

}  // namespace

void explain(Finding& finding, const Match& match) {
    auto [english, japanese] = sentences(match);
    if (finding.learning) {
        english += " The ID is still new to us.";
        japanese += "このIDは観測を始めてから日が浅く、ふだんの使われ方がまだ分かっていません。";
    }
    finding.summary_en = std::move(english);
    finding.summary_ja = std::move(japanese);
}

void explain_source(Finding& finding) {
    const std::chrono::seconds span =
        finding.evidence.empty() ? std::chrono::seconds{0} : between(finding.evidence.front().time, finding.time);
    finding.summary_en =
        fmt::format("{} attempts on {} IDs in {} from {}, {} of them accepted: password guessing.", finding.attempts,
                    finding.ids, en_span(span), finding.source->to_string(), finding.accepts);
    finding.summary_ja = fmt::format(
        "{}から{}の間に{}個のIDに対して{}回の認証が試みられ、成功は{}回でした。"
        "パスワードを次々に試す攻撃とみられます。",
        finding.source->to_string(), ja_span(span), finding.ids, finding.attempts, finding.accepts);
}

}  // namespace guard::detection
