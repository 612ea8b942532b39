// The fonts of letters, cut down to the characters that are printed. Cairo cannot tell which subroutines of a Noto CJK
// font a text needs and puts all of them into the PDF, 900 kB for each weight; a font that HarfBuzz has cut has none.
// One object, one thread.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

using PangoFontMap = struct _PangoFontMap;  // of Pango, whose headers stay in the implementation

namespace guard::notifier {

// For one print; their files are gone with the object.
class CutFonts {
  public:
    CutFonts();
    ~CutFonts();
    CutFonts(const CutFonts&) = delete;
    CutFonts& operator=(const CutFonts&) = delete;

    // Has these fonts and no others.
    [[nodiscard]] PangoFontMap* map() const { return map_.get(); }

  private:
    friend class LetterFonts;
    struct Unref {
        void operator()(PangoFontMap* map) const;
    };
    std::filesystem::path directory_;
    std::unique_ptr<PangoFontMap, Unref> map_;
};

class LetterFonts {
  public:
    // Of the family its regular and its bold weight.
    explicit LetterFonts(const std::string& family);
    ~LetterFonts();

    // Whether the family is installed. If it is not, another stands in for it.
    [[nodiscard]] bool installed() const { return installed_; }
    // What `text`, UTF-8, needs. Characters that the family has not come from any font of the machine that has them;
    // those that no font has are missing. Throws std::runtime_error and std::system_error when a font or the directory
    // for temporary files cannot be used.
    [[nodiscard]] std::unique_ptr<CutFonts> cut(std::string_view text) const;

  private:
    struct Source;
    bool installed_ = false;
    std::array<std::unique_ptr<Source>, 2> sources_;
};

}  // namespace guard::notifier
