// The control log: what concerns a user rather than a room, from the node where it was stored to all the others. A
// table, numbered like a room's log, that every node reads by its remembered positions; nothing that it says may be
// missed, since what a token may see no longer hangs on it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "parley/clock.hpp"
#include "parley/credentials.hpp"
#include "parley/error.hpp"
#include "parley/friendship.hpp"
#include "parley/ids.hpp"
#include "parley/values.hpp"

namespace parley {

/// Log-out, a changed password, suspension: what bears one of the tokens ends with that code.
struct tokens_ended {
  std::vector<token_hash> tokens;
  close_code code = close_code::token_ended;
};
/// What nodes remember of the account (its name, flag, role) is not so any more.
struct account_outdated {};
struct role_given {
  role granted = role::user;
};
/// The user joined the room, or left it, with the event `seq` of the room's log.
struct membership_stored {
  room_id room;
  sequence seq = 0;
  bool joined = true;
};
/// How the user now stands to somebody.
struct friendship_stored {
  user_id other;
  friend_status status = friend_status::none;
  user_id by;
};

/// The user is on now, on whatever node, or off on all of them.
struct presence_stored {
  bool is_online = false;
  std::optional<timestamp> last_seen;
  std::int64_t version = 0;  ///< Of the user's presence_record.
};
/// Written by a newer build. It may be that something ended, so that the user's sockets here begin anew.
struct not_understood {};

struct control_event {
  user_id user;  ///< Whom it concerns.
  std::variant<tokens_ended, account_outdated, role_given, membership_stored, friendship_stored, presence_stored,
               not_understood>
      what;
};

/// Users are spread over so many numberings, so that not every change of the cluster waits for every other. Part of the
/// schema: tb_control_position has as many rows.
inline constexpr std::size_t control_partitions = 16;
/// Of each partition, the number of an event: up to there.
using control_positions = std::array<sequence, control_partitions>;
std::size_t control_partition_of(const user_id& user);

/// For how long a node may deliver from the moment when it began to read the control log. Whoever revokes something
/// waits for the other nodes that long at most: then they have heard of it or deliver nothing. The same on all nodes.
inline constexpr std::chrono::milliseconds control_lease{1'000};

/// By which a node is known to the others. It takes another one when they took it for dead, since whatever stands under
/// the old one is cleared away.
class node_identity {
 public:
  explicit node_identity(const uuid& first) : id_(std::make_shared<const uuid>(first)) {}
  /// Any thread.
  [[nodiscard]] uuid get() const { return *id_.load(); }
  void set(const uuid& other) { id_.store(std::make_shared<const uuid>(other)); }

 private:
  std::atomic<std::shared_ptr<const uuid>> id_;
};

/// What a node says of itself.
struct node_report {
  uuid node;  ///< Its identity.
  std::string name;
  std::string version;
  timestamp started_at{};
  /// Everything up to there is done: no socket of this node bears what ended.
  control_positions confirmed{};
  std::int64_t connections = 0;  ///< WebSockets.
  std::int64_t rooms = 0;        ///< In use.
  std::int64_t stream_backlog_bytes = 0;
  std::int64_t stream_lag_ms = 0;          ///< How old the last news were that it heard.
  std::optional<timestamp> resynced_at{};  ///< When it last compared its rooms with the store for want of news.
};

struct node_seen {
  node_report report;
  timestamp heartbeat_at{};         ///< When it last said so, by the store's clock.
  std::chrono::milliseconds age{};  ///< Since then, by the same.
};

/// Where somebody is on.
struct presence_place {
  uuid node;
  std::string name;  ///< Empty: nobody knows the node any more, and this is about to be cleared away.
  timestamp since{};
  bool is_known = false;
  std::chrono::milliseconds silent{};  ///< The node, by the store's clock.
};

struct control_news {
  std::vector<control_event> events;  ///< In order of each partition.
  control_positions reached{};        ///< Behind `events`.
  bool has_more = false;              ///< Read on at once.
  /// Some were deleted before they were read here: nobody knows what they said.
  bool missed_some = false;
  /// The others took this node for dead: it is to enter anew, under another identity. Nothing was read.
  bool is_forgotten = false;
  std::size_t unreadable = 0;    ///< Of `events`, those that are not understood.
  std::vector<node_seen> nodes;  ///< This one too; those that stopped without a word for some time yet.
};

/// One connection; belongs to one actor and its thread. All functions block, for less than the lease.
class control_log {
 public:
  virtual ~control_log() = default;
  /// Where the log ends now: who begins there has missed nothing that was stored since.
  virtual result<control_positions> end() = 0;
  /// This node is there from now on.
  virtual result<void> enter(const node_report& mine) = 0;
  /// First says that this node is still there, which stands before anything is read; then reads what is behind `after`.
  virtual result<control_news> read(const node_report& mine, const control_positions& after) = 0;
  /// The node stops: nobody need wait for it any more.
  virtual result<void> leave(const uuid& node) = 0;
  /// Deletes some of what every node has read long since; true: there is more. Now and then, by any node.
  virtual result<bool> tidy() = 0;
};

}  // namespace parley
