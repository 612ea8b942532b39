// Letters: one PDF each, collected into batches for a printing house. One object, one thread; several processes may
// share the directory, a lock in it serialises them. Layout of the directory:
//
//   letters/KEY.pdf, KEY.json   waiting for the next batch
//   batches/NAME/               one batch: letters, merged.pdf, manifest.csv with a SHA-256 of each; complete as soon
//   as
//                               it has its name, never changed again
//   done/KEY                    keys that were in a batch: the same letter is not printed twice
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "config/settings.hpp"
#include "notifier/channel.hpp"
#include "notifier/local_time.hpp"
#include "notifier/template_set.hpp"

namespace guard::notifier {

class LetterChannel final : public Channel {
  public:
    LetterChannel(config::LetterSettings settings, std::shared_ptr<const TemplateSet> templates, LocalTime local_time);

    [[nodiscard]] std::string_view name() const override { return "letter"; }
    // Name, postal code and address are known and can be printed.
    [[nodiscard]] bool reaches(const Recipient& recipient) const override;
    [[nodiscard]] std::string masked_address(const Recipient& recipient) const override;
    [[nodiscard]] Delivery deliver(const DeliveryJob& job) override;

  private:
    config::LetterSettings settings_;
    std::shared_ptr<const TemplateSet> templates_;
    LocalTime local_time_;
};

struct Batch {
    std::filesystem::path path;  // empty: no letter was waiting
    std::size_t letters = 0;
};

// Makes a batch of all letters that wait, finishes one that a crash interrupted, and deletes batches and keys older
// than notice.letter.keep. Throws std::runtime_error and std::system_error when the directory cannot be used.
[[nodiscard]] Batch close_letter_batch(const config::LetterSettings& settings, const LocalTime& local_time, Time now);

}  // namespace guard::notifier
