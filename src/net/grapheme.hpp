// Tells whether a text is one grapheme, as far as reactions need it.
#pragma once

#include <string_view>

namespace parley {

/// True for exactly one extended grapheme cluster (Unicode Standard Annex 29) that one can see: an emoji with
/// all that may follow it (skin tones, variation selectors, joined sequences, flags, keycaps, tags), or a
/// letter, digit or sign with its combining marks. False for empty, invalid UTF-8, blanks, controls, a lone
/// mark. Scripts that join in other ways (Indic conjuncts, decomposed Hangul) count as several;
/// docs/decisions/0003-graphemes.md says why.
bool is_one_grapheme(std::string_view text);

}  // namespace parley
