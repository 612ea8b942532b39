// The 47 prefectures of Japan: their names for explanations, and where a pool lies whose row gives a prefecture but no
// coordinates. Written by hand: the public tables of centroids either have no coordinates or a licence that spreads.
#pragma once

#include <span>
#include <string_view>

#include "geo/place.hpp"

namespace guard::geo {

struct Prefecture {
    std::string_view iso;       // ISO 3166-2: "JP-01"
    std::string_view english;   // "Hokkaido"
    std::string_view japanese;  // "北海道"
    Coordinates capital;        // the prefectural government's building
    Kilometres radius;          // 50; Hokkaido 120. Remote islands deserve a pool row of their own.
};

inline constexpr Kilometres kDefaultPoolRadius = 50;

// In the order of their codes.
[[nodiscard]] std::span<const Prefecture> prefectures();
// None when `iso` is not exactly one of "JP-01" to "JP-47".
[[nodiscard]] const Prefecture* prefecture(std::string_view iso);

// The name of a region or country for a sentence. Other than a prefecture has no name here and stays its code.
[[nodiscard]] std::string_view english_name(std::string_view iso);
[[nodiscard]] std::string_view japanese_name(std::string_view iso);

}  // namespace guard::geo
