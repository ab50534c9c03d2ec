// The port to the cache of tokens that the nodes share: what one has read of a token in the store spares the others the
// reading. Nobody believes it further than the control log says (actors/session_validity.hpp).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "parley/control_log.hpp"
#include "parley/credentials.hpp"
#include "parley/error.hpp"
#include "parley/values.hpp"

namespace parley {

/// Of an account that was active.
struct cached_session {
  user_profile user;
  timestamp created_at{}, last_used_at{}, expires_at{};
  /// What the store said before it was asked, in the user's partition of the control log: everything up to there is in
  /// this.
  sequence as_of = 0;
};

/// One connection, made at its first use; belongs to one actor and its thread. Every error is `unavailable`, and
/// nothing depends on it.
class session_cache {
 public:
  virtual ~session_cache() = default;
  /// Before anything else: what has no signature by this key (credentials.hpp), which the nodes of one store have, is
  /// not read.
  virtual void sign_with(std::string key) = 0;
  /// One for each token, in their order; null when it is not there or cannot be read. One round trip.
  virtual result<std::vector<std::optional<cached_session>>> read(std::span<const token_hash> tokens) = 0;
  virtual result<void> write(std::span<const std::pair<token_hash, cached_session>> sessions) = 0;
};

}  // namespace parley
