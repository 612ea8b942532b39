#include "geo/prefectures.hpp"

#include <algorithm>
#include <array>

namespace guard::geo {
namespace {

constexpr std::array<Prefecture, 47> kPrefectures{{
    {"JP-01", "Hokkaido", "北海道", {43.0642, 141.3469}, 120},
    {"JP-02", "Aomori", "青森県", {40.8244, 140.7400}, kDefaultPoolRadius},
    {"JP-03", "Iwate", "岩手県", {39.7036, 141.1525}, kDefaultPoolRadius},
    {"JP-04", "Miyagi", "宮城県", {38.2689, 140.8719}, kDefaultPoolRadius},
    {"JP-05", "Akita", "秋田県", {39.7186, 140.1025}, kDefaultPoolRadius},
    {"JP-06", "Yamagata", "山形県", {38.2406, 140.3633}, kDefaultPoolRadius},
    {"JP-07", "Fukushima", "福島県", {37.7500, 140.4678}, kDefaultPoolRadius},
    {"JP-08", "Ibaraki", "茨城県", {36.3414, 140.4467}, kDefaultPoolRadius},
    {"JP-09", "Tochigi", "栃木県", {36.5658, 139.8836}, kDefaultPoolRadius},
    {"JP-10", "Gunma", "群馬県", {36.3911, 139.0608}, kDefaultPoolRadius},
    {"JP-11", "Saitama", "埼玉県", {35.8569, 139.6489}, kDefaultPoolRadius},
    {"JP-12", "Chiba", "千葉県", {35.6047, 140.1233}, kDefaultPoolRadius},
    {"JP-13", "Tokyo", "東京都", {35.6894, 139.6917}, kDefaultPoolRadius},
    {"JP-14", "Kanagawa", "神奈川県", {35.4478, 139.6425}, kDefaultPoolRadius},
    {"JP-15", "Niigata", "新潟県", {37.9022, 139.0236}, kDefaultPoolRadius},
    {"JP-16", "Toyama", "富山県", {36.6953, 137.2114}, kDefaultPoolRadius},
    {"JP-17", "Ishikawa", "石川県", {36.5947, 136.6256}, kDefaultPoolRadius},
    {"JP-18", "Fukui", "福井県", {36.0653, 136.2217}, kDefaultPoolRadius},
    {"JP-19", "Yamanashi", "山梨県", {35.6642, 138.5683}, kDefaultPoolRadius},
    {"JP-20", "Nagano", "長野県", {36.6514, 138.1811}, kDefaultPoolRadius},
    {"JP-21", "Gifu", "岐阜県", {35.3911, 136.7222}, kDefaultPoolRadius},
    {"JP-22", "Shizuoka", "静岡県", {34.9769, 138.3831}, kDefaultPoolRadius},
    {"JP-23", "Aichi", "愛知県", {35.1803, 136.9067}, kDefaultPoolRadius},
    {"JP-24", "Mie", "三重県", {34.7303, 136.5086}, kDefaultPoolRadius},
    {"JP-25", "Shiga", "滋賀県", {35.0044, 135.8683}, kDefaultPoolRadius},
    {"JP-26", "Kyoto", "京都府", {35.0214, 135.7556}, kDefaultPoolRadius},
    {"JP-27", "Osaka", "大阪府", {34.6864, 135.5197}, kDefaultPoolRadius},
    {"JP-28", "Hyogo", "兵庫県", {34.6911, 135.1831}, kDefaultPoolRadius},
    {"JP-29", "Nara", "奈良県", {34.6853, 135.8328}, kDefaultPoolRadius},
    {"JP-30", "Wakayama", "和歌山県", {34.2261, 135.1675}, kDefaultPoolRadius},
    {"JP-31", "Tottori", "鳥取県", {35.5036, 134.2383}, kDefaultPoolRadius},
    {"JP-32", "Shimane", "島根県", {35.4722, 133.0506}, kDefaultPoolRadius},
    {"JP-33", "Okayama", "岡山県", {34.6617, 133.9344}, kDefaultPoolRadius},
    {"JP-34", "Hiroshima", "広島県", {34.3964, 132.4594}, kDefaultPoolRadius},
    {"JP-35", "Yamaguchi", "山口県", {34.1858, 131.4714}, kDefaultPoolRadius},
    {"JP-36", "Tokushima", "徳島県", {34.0658, 134.5594}, kDefaultPoolRadius},
    {"JP-37", "Kagawa", "香川県", {34.3403, 134.0433}, kDefaultPoolRadius},
    {"JP-38", "Ehime", "愛媛県", {33.8417, 132.7661}, kDefaultPoolRadius},
    {"JP-39", "Kochi", "高知県", {33.5597, 133.5311}, kDefaultPoolRadius},
    {"JP-40", "Fukuoka", "福岡県", {33.6064, 130.4181}, kDefaultPoolRadius},
    {"JP-41", "Saga", "佐賀県", {33.2494, 130.2989}, kDefaultPoolRadius},
    {"JP-42", "Nagasaki", "長崎県", {32.7447, 129.8736}, kDefaultPoolRadius},
    {"JP-43", "Kumamoto", "熊本県", {32.7897, 130.7417}, kDefaultPoolRadius},
    {"JP-44", "Oita", "大分県", {33.2381, 131.6125}, kDefaultPoolRadius},
    {"JP-45", "Miyazaki", "宮崎県", {31.9111, 131.4239}, kDefaultPoolRadius},
    {"JP-46", "Kagoshima", "鹿児島県", {31.5603, 130.5581}, kDefaultPoolRadius},
    {"JP-47", "Okinawa", "沖縄県", {26.2125, 127.6811}, kDefaultPoolRadius},
}};
static_assert(std::is_sorted(kPrefectures.begin(), kPrefectures.end(),
                             [](const Prefecture& a, const Prefecture& b) { return a.iso < b.iso; }));

}  // namespace

std::span<const Prefecture> prefectures() {
    return kPrefectures;
}

const Prefecture* prefecture(std::string_view iso) {
    const auto found = std::lower_bound(kPrefectures.begin(), kPrefectures.end(), iso,
                                        [](const Prefecture& row, std::string_view code) { return row.iso < code; });
    return found != kPrefectures.end() && found->iso == iso ? &*found : nullptr;
}

std::string_view english_name(std::string_view iso) {
    const Prefecture* row = prefecture(iso);
    return row ? row->english : iso;
}

std::string_view japanese_name(std::string_view iso) {
    const Prefecture* row = prefecture(iso);
    return row ? row->japanese : iso;
}

}  // namespace guard::geo
