// A few tables under a title, written as text for a terminal or as Markdown. Plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace guard::cli {

struct Table {
    std::string title;
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;  // as wide as the header
    std::size_t texts = 1;                       // so many columns are flush left, the others are numbers
    std::string empty;                           // what stands there when there are no rows
    bool last_is_text = false;                   // flush left, too
};

struct Document {
    std::string title;
    std::vector<std::string> lines;  // below it
    std::vector<Table> tables;
};

enum class Format { text, json, markdown };

// Text for Format::text, Markdown for Format::markdown.
[[nodiscard]] std::string rendered(const Document& document, Format format);

}  // namespace guard::cli
