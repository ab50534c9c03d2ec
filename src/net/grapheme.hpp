// What one can see of a text: whether it is one grapheme, as reactions need it, or shows anything at all.
#pragma once

#include <string_view>

namespace parley {

/// True for exactly one extended grapheme cluster (Unicode Standard Annex 29, by the tables of the linked utf8proc)
/// that one can see. False for empty, invalid UTF-8, blanks, controls, a lone mark. See
/// docs/decisions/0003-graphemes.md.
bool is_one_grapheme(std::string_view text);

/// Whether there is anything in it that one can see. False for invalid UTF-8 too.
bool has_visible(std::string_view text);

}  // namespace parley
