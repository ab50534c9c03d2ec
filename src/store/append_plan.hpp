// Decides what an append batch does: each command's seq, `duplicate` or refusal, one after another, and the
// writes. Pure.
#pragma once

#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "parley/config.hpp"
#include "parley/permissions.hpp"
#include "store/append_facts.hpp"

namespace parley {

// --- What the plan wants written. Pointers lead to the batch's commands, or into the plan. ---

/// A row of the log that is not a message. `text` points into the command or into the plan.
struct log_row {
  enum class kind : std::uint8_t {
    message_edited,
    message_deleted,
    reaction_added,
    reaction_removed,
    member_created,
    member_invited,
    member_left,
    member_removed,
    room_renamed,
    member_muted,
    slow_mode_changed,
  };
  room_id room;
  sequence seq = 0;
  kind type{};
  uuid event_id;
  user_id by;
  timestamp at{};
  std::optional<user_id> user{};  ///< Who joined, left, or was muted.
  std::optional<message_id> message{};
  std::optional<reaction_id> reaction{};
  std::string_view text{};  ///< The emoji, the room's new name, a mute's end, seconds.
};

struct insert_message {
  const append_command* command;  ///< A send_message.
  sequence seq;
};
/// A message has it now, so that the sweep passes it by.
struct hold_file {
  file_id file;
};
/// A message does not have it any more; perhaps another one does.
struct let_go_of_file {
  file_id file;
  timestamp at{};
};
struct update_content {
  const append_command* command;  ///< An edit_message.
};
struct empty_message {
  const append_command* command;  ///< A delete_message.
  sequence seq;
};
struct insert_reaction {
  const append_command* command;  ///< A change_reaction.
  sequence seq;
};
struct delete_reaction {
  const append_command* command;  ///< A change_reaction.
};
/// With it comes a read marker at seq.
struct insert_membership {
  uuid id;
  membership_key who;
  timestamp joined_at{};
  sequence seq = 0;
};
/// The read marker goes with it.
struct delete_membership {
  membership_key who;
};
struct update_room_name {
  const append_command* command;  ///< A rename_room.
};
/// Its last member is gone.
struct close_empty_room {
  const append_command* command;  ///< A remove_member or ban_member.
};

/// There may be one already; then only the removal of messages is begun.
struct put_ban {
  const append_command* command;  ///< A ban_member.
};
struct delete_ban {
  membership_key who;
};
/// There may be one already.
struct put_mute {
  const append_command* command;  ///< A mute_member.
  timestamp until{};
};
struct delete_mute {
  membership_key who;
};
/// In slow mode only.
struct note_last_sent {
  membership_key who;
  timestamp at{};
};
/// Without slow mode nobody's last message is remembered.
struct update_slow_mode {
  const append_command* command;  ///< A set_slow_mode.
};

using append_write =
    std::variant<insert_message, hold_file, let_go_of_file, update_content, empty_message, insert_reaction,
                 delete_reaction, insert_membership, delete_membership, update_room_name, close_empty_room, put_ban,
                 delete_ban, put_mute, delete_mute, note_last_sent, update_slow_mode, audit_record, log_row>;

/// Used for one batch under the locks of its rooms. Commands see the effects of those before them. A refusal
/// writes nothing and takes no seq. The commands and the facts must outlive the plan and stay in place.
class append_plan {
 public:
  append_plan(append_facts& facts, const limits_config& limits) : facts_(facts), limits_(limits) {}

  append_outcome take(const append_command& command);

  /// In the order in which they must take effect.
  [[nodiscard]] const std::vector<append_write>& writes() const { return writes_; }
  /// The rooms whose last_seq moved, each once; where to is in the facts.
  [[nodiscard]] const std::vector<room_id>& advanced_rooms() const { return advanced_rooms_; }

 private:
  /// Who acts where; both exist and the actor is active.
  struct scene {
    const append_command& command;
    append_facts::room& room;
    const append_facts::account& actor;
    operation what;
    bool is_member;

    [[nodiscard]] verdict permission(bool is_owner) const {
      const auto how = !is_member ? standing::outsider : is_owner ? standing::owner : standing::member;
      return parley::permission(what, actor.user_role, how);
    }
    /// `owner`: of what the command is about.
    [[nodiscard]] bool may(user_id owner) const { return permission(owner == command.actor) == verdict::allowed; }
  };
  struct send_key {
    room_id room;
    user_id user;
    std::string_view client_msg_id;
    friend bool operator==(const send_key&, const send_key&) = default;
  };
  struct hash_send_key {
    std::size_t operator()(const send_key& key) const noexcept {
      return hash_key::mix(hash_key{}(membership_key{key.room, key.user}),
                           std::hash<std::string_view>{}(key.client_msg_id));
    }
  };
  struct planned_send {
    const append_command* command;
    sequence seq;
  };

  append_outcome decide(const scene& at, const send_message& what);
  append_outcome decide(const scene& at, const edit_message& what);
  append_outcome decide(const scene& at, const delete_message& what);
  append_outcome decide(const scene& at, const change_reaction& what);
  append_outcome decide(const scene& at, const invite_members& what);
  append_outcome decide(const scene& at, const remove_member& what);
  append_outcome decide(const scene& at, const rename_room& what);
  append_outcome decide(const scene& at, const ban_member& what);
  append_outcome decide(const scene& at, const lift_ban& what);
  append_outcome decide(const scene& at, const mute_member& what);
  append_outcome decide(const scene& at, const set_slow_mode& what);

  [[nodiscard]] std::optional<durable_event> stored_before(const scene& at, const send_message& what) const;
  append_outcome add_reaction(const scene& at, const change_reaction& what);
  append_outcome remove_reaction(const scene& at, const change_reaction& what);
  /// Null when nothing keeps the actor from writing.
  [[nodiscard]] std::optional<error> silence(const scene& at) const;
  [[nodiscard]] std::optional<error> slow_mode_wait(const scene& at) const;
  [[nodiscard]] std::optional<error> check_target(const scene& at, user_id target) const;
  durable_event take_out(const scene& at, user_id user, leave_reason reason);
  append_outcome mute(const scene& at, const mute_member& what);
  append_outcome unmute(const scene& at, const mute_member& what);
  append_outcome muted_event(const scene& at, user_id user, std::optional<timestamp> until);
  result<std::vector<std::size_t>> find_newcomers(const scene& at, const invite_members& what) const;

  /// What is done to somebody else's things is kept for good.
  void audit(const scene& at, audit_action what, std::optional<user_id> user, std::optional<message_id> message,
             std::optional<std::string> detail = std::nullopt);
  [[nodiscard]] bool may_send_file(const scene& at, file_id file, const std::string& url) const;
  [[nodiscard]] append_facts::message* find_message(room_id room, message_id message);
  [[nodiscard]] durable_event posted_event(const append_command& command, sequence seq) const;
  sequence next_seq(const scene& at);
  void write_log_row(const scene& at, sequence seq, log_row::kind type, log_row row);

  append_facts& facts_;
  const limits_config& limits_;
  std::vector<append_write> writes_;
  std::deque<std::string> texts_;  ///< Of log rows; they stay in place.
  std::vector<room_id> advanced_rooms_;
  boost::unordered_flat_map<send_key, planned_send, hash_send_key> keys_;  ///< Of this batch.
  fact_map<uuid, planned_send> keyless_;                                   ///< Sends of this batch without a key.
};

}  // namespace parley
