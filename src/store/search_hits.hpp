// From what an index found to a page of hits, the same in every dialect.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parley/values.hpp"
#include "store/search_words.hpp"

namespace parley {

/// A message that the index named, as it now stands; and the cursor of the page that begins behind it.
struct search_candidate {
  history_item item;
  std::string cursor;
};

/// Null when it does not fit any more: it was edited or deleted since.
inline std::optional<search_hit> hit_of(history_item item, const search_query& query) {
  if (item.deleted_at || !item.message.content) return std::nullopt;
  const auto words = words_of(*item.message.content);
  if (!fits(query, words)) return std::nullopt;
  auto snippet = snippet_of(*item.message.content, words, query);
  return search_hit{std::move(item), std::move(snippet)};
}

/// `candidates`: one more than the page may hold, when there are as many.
inline page<search_hit> page_of_hits(std::vector<search_candidate> candidates, std::uint32_t limit,
                                     const search_query& query) {
  page<search_hit> found;
  if (candidates.size() > limit) {
    candidates.resize(limit);
    found.next_cursor = candidates.back().cursor;
  }
  for (auto& candidate : candidates) {
    if (auto hit = hit_of(std::move(candidate.item), query)) found.items.push_back(std::move(*hit));
  }
  return found;
}

}  // namespace parley
