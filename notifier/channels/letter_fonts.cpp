#include "notifier/channels/letter_fonts.hpp"

#include <fontconfig/fontconfig.h>
#include <hb-subset.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <set>
#include <stdexcept>
#include <system_error>

namespace guard::notifier {
namespace {

namespace fs = std::filesystem;

struct Free {
    void operator()(FcPattern* pattern) const { FcPatternDestroy(pattern); }
    void operator()(FcCharSet* characters) const { FcCharSetDestroy(characters); }
    void operator()(FcConfig* config) const { FcConfigDestroy(config); }
    void operator()(hb_blob_t* blob) const { hb_blob_destroy(blob); }
    void operator()(hb_face_t* face) const { hb_face_destroy(face); }
    void operator()(hb_set_t* set) const { hb_set_destroy(set); }
    void operator()(hb_buffer_t* buffer) const { hb_buffer_destroy(buffer); }
    void operator()(hb_subset_input_t* input) const { hb_subset_input_destroy(input); }
};
template <class Object>
using Owned = std::unique_ptr<Object, Free>;

const FcChar8* as_fc(const std::string& text) {
    return reinterpret_cast<const FcChar8*>(text.c_str());
}

// The best that the machine has for the pattern; null: it has no font at all.
Owned<FcPattern> best(FcPattern* wanted) {
    FcConfigSubstitute(nullptr, wanted, FcMatchPattern);
    FcDefaultSubstitute(wanted);
    FcResult result{};
    return Owned<FcPattern>(FcFontMatch(nullptr, wanted, &result));
}

std::string file_of(const FcPattern* font) {
    FcChar8* file = nullptr;
    return FcPatternGetString(font, FC_FILE, 0, &file) == FcResultMatch ? reinterpret_cast<const char*>(file) : "";
}

bool is_of_family(const FcPattern* font, const std::string& family) {
    FcChar8* name = nullptr;
    for (int i = 0; FcPatternGetString(font, FC_FAMILY, i, &name) == FcResultMatch; ++i)
        if (family == reinterpret_cast<const char*>(name)) return true;
    return false;
}

Owned<hb_set_t> characters_of(std::string_view text) {
    const Owned<hb_buffer_t> buffer(hb_buffer_create());
    hb_buffer_add_utf8(buffer.get(), text.data(), static_cast<int>(text.size()), 0, -1);
    unsigned count = 0;
    const hb_glyph_info_t* infos = hb_buffer_get_glyph_infos(buffer.get(), &count);
    Owned<hb_set_t> characters(hb_set_create());
    for (unsigned i = 0; i < count; ++i) hb_set_add(characters.get(), infos[i].codepoint);
    hb_set_add(characters.get(), ' ');  // its width is asked for in any case
    return characters;
}

// Files of fonts that have what is `missing`. What no font has stays missing.
std::set<std::string> other_fonts(hb_set_t* missing) {
    std::set<std::string> files;
    for (hb_codepoint_t character = HB_SET_VALUE_INVALID; hb_set_next(missing, &character);) {
        const Owned<FcPattern> wanted(FcPatternCreate());
        const Owned<FcCharSet> one(FcCharSetCreate());
        FcCharSetAddChar(one.get(), character);
        FcPatternAddCharSet(wanted.get(), FC_CHARSET, one.get());
        const auto font = best(wanted.get());
        FcCharSet* has = nullptr;
        if (!font || FcPatternGetCharSet(font.get(), FC_CHARSET, 0, &has) != FcResultMatch ||
            !FcCharSetHasChar(has, character))
            continue;
        files.insert(file_of(font.get()));
        for (hb_codepoint_t next = character; hb_set_next(missing, &next);)
            if (FcCharSetHasChar(has, next)) hb_set_del(missing, next);
    }
    return files;
}

}  // namespace

// A face of the family.
struct LetterFonts::Source {
    Owned<hb_face_t> face;
    Owned<hb_set_t> characters{hb_set_create()};

    explicit Source(const FcPattern* font) {
        const auto file = file_of(font);
        int index = 0;
        (void)FcPatternGetInteger(font, FC_INDEX, 0, &index);
        const Owned<hb_blob_t> blob(hb_blob_create_from_file_or_fail(file.c_str()));
        if (!blob) throw std::runtime_error("a font cannot be read: " + file);
        face.reset(hb_face_create(blob.get(), static_cast<unsigned>(index)));
        hb_face_collect_unicodes(face.get(), characters.get());
    }

    void write_cut(const hb_set_t* wanted, const fs::path& path) const {
        const Owned<hb_subset_input_t> input(hb_subset_input_create_or_fail());
        if (!input) throw std::bad_alloc();
        hb_set_union(hb_subset_input_unicode_set(input.get()), wanted);
        hb_subset_input_set_flags(input.get(), HB_SUBSET_FLAGS_DESUBROUTINIZE);
        const Owned<hb_face_t> cut(hb_subset_or_fail(face.get(), input.get()));
        if (!cut) throw std::runtime_error("a font cannot be cut");
        const Owned<hb_blob_t> blob(hb_face_reference_blob(cut.get()));
        unsigned size = 0;
        const char* bytes = hb_blob_get_data(blob.get(), &size);
        std::ofstream file(path, std::ios::binary);
        file.write(bytes, static_cast<std::streamsize>(size)).flush();
        if (!file) throw std::runtime_error("cannot be written: " + path.string());
    }
};

// Another directory each time: Cairo remembers a font by the name of its file.
CutFonts::CutFonts() : map_(pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT)) {
    auto name = (fs::temp_directory_path() / "pppoe-guard-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    directory_ = name;
}

CutFonts::~CutFonts() {
    map_.reset();
    std::error_code none;
    fs::remove_all(directory_, none);
}

void CutFonts::Unref::operator()(PangoFontMap* map) const {
    g_object_unref(map);
}

LetterFonts::LetterFonts(const std::string& family) {
    constexpr std::array kWeights{FC_WEIGHT_REGULAR, FC_WEIGHT_BOLD};
    for (std::size_t i = 0; i < kWeights.size(); ++i) {
        const Owned<FcPattern> wanted(FcPatternCreate());
        FcPatternAddString(wanted.get(), FC_FAMILY, as_fc(family));
        FcPatternAddInteger(wanted.get(), FC_WEIGHT, kWeights[i]);
        const auto font = best(wanted.get());
        if (!font) return;
        installed_ = is_of_family(font.get(), family);
        sources_[i] = std::make_unique<Source>(font.get());
    }
}

LetterFonts::~LetterFonts() = default;

std::unique_ptr<CutFonts> LetterFonts::cut(std::string_view text) const {
    const auto wanted = characters_of(text);
    auto fonts = std::make_unique<CutFonts>();
    const Owned<FcConfig> config(FcConfigCreate());
    for (std::size_t i = 0; i < sources_.size(); ++i) {
        if (!sources_[i]) throw std::runtime_error("there is no font on this machine");
        const auto path = (fonts->directory_ / (std::to_string(i) + ".otf")).string();
        sources_[i]->write_cut(wanted.get(), path);
        if (!FcConfigAppFontAddFile(config.get(), as_fc(path))) throw std::runtime_error("a cut font cannot be used");
    }
    const Owned<hb_set_t> missing(hb_set_copy(wanted.get()));
    hb_set_subtract(missing.get(), sources_[0]->characters.get());
    for (const std::string& file : other_fonts(missing.get())) FcConfigAppFontAddFile(config.get(), as_fc(file));
    pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(fonts->map_.get()), config.get());
    return fonts;
}

}  // namespace guard::notifier
