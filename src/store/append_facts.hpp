// What an append batch must know before it is decided: which facts its commands touch, and the facts as they
// were read.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/database.hpp"

namespace parley {

struct membership_key {
  room_id room;
  user_id user;
  friend auto operator<=>(const membership_key&, const membership_key&) = default;
};

struct file_use {
  file_id file;
  user_id user;
  friend auto operator<=>(const file_use&, const file_use&) = default;
};

/// One who invites, and one who is invited and may block the other.
struct invitation_key {
  user_id inviter;
  user_id invited;
  friend auto operator<=>(const invitation_key&, const invitation_key&) = default;
};

/// `emoji` points into the command that asked for it.
struct reaction_key {
  message_id message;
  user_id user;
  std::string_view emoji;
  friend auto operator<=>(const reaction_key&, const reaction_key&) = default;
};

struct hash_key {
  std::size_t operator()(const uuid& key) const noexcept { return std::hash<uuid>{}(key); }
  std::size_t operator()(const membership_key& key) const noexcept { return mix((*this)(key.room), (*this)(key.user)); }
  std::size_t operator()(const file_use& key) const noexcept { return mix((*this)(key.file), (*this)(key.user)); }
  std::size_t operator()(const invitation_key& key) const noexcept {
    return mix((*this)(key.inviter), (*this)(key.invited));
  }
  std::size_t operator()(const reaction_key& key) const noexcept {
    return mix(mix((*this)(key.message), (*this)(key.user)), std::hash<std::string_view>{}(key.emoji));
  }
  static std::size_t mix(std::size_t a, std::size_t b) noexcept { return (a ^ (b >> 32)) * 0x9E3779B97F4A7C15ULL + b; }
};

template <class Key, class Value>
using fact_map = boost::unordered_flat_map<Key, Value, hash_key>;
template <class Key>
using fact_set = boost::unordered_flat_set<Key, hash_key>;

/// What to read for a batch, everything once and in order of its key; `rooms` is the order in which rooms are
/// locked. Belongs to one writer and is used again for the next batch, so that its memory is.
struct append_needs {
  std::vector<room_id> rooms;
  std::vector<user_id> accounts;
  std::vector<membership_key> memberships;
  std::vector<message_id> messages;
  std::vector<reaction_key> reactions;
  std::vector<message_id> counted_messages;  ///< Whose emojis are counted, for further ones.
  std::vector<room_id> counted_rooms;  ///< Whose members are counted, for invitations and for the last one who leaves.
  std::vector<user_id> counted_accounts;     ///< Whose rooms are counted.
  std::vector<const append_command*> sends;  ///< Each may have been stored before.
  std::vector<file_use> files;               ///< Who sends which of our files.
  std::vector<message_id> deleted_messages;  ///< Whose files are let go of.
  std::vector<membership_key> bans;
  std::vector<invitation_key> invitations;

  /// The commands must stay where they are as long as the needs and the facts read for them are used.
  void collect(std::span<const append_command> commands);
  void clear();
};

/// The facts as of the moment when the rooms were locked; append_plan keeps them up to date as it decides.
/// What does not exist is simply not in its map.
struct append_facts {
  struct room {
    bool is_group = true;
    bool blocked = false;  ///< Private rooms: one of the two has blocked the other.
    user_id created_by;
    sequence last_seq = 0;
    std::int64_t members = 0;  ///< Read for counted_rooms only.
    bool advanced = false;     ///< The plan's own mark: last_seq has moved.
    std::int64_t slow_mode_seconds = 0;
    bool closed = false;  ///< The last member has left; what was reported can still be deleted.
  };
  struct account {
    std::string display_name;
    role user_role = role::user;
    account_flag flag = account_flag::active;
    std::int64_t rooms = 0;  ///< Read for counted_accounts only.
  };
  struct deletion {
    sequence seq = 0;
    user_id by;
    timestamp at{};
  };
  struct message {
    room_id room;
    user_id sender;
    std::optional<deletion> deleted;
    std::optional<file_id> file{};  ///< One of ours.
  };
  struct file {
    std::string url;
    fact_set<user_id> users;  ///< Of those who want to send it, who may: the owner, and who has it in a room.
  };
  /// What keeps somebody from writing in a room, member or not.
  struct restraint {
    std::optional<timestamp> muted_until;  ///< May be over.
    std::optional<timestamp> last_sent;    ///< Known only of rooms in slow mode.
  };
  struct reaction {
    reaction_id id;
    sequence seq = 0;
    timestamp created_at{};
  };

  fact_map<room_id, room> rooms;
  fact_map<user_id, account> accounts;
  fact_set<membership_key> members;
  fact_map<membership_key, restraint> restraints;
  struct ban {
    std::optional<removal_id> removal;  ///< Of what they wrote; perhaps all of it is gone already.
  };
  fact_map<membership_key, ban> bans;  ///< Of append_needs::bans.
  fact_set<invitation_key> blocked;    ///< Of append_needs::invitations: the one who is invited blocks the other.
  fact_map<message_id, message> messages;
  fact_map<reaction_key, reaction> reactions;
  /// The distinct ones of each of counted_messages. One that is taken back for the last time counts until the
  /// batch is over.
  fact_map<message_id, boost::unordered_flat_set<std::string>> emojis;
  fact_map<file_id, file> files;  ///< Locked, so that the sweep does not take them.
  /// By the new_id of a send: the event that is stored already under its client_msg_id or, without one, its
  /// id.
  fact_map<uuid, durable_event> stored_sends;

  void clear();
};

}  // namespace parley
