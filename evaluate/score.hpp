// What a detector made of the truth: every verdict is added once, in any order; then results. One for the findings of
// PPPoE Guard and one for each naive rule. Memory: some 48 bytes for each row of truth.csv and for each ordinary line
// about which anything was found.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/truth.hpp"
#include "evaluate/verdict.hpp"

namespace guard::evaluate {

// From the first misuse, in seconds, over all that were misused: who was never found counts as later than any.
struct Delays {
    std::vector<double> sorted;  // infinite: never

    // By nearest rank; none without any. Infinite when so many were never found.
    [[nodiscard]] std::optional<double> quantile(double share) const;
    // The value that the true quantile does not exceed with 95 % confidence; infinite when so few cannot say.
    [[nodiscard]] double upper_bound(double share) const;
    void add(const Delays& other);
};

// Of attacks: at or after the first misuse. Of all others: ever.
struct LabelResult {
    std::uint64_t count = 0;                    // IDs or sources
    std::uint64_t suspended = 0;                // or blocked
    std::uint64_t review = 0;                   // in review, and not suspended
    std::uint64_t early = 0;                    // suspended by a finding from before the first misuse: not stolen yet
    Delays found, stopped;                      // until the finding that led to either; until suspension or block
    Delays unlimited;                           // until suspension or block, had the breaker let everything pass
    std::map<std::string, std::uint64_t> held;  // of those in review: by the reason of the newest finding

    [[nodiscard]] std::uint64_t neither() const { return count - suspended - review; }
    LabelResult& operator+=(const LabelResult& other);
};

// Something the lead of an evaluation wants to look at.
struct Wrong {
    enum class What : std::uint8_t { innocent_suspended, innocent_blocked, missed } what;
    std::string label;  // "ordinary" for who is in no row
    Subject subject;
    Time time{};  // of the finding; of a miss, the first misuse
    std::string rule;
};
[[nodiscard]] std::string_view to_string(Wrong::What what);

class Score {
  public:
    // `truth` outlives it.
    Score(std::string name, const Truth& truth) : name_(std::move(name)), truth_(truth), rows_(truth.rows().size()) {}

    void add(const Verdict& verdict);

    [[nodiscard]] const std::string& name() const { return name_; }
    // One for each label, in the order of simulate::labels().
    [[nodiscard]] std::vector<LabelResult> by_label() const;
    // IDs in no row of truth.csv; their `count` is not known here.
    [[nodiscard]] std::uint64_t ordinary_suspended() const;
    [[nodiscard]] std::uint64_t ordinary_in_review() const;
    // All innocent IDs, the ambiguous left out, and the stolen from before they were; and sources likewise.
    [[nodiscard]] std::uint64_t innocent_suspended() const;
    [[nodiscard]] std::uint64_t innocent_blocked() const;
    // Findings about innocent SMTP-AUTH IDs that a person has to look at: one for each rule, incident and day.
    [[nodiscard]] std::uint64_t innocent_mail_reviews() const { return innocent_mail_reviews_; }
    // Calls back for each, ordinary ones last.
    void for_each_wrong(const std::function<void(const Wrong&)>& sink) const;

  private:
    struct Stopped {
        Time time = Time::max();  // of the first finding
        std::uint16_t rule = 0, reason = 0;
        bool stopped = false, review = false;
    };
    struct Row {
        Time found = Time::max(), stopped = Time::max(), unlimited = Time::max();
        Stopped early;
        std::uint16_t reason = 0;
        bool review = false;
    };
    void note(Stopped& state, const Verdict& verdict);
    [[nodiscard]] std::uint16_t number_of(const std::string& word);

    std::string name_;
    const Truth& truth_;
    std::vector<Row> rows_;
    boost::unordered_flat_map<std::string, Stopped> ordinary_;
    std::uint64_t innocent_mail_reviews_ = 0;
    std::vector<std::string> words_;  // rules and reasons
};

}  // namespace guard::evaluate
