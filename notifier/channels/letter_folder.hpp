// The folder that letters go through on their way to the printing house. Several processes may share it, a lock in it
// serialises them. Everything appears whole or not at all, and a letter is in one batch only, also after a crash:
//
//   letters/KEY.pdf, KEY.json   waiting for the next batch
//   batches/NAME/               one batch: letters, merged.pdf, manifest.csv with the SHA-256 of each; complete as soon
//   as
//                               it has its name, never changed again
//   done/KEY                    keys that were in a batch
#pragma once

#include <filesystem>
#include <string>

#include "config/settings.hpp"
#include "event/time.hpp"
#include "notifier/channels/letter_page.hpp"
#include "notifier/local_time.hpp"

namespace guard::notifier {

struct Batch {
    std::filesystem::path path;  // empty: no letter was waiting
    std::size_t letters = 0;
};

inline constexpr std::size_t kMaxBatch = 500;  // letters

class LetterFolder {
  public:
    explicit LetterFolder(std::filesystem::path directory);

    // Functions throw std::system_error and std::runtime_error when the folder cannot be used.

    // Puts a printed letter there to wait. False, and nothing is done, if the key waits already or was in a batch.
    bool add(const std::string& key, const std::string& case_number, const Letter& letter, const std::string& pdf);
    // Makes a batch of the letters that wait, kMaxBatch at most, after finishing one that a crash interrupted.
    Batch close(const LetterPrinter& printer, const LocalTime& local_time, Time now);
    // Deletes batches and keys that are older than `keep` by the times of their files, and texts without a letter.
    void forget(std::chrono::seconds keep, Time now);

  private:
    void finish(const LetterPrinter& printer, const Batch& batch, Time now);

    std::filesystem::path directory_;
};

// What `guardctl notices letters` and a timer call: close() and forget(). Again until `letters` is 0.
[[nodiscard]] Batch close_letter_batch(const config::LetterSettings& settings, const LocalTime& local_time, Time now);

}  // namespace guard::notifier
