#include "notifier/channels/letter_page.hpp"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "notifier/channels/letter_fonts.hpp"

namespace guard::notifier {
namespace {

constexpr double kMillimetre = 72 / 25.4;  // in points, the unit of the PDF
constexpr double kPageWidth = 210 * kMillimetre, kPageHeight = 297 * kMillimetre;
constexpr double kLeft = 22 * kMillimetre, kRight = 20 * kMillimetre, kTop = 18 * kMillimetre,
                 kBottom = 17 * kMillimetre;
constexpr double kHeaderTop = 13 * kMillimetre, kBelowHeader = 7 * kMillimetre;
constexpr double kBodySize = 9, kTitleSize = 13, kHeaderSize = 8.5, kFooterSize = 8;
constexpr double kAddressSize = 11, kLeastAddressSize = 6.5;  // of the address; the name is a little larger
constexpr double kNameFactor = 1.2;
constexpr double kTightFactor = 1.22, kLineFactor = 1.4, kParagraphGap = 2, kHeadingGap = 6.5, kIndent = 11;

struct Free {
    void operator()(void* object) const { g_object_unref(object); }
    void operator()(PangoFontDescription* font) const { pango_font_description_free(font); }
    void operator()(cairo_surface_t* surface) const { cairo_surface_destroy(surface); }
    void operator()(cairo_t* cairo) const { cairo_destroy(cairo); }
    void operator()(cairo_font_options_t* options) const { cairo_font_options_destroy(options); }
};
template <class Object>
using Owned = std::unique_ptr<Object, Free>;
using Layout = Owned<PangoLayout>;

cairo_status_t append(void* argument, const unsigned char* bytes, unsigned length) {
    static_cast<std::string*>(argument)->append(reinterpret_cast<const char*>(bytes), length);
    return CAIRO_STATUS_SUCCESS;
}

// A layout and where it goes on its page, in points.
struct Placed {
    Layout layout;
    int line = -1;  // a single line of it; -1: the whole
    double x = 0, y = 0;
};
using Page = std::vector<Placed>;

double height_of(PangoLayout* layout) {
    int height = 0;
    pango_layout_get_size(layout, nullptr, &height);
    return static_cast<double>(height) / PANGO_SCALE;
}

Layout again(const Layout& layout) {
    return Layout(static_cast<PangoLayout*>(g_object_ref(layout.get())));
}

struct Style {
    double size = kBodySize, width = 0;
    bool bold = false;
    PangoAlignment align = PANGO_ALIGN_LEFT;
    double hang = 0;  // how far the second line is set in
};

// Lays out one letter: makes layouts, puts them on pages.
class Composer {
  public:
    Composer(PangoContext* context, const config::LetterSettings& settings, const Letter& letter)
        : context_(context), settings_(settings), letter_(letter) {}

    Expected<std::vector<Page>, LetterError> compose() {
        pages_.emplace_back();
        if (!place_addressee()) return unexpected(LetterError::address_too_long);
        y_ = std::max(place_header(), settings_.clear_top * kMillimetre) + kBelowHeader;
        place(letter_.title, {.size = kTitleSize, .width = text_width(), .bold = true}, kLeft, false);
        y_ += kHeadingGap;
        place_body();
        if (unknown_glyphs_) return unexpected(LetterError::missing_glyph);
        if (pages_.size() > kMaxLetterPages) return unexpected(LetterError::too_many_pages);
        if (pages_.size() > 1) number_pages();
        return std::move(pages_);
    }

  private:
    static double text_width() { return kPageWidth - kLeft - kRight; }

    Layout make(std::string_view text, const Style& style) {
        Layout layout(pango_layout_new(context_));
        const Owned<PangoFontDescription> font(pango_font_description_new());
        pango_font_description_set_family(font.get(), settings_.font.c_str());
        pango_font_description_set_weight(font.get(), style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
        pango_font_description_set_absolute_size(font.get(), style.size * PANGO_SCALE);
        pango_layout_set_font_description(layout.get(), font.get());
        pango_layout_set_width(layout.get(), static_cast<int>(style.width * PANGO_SCALE));
        pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);
        pango_layout_set_alignment(layout.get(), style.align);
        pango_layout_set_indent(layout.get(), static_cast<int>(-style.hang * PANGO_SCALE));
        pango_layout_set_text(layout.get(), text.data(), static_cast<int>(text.size()));
        unknown_glyphs_ |= pango_layout_get_unknown_glyphs_count(layout.get()) > 0;
        return layout;
    }

