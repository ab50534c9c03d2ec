// Changes of presence that wait in a storage actor, which one job can save together: everybody comes on at once when a
// node was away.
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "actors/storage_batch.hpp"

namespace parley {

/// Takes those that wait, at most so many, past other jobs, which stay in their order. But nobody's past an earlier job
/// with his key, and none past one that goes alone.
std::vector<numbered<write_records>> take_presences(std::deque<numbered<write_records>>& jobs, std::size_t most);

/// Of jobs that have write_job::presence. Locks many users, where jobs lock in the order of their keys: it is to be a
/// transaction's only one.
write_job saving_all(const std::vector<numbered<write_records>>& presences);

/// Returns those that are to be tried each by itself, since together they could not be saved: so that one costs the
/// others nothing but time.
std::vector<numbered<write_records>> answer_presences(std::vector<numbered<write_records>> presences,
                                                      const result<void>& outcome);

}  // namespace parley
