// Collects what the commands of a batch touch.
#include "store/append_facts.hpp"

#include <algorithm>

namespace parley {
namespace {

/// Adds what one kind of command needs beyond its room, its actor and the actor's membership.
class collector {
 public:
  collector(append_needs& needs, const append_command& command) : needs_(needs), command_(command) {}

  void operator()(const send_message& what) const {
    needs_.sends.push_back(&command_);
    if (what.reply_to) needs_.messages.push_back(*what.reply_to);
    if (const auto file = what.file_url ? file_of_url(*what.file_url) : std::nullopt) {
      needs_.files.push_back({*file, command_.actor});
    }
  }
  void operator()(const edit_message& what) const { needs_.messages.push_back(what.message); }
  void operator()(const delete_message& what) const {
    needs_.messages.push_back(what.message);
    needs_.deleted_messages.push_back(what.message);
    if (what.with_ban) needs_.bans.push_back({command_.room, what.with_ban->user});
  }
  void operator()(const change_reaction& what) const {
    needs_.messages.push_back(what.message);
    needs_.reactions.push_back({what.message, command_.actor, what.emoji});
    if (what.action == reaction_action::add) needs_.counted_messages.push_back(what.message);
  }
  void operator()(const invite_members& what) const {
    needs_.counted_rooms.push_back(command_.room);
    for (const auto& user : what.users) {
      needs_.accounts.push_back(user);
      needs_.counted_accounts.push_back(user);
      needs_.memberships.push_back({command_.room, user});
      needs_.bans.push_back({command_.room, user});
      needs_.invitations.push_back({command_.actor, user});
    }
  }
  void operator()(const remove_member& what) const {
    needs_.counted_rooms.push_back(command_.room);  // the last one closes the room
    needs_.memberships.push_back({command_.room, what.user});
  }
  void operator()(const rename_room&) const {}
  void operator()(const ban_member& what) const {
    needs_.counted_rooms.push_back(command_.room);
    add_target(what.user);
  }
  void operator()(const lift_ban& what) const { add_target(what.user); }
  void operator()(const mute_member& what) const { add_target(what.user); }
  void operator()(const set_slow_mode&) const {}

 private:
  void add_target(user_id user) const {
    needs_.accounts.push_back(user);
    needs_.memberships.push_back({command_.room, user});
    needs_.bans.push_back({command_.room, user});
  }

  append_needs& needs_;
  const append_command& command_;
};

template <class T>
void keep_once(std::vector<T>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

/// Batches are mostly runs of one room or one sender, so that this spares most of the sorting.
template <class T>
void add_unless_last(std::vector<T>& values, const T& value) {
  if (values.empty() || values.back() != value) values.push_back(value);
}

}  // namespace

void append_needs::collect(std::span<const append_command> commands) {
  for (const auto& command : commands) {
    add_unless_last(rooms, command.room);
    add_unless_last(accounts, command.actor);
    add_unless_last(memberships, {command.room, command.actor});
    std::visit(collector(*this, command), command.command);
  }
  keep_once(rooms);
  keep_once(accounts);
  keep_once(memberships);
  keep_once(messages);
  keep_once(reactions);
  keep_once(counted_messages);
  keep_once(counted_rooms);
  keep_once(counted_accounts);
  keep_once(files);
  keep_once(bans);
  keep_once(invitations);
}

void append_needs::clear() {
  rooms.clear();
  accounts.clear();
  memberships.clear();
  messages.clear();
  reactions.clear();
  counted_messages.clear();
  counted_rooms.clear();
  counted_accounts.clear();
  sends.clear();
  files.clear();
  deleted_messages.clear();
  bans.clear();
  invitations.clear();
}

void append_facts::clear() {
  rooms.clear();
  accounts.clear();
  members.clear();
  restraints.clear();
  bans.clear();
  blocked.clear();
  messages.clear();
  reactions.clear();
  emojis.clear();
  files.clear();
  stored_sends.clear();
}

}  // namespace parley
