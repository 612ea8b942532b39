// Who dials in: innocents who live as innocents do, and thieves of whom nobody can be in doubt. Each line asks one
// thing after the other and says itself when an answer is wrong. On the thread of the traffic.
#pragma once

#include <functional>
#include <optional>
#include <random>

#include "tests/chaos/ledger.hpp"

namespace guard::chaos {

using Random = std::mt19937_64;
using std::chrono::milliseconds;

[[nodiscard]] inline milliseconds between(Random& random, milliseconds least, milliseconds most) {
    return milliseconds(std::uniform_int_distribution<std::int64_t>(least.count(), most.count())(random));
}

// Addresses of the regions' pools, each once: 10.REGION.0.0/16.
class AddressBook {
  public:
    std::string next(unsigned region);

  private:
    std::map<unsigned, unsigned> used_;
};

class Line {
  public:
    virtual ~Line() = default;
    // None: this line is at its end.
    virtual std::optional<Message> next() = 0;
    // How long until the next().
    virtual milliseconds answered(const Message& message, const Answer& answer, Ledger& ledger) = 0;
};

// An ordinary line: one session after the other in its own region, some of them never stopped. A short period is a
// flapping line.
class Household final : public Line {
  public:
    Household(std::string id, unsigned region, milliseconds period, AddressBook& book, Random& random)
        : id_(std::move(id)), region_(region), period_(period), book_(book), random_(random) {}
    std::optional<Message> next() override { return Message{what_, id_, "pw", address_}; }
    milliseconds answered(const Message& message, const Answer& answer, Ledger& ledger) override;

  private:
    std::string id_;
    unsigned region_;
    milliseconds period_;
    AddressBook& book_;
    Random& random_;
    What what_ = What::login;
    std::string address_;
};

// Asks for ever the same, and must always get the same answer: a mail client, a router with a wrong password, a session
// that shows life.
class Habit final : public Line {
  public:
    Habit(Message message, bool accepted, milliseconds period, Random& random)
        : message_(std::move(message)), accepted_(accepted), period_(period), random_(random) {}
    std::optional<Message> next() override { return message_; }
    milliseconds answered(const Message& message, const Answer& answer, Ledger& ledger) override;

  private:
    Message message_;
    bool accepted_;
    milliseconds period_;
    Random& random_;
};

struct Step {
    Message message;
    milliseconds before{20};  // the pause before it
};

// A list of messages, in order, then nothing. `done` is called with the last answer.
class Errand final : public Line {
  public:
    using Done = std::function<void(const Answer&)>;
    Errand(std::vector<Step> steps, bool accepted, Done done)
        : steps_(std::move(steps)), accepted_(accepted), done_(std::move(done)) {}
    std::optional<Message> next() override;
    milliseconds answered(const Message& message, const Answer& answer, Ledger& ledger) override;

  private:
    std::vector<Step> steps_;
    bool accepted_;  // what every login must get
    Done done_;
    std::size_t at_ = 0;
};

// Misuse that leaves no doubt, as a list of messages; then the ID is tried again and again.
class Theft final : public Line {
  public:
    Theft(std::string rule, Message probe, std::vector<Step> steps, Random& random)
        : rule_(std::move(rule)), probe_(std::move(probe)), steps_(std::move(steps)), random_(random) {}
    std::optional<Message> next() override;
    milliseconds answered(const Message& message, const Answer& answer, Ledger& ledger) override;

    [[nodiscard]] Key key() const { return {service_of(probe_.what), probe_.id}; }
    [[nodiscard]] const std::string& rule() const { return rule_; }
    [[nodiscard]] const Message& probe() const { return probe_; }
    [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }
    [[nodiscard]] bool complete() const { return at_ >= steps_.size(); }
    // The first login that was refused.
    [[nodiscard]] std::optional<Time> refused() const { return refused_; }

    void begin_release() { releasing_ = true; }
    [[nodiscard]] bool releasing() const { return releasing_; }
    // Whether the ID goes on trying once it has done.
    void probe_on(bool probing) { probing_ = probing; }

  private:
    std::string rule_;
    Message probe_;
    std::vector<Step> steps_;
    Random& random_;
    std::size_t at_ = 0;
    std::optional<Time> refused_;
    bool releasing_ = false, accepted_again_ = false, probing_ = true;
};

}  // namespace guard::chaos
