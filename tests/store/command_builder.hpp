// Commands, ids and times for the store's tests: short to write, the same in every run.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "parley/database.hpp"

namespace parley::test {

/// A UUID that holds the number, in the form of a UUIDv7 so that the ids are ordered as they are made.
inline uuid numbered_uuid(std::uint64_t number) {
  uuid value;
  for (std::size_t i = 0; i < 6; ++i) value.bytes[i] = static_cast<std::uint8_t>(number >> (40 - 8 * i));
  value.bytes[6] = 0x70;
  value.bytes[8] = 0x80;
  return value;
}

/// That many milliseconds after a fixed moment of 2026.
inline timestamp time_at(std::int64_t ms) { return timestamp(std::chrono::milliseconds(1'790'000'000'000 + ms)); }

/// Makes ids and commands; each command is one millisecond later than the one before.
class command_builder {
 public:
  template <class Id>
  Id make_id() {
    return Id(numbered_uuid(++last_number_));
  }
  timestamp next_time() { return time_at(++last_ms_); }

  append_command command(room_id room, user_id actor, durable_command what) {
    append_command made{room, actor, next_time(), make_id<uuid>(), {}, std::move(what)};
    if (const auto* invite = std::get_if<invite_members>(&made.command)) {
      for (std::size_t i = 0; i < invite->users.size(); ++i) made.membership_ids.push_back(make_id<uuid>());
    }
    return made;
  }
  append_command send(room_id room, user_id actor, std::string content, std::optional<std::string> key = {}) {
    return command(room, actor, send_message{std::move(content), std::nullopt, std::nullopt, std::move(key)});
  }
  append_command reply(room_id room, user_id actor, std::string content, message_id to) {
    return command(room, actor, send_message{std::move(content), std::nullopt, to, std::nullopt});
  }
  append_command edit(room_id room, user_id actor, message_id message, std::string content) {
    return command(room, actor, edit_message{message, std::move(content)});
  }
  append_command erase(room_id room, user_id actor, message_id message) {
    return command(room, actor, delete_message{message});
  }
  append_command react(room_id room, user_id actor, message_id message, std::string emoji,
                       reaction_action action = reaction_action::add) {
    return command(room, actor, change_reaction{message, std::move(emoji), action});
  }
  append_command invite(room_id room, user_id actor, std::vector<user_id> users) {
    return command(room, actor, invite_members{std::move(users)});
  }
  append_command remove(room_id room, user_id actor, user_id user) { return command(room, actor, remove_member{user}); }
  append_command rename(room_id room, user_id actor, std::string name) {
    return command(room, actor, rename_room{std::move(name)});
  }

 private:
  std::uint64_t last_number_ = 0;
  std::int64_t last_ms_ = 0;
};

}  // namespace parley::test
