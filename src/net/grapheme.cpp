// Unicode's own tables and rules come with utf8proc; what one cannot see is ours to refuse.
#include "net/grapheme.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>

namespace parley {
namespace {

/// Letters and symbols by their category, which show nothing all the same.
constexpr std::array<utf8proc_int32_t, 5> blanks = {0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0};
/// Where emoji are added: in tables older than these they have no category yet.
constexpr utf8proc_int32_t first_pictograph = 0x1F000, last_pictograph = 0x1FFFD;

/// Whether a text may begin with it: neither blank, control nor unassigned, nor a mark on nothing.
bool is_visible(utf8proc_int32_t point) {
  switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_CN:
      return point >= first_pictograph && point <= last_pictograph;
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS:
      return false;
    default:
      return std::find(blanks.begin(), blanks.end(), point) == blanks.end();
  }
}

}  // namespace

bool is_one_grapheme(std::string_view text) {
  const auto* rest = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  utf8proc_int32_t before = 0;
  utf8proc_int32_t breaks = 0;
  for (bool is_first = true; left > 0; is_first = false) {
    utf8proc_int32_t point = 0;
    const auto length = utf8proc_iterate(rest, left, &point);
    if (length <= 0) return false;
    if (is_first ? !is_visible(point) : utf8proc_grapheme_break_stateful(before, point, &breaks)) return false;
    before = point;
    rest += length;
    left -= length;
  }
  return !text.empty();
}

bool has_visible(std::string_view text) {
  const auto* rest = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t point = 0;
    const auto length = utf8proc_iterate(rest, left, &point);
    if (length <= 0) return false;
    if (is_visible(point)) return true;
    rest += length;
    left -= length;
  }
  return false;
}

}  // namespace parley