    // As large as it fits, in one font size for all lines but the name, which stands last.
    bool place_addressee() {
        const double top = settings_.address_top * kMillimetre, height = settings_.address_height * kMillimetre;
        for (double size = kAddressSize; size >= kLeastAddressSize; size -= 0.5) {
            Page lines;
            double y = top;
            for (std::size_t i = 0; i < letter_.addressee.size(); ++i) {
                const double own = i + 1 == letter_.addressee.size() ? size * kNameFactor : size;
                const auto layout =
                    make(letter_.addressee[i], {.size = own, .width = settings_.address_width * kMillimetre});
                for (int line = 0; line < pango_layout_get_line_count(layout.get()); ++line, y += own * kTightFactor)
                    lines.push_back({again(layout), line, settings_.address_left * kMillimetre, y + own});
            }
            if (y > top + height) continue;
            std::ranges::move(lines, std::back_inserter(pages_.front()));
            return true;
        }
        return false;
    }

    // Date and sender, right of what the window may show. Returns where they end.
    double place_header() {
        const double x = settings_.clear_left * kMillimetre;
        std::string text = letter_.date + "\n";
        for (const std::string& line : settings_.sender) text += "\n" + line;
        auto layout = make(text, {.size = kHeaderSize, .width = kPageWidth - kRight - x});
        const double end = kHeaderTop + height_of(layout.get());
        pages_.front().push_back({std::move(layout), -1, x, kHeaderTop});
        return end;
    }

    void place_body() {
        std::string_view rest = letter_.body;
        while (!rest.empty()) {
            auto line = rest.substr(0, rest.find('\n'));
            rest.remove_prefix(std::min(line.size() + 1, rest.size()));
            place_paragraph(line);
        }
    }

    void place_paragraph(std::string_view line) {
        if (line.starts_with("# ")) {
            y_ += kHeadingGap - kParagraphGap;
            return place(line.substr(2), {.width = text_width(), .bold = true}, kLeft, true);
        }
        double x = kLeft;
        for (; line.starts_with("  "); line.remove_prefix(2)) x += kIndent;
        if (line.find_first_not_of(' ') == std::string_view::npos) {
            y_ += kParagraphGap;
            return;
        }
        const bool item = line.starts_with("- ") ||
                          (line.size() > 3 && line[0] >= '0' && line[0] <= '9' && line[1] == '.' && line[2] == ' ');
        place(line, {.width = kPageWidth - kRight - x, .hang = item ? kIndent : 0}, x, false);
    }

    // Line by line, on as many pages as it takes. A heading is not left alone at the end of one.
    void place(std::string_view text, const Style& style, double x, bool with_next) {
        const auto layout = make(text, style);
        const int count = pango_layout_get_line_count(layout.get());
        const double step = style.size * kLineFactor;
        if (y_ + step * (with_next ? count + 2 : 1) > kPageHeight - kBottom) turn_page();
        for (int i = 0; i < count; ++i) {
            if (y_ + step > kPageHeight - kBottom) turn_page();
            pages_.back().push_back({again(layout), i, x + (i > 0 ? style.hang : 0), y_ + style.size});
            y_ += step;
        }
        y_ += kParagraphGap;
    }

    void turn_page() {
        pages_.emplace_back();
        y_ = kTop;
    }

    void number_pages() {
        for (std::size_t i = 0; i < pages_.size(); ++i) {
            auto layout = make(std::to_string(i + 1) + " / " + std::to_string(pages_.size()),
                               {.size = kFooterSize, .width = text_width(), .align = PANGO_ALIGN_CENTER});
            pages_[i].push_back({std::move(layout), -1, kLeft, kPageHeight - kBottom + 6});
        }
    }

