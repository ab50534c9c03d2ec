// The one place that decides what a connection gets of a batch.
#include "net/batch_slices.hpp"

#include <algorithm>

namespace parley {

void cut_batch(const encoded_batch& batch, sequence position, std::uint32_t departs_at,
               std::span<const placed_answer* const> own, std::vector<batch_piece>& out) {
  const auto count = static_cast<std::uint32_t>(batch.ends.size());
  const std::uint32_t end = std::min(departs_at, count);
  std::uint32_t next = 0;
  if (position >= batch.first_seq) {
    next = static_cast<std::uint32_t>(std::min<sequence>(position - batch.first_seq + 1, count));
  }
  const auto events_until = [&](std::uint32_t until) {
    until = std::min(until, end);
    if (next < until) out.push_back({nullptr, next, until});
    next = std::max(next, until);
  };
  for (const placed_answer* answer : own) {
    events_until(answer->index);
    out.push_back({answer, 0, 0});
    if (answer->replaces_event) next = std::max(next, answer->index + 1);
  }
  events_until(end);
}

}  // namespace parley
