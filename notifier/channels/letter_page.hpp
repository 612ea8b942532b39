// What a letter looks like: sheets of A4 for an envelope with a window, drawn by Pango and Cairo into a PDF with its
// fonts in it, cut down to what it needs. The same letters at the same time give the same bytes. Not thread-safe: one
// object, one thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "event/expected.hpp"
#include "event/time.hpp"

namespace guard::notifier {

class LetterFonts;

struct Letter {
    std::string language;                // "ja", "en"
    std::vector<std::string> addressee;  // lines, the postal code first, the name last
    std::string date;                    // as it is printed
    std::string title;
    std::string body;  // a line is a paragraph; "# " begins a heading, "1. " and "- " an item, two blanks indent
};

enum class LetterError {
    address_too_long,  // it does not fit into the field of the address in letters that can still be read
    missing_glyph,     // no font of the machine has a character of the text
    too_many_pages,    // more than kMaxLetterPages
};
[[nodiscard]] const char* to_string(LetterError error);

inline constexpr std::size_t kMaxLetterPages = 4;

struct PrintedLetters {
    std::string pdf;
    std::vector<std::size_t> pages;  // of each letter
};

class LetterPrinter {
  public:
    // Throws std::runtime_error when a font cannot be read.
    explicit LetterPrinter(config::LetterSettings settings);
    ~LetterPrinter();

    // Whether the font family of the settings is installed.
    [[nodiscard]] bool has_font() const;
    // Texts are plain UTF-8, the body's lines end with "\n". `now` becomes the creation date. Throws std::runtime_error
    // when Cairo fails.
    [[nodiscard]] Expected<PrintedLetters, LetterError> print(std::span<const Letter> letters, Time now) const;

  private:
    config::LetterSettings settings_;
    std::unique_ptr<const LetterFonts> fonts_;
};

}  // namespace guard::notifier
