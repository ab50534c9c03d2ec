// Grapheme rules GB9, GB9a, GB11, GB12 and GB13 of Unicode Standard Annex 29 over small tables.
#include "net/grapheme.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace parley {
namespace {

struct range {
  char32_t first, last;
};

// Extended_Pictographic: the emoji, and the code points that Unicode keeps for emoji to come.
constexpr std::array pictographs = {
    range{0x00A9, 0x00A9},   range{0x00AE, 0x00AE},   range{0x203C, 0x203C},   range{0x2049, 0x2049},
    range{0x2122, 0x2122},   range{0x2139, 0x2139},   range{0x2194, 0x2199},   range{0x21A9, 0x21AA},
    range{0x231A, 0x231B},   range{0x2328, 0x2328},   range{0x2388, 0x2388},   range{0x23CF, 0x23CF},
    range{0x23E9, 0x23F3},   range{0x23F8, 0x23FA},   range{0x24C2, 0x24C2},   range{0x25AA, 0x25AB},
    range{0x25B6, 0x25B6},   range{0x25C0, 0x25C0},   range{0x25FB, 0x25FE},   range{0x2600, 0x2605},
    range{0x2607, 0x2612},   range{0x2614, 0x2685},   range{0x2690, 0x2705},   range{0x2708, 0x2712},
    range{0x2714, 0x2714},   range{0x2716, 0x2716},   range{0x271D, 0x271D},   range{0x2721, 0x2721},
    range{0x2728, 0x2728},   range{0x2733, 0x2734},   range{0x2744, 0x2744},   range{0x2747, 0x2747},
    range{0x274C, 0x274C},   range{0x274E, 0x274E},   range{0x2753, 0x2755},   range{0x2757, 0x2757},
    range{0x2763, 0x2767},   range{0x2795, 0x2797},   range{0x27A1, 0x27A1},   range{0x27B0, 0x27B0},
    range{0x27BF, 0x27BF},   range{0x2934, 0x2935},   range{0x2B05, 0x2B07},   range{0x2B1B, 0x2B1C},
    range{0x2B50, 0x2B50},   range{0x2B55, 0x2B55},   range{0x3030, 0x3030},   range{0x303D, 0x303D},
    range{0x3297, 0x3297},   range{0x3299, 0x3299},   range{0x1F000, 0x1F0FF}, range{0x1F10D, 0x1F10F},
    range{0x1F12F, 0x1F12F}, range{0x1F16C, 0x1F171}, range{0x1F17E, 0x1F17F}, range{0x1F18E, 0x1F18E},
    range{0x1F191, 0x1F19A}, range{0x1F1AD, 0x1F1E5}, range{0x1F201, 0x1F20F}, range{0x1F21A, 0x1F21A},
    range{0x1F22F, 0x1F22F}, range{0x1F232, 0x1F23A}, range{0x1F23C, 0x1F23F}, range{0x1F249, 0x1F3FA},
    range{0x1F400, 0x1F53D}, range{0x1F546, 0x1F64F}, range{0x1F680, 0x1F6FF}, range{0x1F774, 0x1F77F},
    range{0x1F7D5, 0x1F7FF}, range{0x1F80C, 0x1F80F}, range{0x1F848, 0x1F84F}, range{0x1F85A, 0x1F85F},
    range{0x1F888, 0x1F88F}, range{0x1F8AE, 0x1F8FF}, range{0x1F90C, 0x1F93A}, range{0x1F93C, 0x1F945},
    range{0x1F947, 0x1FAFF}, range{0x1FC00, 0x1FFFD},
};

// Extend: what belongs to the character before it. Marks of general use, selectors, skin tones, tags.
constexpr std::array extenders = {
    range{0x0300, 0x036F},   range{0x0483, 0x0489},   range{0x0591, 0x05BD},   range{0x05BF, 0x05BF},
    range{0x05C1, 0x05C2},   range{0x05C4, 0x05C5},   range{0x0610, 0x061A},   range{0x064B, 0x065F},
    range{0x0670, 0x0670},   range{0x0E31, 0x0E31},   range{0x0E34, 0x0E3A},   range{0x0E47, 0x0E4E},
    range{0x1AB0, 0x1ACE},   range{0x1DC0, 0x1DFF},   range{0x200C, 0x200C},   range{0x20D0, 0x20F0},
    range{0x302A, 0x302F},   range{0x3099, 0x309A},   range{0xFE00, 0xFE0F},   range{0xFE20, 0xFE2F},
    range{0x1F3FB, 0x1F3FF}, range{0xE0020, 0xE007F}, range{0xE0100, 0xE01EF},
};

// What nobody sees, or what is no character: no reaction begins with it.
constexpr std::array invisible = {
    range{0x0000, 0x0020}, range{0x007F, 0x00A0},   range{0x00AD, 0x00AD},    range{0x061C, 0x061C},
    range{0x115F, 0x1160}, range{0x1680, 0x1680},   range{0x180B, 0x180F},    range{0x2000, 0x200F},
    range{0x2028, 0x202F}, range{0x205F, 0x206F},   range{0x2800, 0x2800},    range{0x3000, 0x3000},
    range{0x3164, 0x3164}, range{0xD800, 0xF8FF},   range{0xFEFF, 0xFEFF},    range{0xFFA0, 0xFFA0},
    range{0xFFF0, 0xFFFF}, range{0xE0000, 0xE0FFF}, range{0xF0000, 0x10FFFF},
};

constexpr char32_t joiner = 0x200D;

bool is_in(std::span<const range> sorted, char32_t point) {
  const auto after = std::upper_bound(sorted.begin(), sorted.end(), point,
                                      [](char32_t value, const range& r) { return value < r.first; });
  return after != sorted.begin() && point <= std::prev(after)->last;
}

bool is_regional_indicator(char32_t point) { return point >= 0x1F1E6 && point <= 0x1F1FF; }

/// The code points, or nothing for what is not valid UTF-8 (over-long forms and surrogates included).
std::optional<std::vector<char32_t>> code_points_of(std::string_view text) {
  std::vector<char32_t> points;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<std::uint8_t>(text[i]);
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xC2 ? 0
                               : lead < 0xE0 ? 2
                               : lead < 0xF0 ? 3
                               : lead < 0xF5 ? 4
                                             : 0;
    if (length == 0 || i + length > text.size()) return std::nullopt;
    char32_t point = length == 1 ? lead : lead & (0x7FU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<std::uint8_t>(text[i + k]);
      if ((next & 0xC0U) != 0x80) return std::nullopt;
      point = point << 6U | (next & 0x3FU);
    }
    const bool over_long = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
    if (over_long || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return std::nullopt;
    points.push_back(point);
    i += length;
  }
  return points;
}

}  // namespace

bool is_one_grapheme(std::string_view text) {
  const auto points = code_points_of(text);
  if (!points || points->empty()) return false;
  const char32_t first = points->front();
  const bool is_skin_tone = first >= 0x1F3FB && first <= 0x1F3FF;  // visible when it stands alone
  if (is_in(invisible, first) || (is_in(extenders, first) && !is_skin_tone)) return false;

  bool in_pictograph = is_in(pictographs, first);  // GB11: pictograph Extend* joiner × pictograph
  bool after_joiner = false;
  std::size_t i = 1;
  if (is_regional_indicator(first) && points->size() > 1 && is_regional_indicator((*points)[1])) i = 2;
  for (; i < points->size(); ++i) {
    const char32_t point = (*points)[i];
    if (point == joiner) {
      after_joiner = in_pictograph;
      in_pictograph = false;
    } else if (is_in(extenders, point)) {
      after_joiner = false;
    } else if (after_joiner && is_in(pictographs, point)) {
      after_joiner = false;
      in_pictograph = true;
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace parley
