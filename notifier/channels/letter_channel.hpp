// Letters: one PDF each, put into a folder from which batches for a printing house are made (letter_folder.hpp). The
// same delivery key is printed once. One object, one thread; several processes may share the folder.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "config/settings.hpp"
#include "notifier/channel.hpp"
#include "notifier/channels/letter_folder.hpp"
#include "notifier/channels/letter_page.hpp"
#include "notifier/local_time.hpp"
#include "notifier/template_set.hpp"

namespace guard::notifier {

// "1000001" and "100-0001" become "〒100-0001".
[[nodiscard]] std::optional<std::string> postal_code(std::string_view written);

// The letter of a job; none if the address cannot be printed.
[[nodiscard]] std::optional<Letter> compose_letter(const DeliveryJob& job, const TemplateSet& templates,
                                                   const LocalTime& local_time);

class LetterChannel final : public Channel {
  public:
    LetterChannel(config::LetterSettings settings, std::shared_ptr<const TemplateSet> templates, LocalTime local_time);

    [[nodiscard]] std::string_view name() const override { return "letter"; }
    // Postal code and address are known and can be printed.
    [[nodiscard]] bool reaches(const Recipient& recipient) const override;
    [[nodiscard]] std::string masked_address(const Recipient& recipient) const override;
    // Accepted: it waits for the next batch. Later: the folder cannot be written. Never: it cannot be printed.
    [[nodiscard]] Delivery deliver(const DeliveryJob& job) override;

  private:
    config::LetterSettings settings_;
    LetterPrinter printer_;
    std::shared_ptr<const TemplateSet> templates_;
    LocalTime local_time_;
};

}  // namespace guard::notifier
