// Folds and splits by Unicode's tables (utf8proc).
#include "store/search_words.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace parley {
namespace {

constexpr std::size_t longest_word = 64;
constexpr std::size_t snippet_before = 60, snippet_bytes = 200;

/// What a character is to a word.
enum class part : std::uint8_t {
  letter,  ///< Or a digit.
  whole,   ///< A word by itself, with its marks: Hiragana, Katakana, Han and its extensions.
  mark,    ///< Stands behind a letter, and is no word alone.
  none,
};

bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }
bool is_ascii_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_written_without_blanks(utf8proc_int32_t point) {
  return (point >= 0x3040 && point <= 0x30FF) || (point >= 0x3400 && point <= 0x4DBF) ||
         (point >= 0x4E00 && point <= 0x9FFF) || (point >= 0xF900 && point <= 0xFAFF) ||
         (point >= 0x20000 && point <= 0x3FFFF);
}

part part_of(utf8proc_int32_t point) {
  switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return is_written_without_blanks(point) ? part::whole : part::letter;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
      return part::mark;
    default:
      return part::none;
  }
}

struct character {
  part is;
  std::size_t length;  ///< In bytes; 0: it is no UTF-8.
};

/// Most text is ASCII, which needs no tables.
character first_of(std::string_view text) {
  if (is_ascii(text[0])) return {is_ascii_letter_or_digit(text[0]) ? part::letter : part::none, 1};
  utf8proc_int32_t point = 0;
  const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                       static_cast<utf8proc_ssize_t>(text.size()), &point);
  if (length <= 0) return {part::none, 0};
  return {part_of(point), static_cast<std::size_t>(length)};
}

void cut_at_character(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
  text.resize(most);
}

/// Combining accents and the like (U+0300 to U+036F), which many people leave out; the signs of other scripts stay.
bool is_accent(std::string_view at) {
  const auto first = static_cast<unsigned char>(at[0]), second = static_cast<unsigned char>(at.size() > 1 ? at[1] : 0);
  return (first == 0xCC && second >= 0x80 && second <= 0xBF) || (first == 0xCD && second >= 0x80 && second <= 0xAF);
}

std::string folded(std::string_view word) {
  if (std::all_of(word.begin(), word.end(), is_ascii_letter_or_digit)) {
    std::string out(word.substr(0, longest_word));
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
  }
  utf8proc_uint8_t* made = nullptr;
  const auto length = utf8proc_map(
      reinterpret_cast<const utf8proc_uint8_t*>(word.data()), static_cast<utf8proc_ssize_t>(word.size()), &made,
      static_cast<utf8proc_option_t>(UTF8PROC_COMPAT | UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE));
  if (length < 0) return {};
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owned(made, &std::free);
  const std::string_view bytes(reinterpret_cast<const char*>(made), static_cast<std::size_t>(length));
  // Its bar is no accent to Unicode, but whoever types Vietnamese without accents leaves it out too.
  constexpr std::string_view barred_d = "\xC4\x91";
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto rest = bytes.substr(at);
    if (is_accent(rest)) {
      at += 2;
    } else if (rest.starts_with(barred_d)) {
      out += 'd';
      at += barred_d.size();
    } else {
      // Compatibility forms may hold some: a number in parentheses is one character.
      if (!is_ascii(bytes[at]) || is_ascii_letter_or_digit(bytes[at])) out += bytes[at];
      ++at;
    }
  }
  cut_at_character(out, longest_word);
  return out;
}

bool is_hit(const search_query& query, const std::string& word) {
  for (std::size_t i = 0; i < query.words.size(); ++i) {
    const bool may_go_on = query.last_is_begun && i + 1 == query.words.size();
    if (may_go_on ? word.starts_with(query.words[i]) : word == query.words[i]) return true;
  }
  return false;
}

}  // namespace

std::vector<text_word> words_of(std::string_view text) {
  std::vector<text_word> words;
  std::size_t begin = 0, at = 0;
  bool has_letter = false;
  bool is_whole = false;  // but for marks
  const auto take = [&](std::size_t end) {
    if (end > begin && has_letter) {
      auto word = folded(text.substr(begin, end - begin));
      if (!word.empty()) words.push_back({std::move(word), begin, end});
    }
    begin = end;
    has_letter = is_whole = false;
  };
  while (at < text.size()) {
    const auto next = first_of(text.substr(at));
    if (next.length == 0) break;
    if (next.is == part::letter || next.is == part::whole) {
      if (is_whole || next.is == part::whole) take(at);
      has_letter = true;
      is_whole = next.is == part::whole;
    }
    if (next.is == part::none) take(at);
    at += next.length;
    if (next.is == part::none) begin = at;
  }
  take(at);
  return words;
}

std::vector<std::string> indexed_words(std::string_view text) {
  std::vector<std::string> words;
  for (auto& word : words_of(text)) words.push_back(std::move(word.folded));
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  if (words.size() > most_indexed_words) words.resize(most_indexed_words);
  return words;
}

search_query read_query(std::string_view text) {
  const auto words = words_of(text);
  search_query query;
  for (const auto& word : words) {
    if (query.words.size() == most_query_words) break;
    // The last one comes last even when it was there before: it may be a beginning.
    std::erase(query.words, word.folded);
    query.words.push_back(word.folded);
  }
  query.last_is_begun = !words.empty() && words.back().end == text.size() && query.words.back() == words.back().folded;
  return query;
}

bool fits(const search_query& query, const std::vector<text_word>& words) {
  for (std::size_t i = 0; i < query.words.size(); ++i) {
    const bool may_go_on = query.last_is_begun && i + 1 == query.words.size();
    const bool is_there = std::any_of(words.begin(), words.end(), [&](const text_word& word) {
      return may_go_on ? word.folded.starts_with(query.words[i]) : word.folded == query.words[i];
    });
    if (!is_there) return false;
  }
  return !query.words.empty();
}

std::vector<snippet_part> snippet_of(std::string_view text, const std::vector<text_word>& words,
                                     const search_query& query) {
  const auto first =
      std::find_if(words.begin(), words.end(), [&](const text_word& word) { return is_hit(query, word.folded); });
  if (first == words.end()) return {};
  auto from = first;
  while (from != words.begin() && first->begin - std::prev(from)->begin <= snippet_before) --from;
  auto to = first + 1;
  const auto begin = from == words.begin() ? 0 : from->begin;
  while (to != words.end() && to->end - begin <= snippet_bytes) ++to;
  const auto end =
      to == words.end() && text.size() - begin <= snippet_bytes + snippet_before ? text.size() : std::prev(to)->end;
  std::vector<snippet_part> parts;
  const auto add = [&](std::string_view piece, bool hit) {
    if (piece.empty()) return;
    if (!parts.empty() && parts.back().is_hit == hit) {
      parts.back().text += piece;
    } else {
      parts.push_back({std::string(piece), hit});
    }
  };
  auto at = begin;
  for (auto word = from; word != to; ++word) {
    if (!is_hit(query, word->folded)) continue;
    add(text.substr(at, word->begin - at), false);
    add(text.substr(word->begin, word->end - word->begin), true);
    at = word->end;
  }
  add(text.substr(at, end - at), false);
  return parts;
}

}  // namespace parley