    PangoContext* context_;
    const config::LetterSettings& settings_;
    const Letter& letter_;
    std::vector<Page> pages_;
    double y_ = 0;
    bool unknown_glyphs_ = false;
};

// Where to fold: a third and two thirds of the way down.
void draw_fold_marks(cairo_t* cairo) {
    cairo_set_line_width(cairo, 0.4);
    for (const double y : {kPageHeight / 3, kPageHeight * 2 / 3}) {
        cairo_move_to(cairo, 3 * kMillimetre, y);
        cairo_line_to(cairo, 7 * kMillimetre, y);
    }
    cairo_stroke(cairo);
}

void draw(cairo_t* cairo, const Page& page, bool first) {
    for (const Placed& item : page) {
        cairo_move_to(cairo, item.x, item.y);
        if (item.line < 0)
            pango_cairo_show_layout(cairo, item.layout.get());
        else
            pango_cairo_show_layout_line(cairo, pango_layout_get_line_readonly(item.layout.get(), item.line));
    }
    if (first) draw_fold_marks(cairo);
    cairo_show_page(cairo);
}

// Everything that is printed, the numbers of the pages included.
std::string all_text(std::span<const Letter> letters, const config::LetterSettings& settings) {
    std::string text = "0123456789/";
    for (const std::string& line : settings.sender) text += line;
    for (const Letter& letter : letters) {
        for (const std::string& line : letter.addressee) text += line;
        text += letter.date + letter.title + letter.body;
    }
    return text;
}

Owned<PangoContext> context_of(PangoFontMap* fonts) {
    pango_cairo_font_map_set_resolution(PANGO_CAIRO_FONT_MAP(fonts), 72);
    Owned<PangoContext> context(pango_font_map_create_context(fonts));
    const Owned<cairo_font_options_t> options(cairo_font_options_create());
    cairo_font_options_set_hint_style(options.get(), CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options.get(), CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(context.get(), options.get());
    // For the shapes that Chinese and Japanese write differently.
    pango_context_set_language(context.get(), pango_language_from_string("ja"));
    return context;
}

}  // namespace

const char* to_string(LetterError error) {
    switch (error) {
        case LetterError::address_too_long:
            return "the address does not fit into its field";
        case LetterError::missing_glyph:
            return "no font has a character of the text";
        case LetterError::too_many_pages:
            return "the letter has too many pages";
    }
    return "?";
}

LetterPrinter::LetterPrinter(config::LetterSettings settings)
    : settings_(std::move(settings)), fonts_(std::make_unique<LetterFonts>(settings_.font)) {}

LetterPrinter::~LetterPrinter() = default;

bool LetterPrinter::has_font() const {
    return fonts_->installed();
}

Expected<PrintedLetters, LetterError> LetterPrinter::print(std::span<const Letter> letters, Time now) const {
    PrintedLetters result;
    const auto fonts = fonts_->cut(all_text(letters, settings_));
    const auto context = context_of(fonts->map());
    const Owned<cairo_surface_t> surface(
        cairo_pdf_surface_create_for_stream(append, &result.pdf, kPageWidth, kPageHeight));
    const auto created = format_rfc3339(std::chrono::floor<std::chrono::seconds>(now)).substr(0, 19) + "Z";
    cairo_pdf_surface_set_metadata(surface.get(), CAIRO_PDF_METADATA_CREATE_DATE, created.c_str());
    const Owned<cairo_t> cairo(cairo_create(surface.get()));
    for (const Letter& letter : letters) {
        auto pages = Composer(context.get(), settings_, letter).compose();
        if (!pages) return unexpected(pages.error());
        for (std::size_t i = 0; i < pages->size(); ++i) draw(cairo.get(), (*pages)[i], i == 0);
        result.pages.push_back(pages->size());
    }
    cairo_surface_finish(surface.get());
    if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS ||
        cairo_status(cairo.get()) != CAIRO_STATUS_SUCCESS)
        throw std::runtime_error(std::string("a letter cannot be drawn: ") +
                                 cairo_status_to_string(cairo_surface_status(surface.get())));
    return result;
}

}  // namespace guard::notifier
