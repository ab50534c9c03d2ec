// Text as search sees it: words without case and marks, the same for both dialects' indexes, for what is looked for,
// and for what is shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parley/search.hpp"

namespace parley {

/// A word of a text: letters, digits and their marks. Where no blanks stand between words (Han, Kana) each character is
/// one.
struct text_word {
  std::string folded;      ///< Unicode's case folding and compatibility forms, without marks; at most 64 bytes.
  std::size_t begin, end;  ///< Its bytes in the text.
};

/// Of a text in UTF-8; where it is not, the rest is passed over.
std::vector<text_word> words_of(std::string_view text);

/// Those that an index takes of a text, each once; of an endless one the first.
inline constexpr std::size_t most_indexed_words = 5'000;
std::vector<std::string> indexed_words(std::string_view text);

/// What somebody looks for: words that must all be there. The last one may be the beginning of one, unless a blank
/// stands behind it.
struct search_query {
  std::vector<std::string> words;
  bool last_is_begun = false;
};
inline constexpr std::size_t most_query_words = 16;
/// Without repeats; no words when there is nothing to look for.
search_query read_query(std::string_view text);

bool fits(const search_query& query, const std::vector<text_word>& words);
/// About so many bytes around the first hit, cut between words, every hit in them marked.
std::vector<snippet_part> snippet_of(std::string_view text, const std::vector<text_word>& words,
                                     const search_query& query);

}  // namespace parley
