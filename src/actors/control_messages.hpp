// The control actor and what is sent to it: what concerns users, from and to the other nodes.
#pragma once

#include <caf/all.hpp>
#include <cstdint>
#include <memory>

#include "parley/control_log.hpp"

namespace parley {

struct read_control_log;
struct control_tick;
struct await_nodes;
struct control_step;
struct clear_presence_up;
/// One a node that is not alone; has a thread, since it waits for the store.
using control_handle =
    caf::typed_actor<caf::reacts_to<read_control_log>, caf::reacts_to<control_tick>, caf::reacts_to<await_nodes>,
                     caf::reacts_to<control_step>, caf::reacts_to<clear_presence_up>>;

/// Sent by whoever stored something for the log, and by the bus when another node did: read now.
struct read_control_log {
  bool is_ours = false;  ///< The other nodes are to be told.
};
/// Sent by the control actor to itself.
struct control_tick {};
/// Sent by accounts when a revocation is stored: `held` is let go of when no node delivers anything any more that it
/// forbids.
struct await_nodes {
  user_id user;
  std::shared_ptr<void> held;
};
/// Sent to the control actor by what it handed on: the shards have it in their queues, or all is done.
struct control_step {
  std::uint64_t reading = 0;
  bool is_done = false;
};

/// Sent by a storage actor to the control actor: a node was forgotten, or there are more who were on dead ones.
struct clear_presence_up {
  timestamp last_seen;
  bool failed = false;    ///< It was tried, and is to be tried again.
  bool is_first = false;  ///< Also who counts as on though he is so on no node.
};

/// Sent by the control actor to the account actor: tokens that ended, accounts that changed.
struct control_heard {
  std::vector<control_event> events;
  control_positions reached{};  ///< Up to there the log has been read.
  bool missed_some = false;     ///< Nothing that is remembered of any token can be relied on.
  std::shared_ptr<void> handed_on, done;
};
/// Sent by the control actor to the directory: nobody knows what these sockets may see, so that they begin anew.
struct end_all_sockets {
  std::shared_ptr<void> handed_on;
};

/// Likewise: up to there the log said nothing about tokens or accounts.
struct control_reached {
  control_positions reached{};
};
/// Sent by the control actor to the directory, which hands it to the user's record if there is one here.
struct presence_heard {
  user_id user;
  presence_stored what;
};
/// Sent by the control actor to the directory, and by that to all records: what this node had saved is gone.
struct save_presence_again {};

}  // namespace parley

#define PARLEY_UNSAFE(name) CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::name)
PARLEY_UNSAFE(read_control_log)
PARLEY_UNSAFE(control_tick)
PARLEY_UNSAFE(await_nodes)
PARLEY_UNSAFE(control_step)
PARLEY_UNSAFE(clear_presence_up)
PARLEY_UNSAFE(control_heard)
PARLEY_UNSAFE(control_reached)
PARLEY_UNSAFE(end_all_sockets)
PARLEY_UNSAFE(presence_heard)
PARLEY_UNSAFE(save_presence_again)
#undef PARLEY_UNSAFE
