// Makes the actors that talk to the nodes' shared cache of tokens, and the way to them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "actors/actor_services.hpp"
#include "actors/queue_bound.hpp"
#include "parley/session_cache.hpp"

namespace parley {

struct find_session;
struct keep_session;
struct work_on_sessions;
struct probe_sessions;
/// One for each URL of the bus; has a thread, since it waits for Redis.
using session_desk_handle = caf::typed_actor<caf::reacts_to<find_session>, caf::reacts_to<keep_session>,
                                             caf::reacts_to<work_on_sessions>, caf::reacts_to<probe_sessions>>;

/// Sent by the account actor, for a token that it does not know. Null when the store must be asked, for whatever
/// reason.
struct find_session {
  token_hash token;
  answer<std::optional<cached_session>> reply;
  queue_place place;
};
/// Sent by the account actor: what the store said.
struct keep_session {
  token_hash token;
  cached_session session;
  queue_place place;
};
/// Sent by a desk to itself: all that waits.
struct work_on_sessions {};
/// Sent by a desk to itself after a failure: does Redis answer again?
struct probe_sessions {};

/// With a thread of its own. `services` and the cache outlive it.
session_desk_handle spawn_session_desk(caf::actor_system& system, const actor_services& services, session_cache& cache);
/// On the scheduler, for tests: the cache must not block.
session_desk_handle spawn_session_desk_on_scheduler(caf::actor_system& system, const actor_services& services,
                                                    session_cache& cache);

/// The way to them: a token's hash decides which. Immutable once made; used by the account actor.
class session_desks {
 public:
  /// In the order of the bus's URLs, so that all nodes look in one place.
  session_desks(const actor_services& services, std::vector<session_desk_handle> desks);

  /// Answered soon: Redis is given a short time once (store/redis_session_cache.hpp), and none after it has failed.
  void find(const token_hash& token, answer<std::optional<cached_session>> reply) const;
  /// Dropped when too much waits.
  void keep(const token_hash& token, cached_session session) const;
  void stop() const;

 private:
  struct lane {
    session_desk_handle desk;
    std::shared_ptr<queue_bound> bound;
  };
  [[nodiscard]] const lane& lane_of(const token_hash& token) const { return lanes_[token.bytes[0] % lanes_.size()]; }

  std::vector<lane> lanes_;
};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(find_session)
PARLEY_UNSAFE(keep_session)
PARLEY_UNSAFE(work_on_sessions)
PARLEY_UNSAFE(probe_sessions)
#undef PARLEY_UNSAFE
