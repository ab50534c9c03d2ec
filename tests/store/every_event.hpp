// One of each kind of event, with and without what it may lack, and a text of a batch to compare by.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "command_builder.hpp"
#include "parley/event_stream.hpp"

namespace parley::test {

inline std::vector<event_body> every_event_body() {
  command_builder make;
  const auto message = make.make_id<message_id>();
  const auto ann = make.make_id<user_id>();
  const auto bob = make.make_id<user_id>();
  return {
      message_posted{message, ann, "Ann", "hello", "/api/v1/files/1", make.make_id<message_id>(), "key", time_at(1)},
      message_posted{message, ann, "", std::nullopt, std::nullopt, std::nullopt, std::nullopt, time_at(2)},
      message_edited{message, ann, "better", time_at(3)},
      message_edited{message, ann, std::nullopt, timestamp(std::chrono::milliseconds(-1))},
      message_deleted{message, bob, time_at(4)},
      reaction_changed{message, make.make_id<reaction_id>(), bob, "👍", reaction_action::add, time_at(5)},
      reaction_changed{message, make.make_id<reaction_id>(), bob, "👍", reaction_action::remove, time_at(6)},
      member_joined{ann, ann, join_reason::created},
      member_joined{bob, ann, join_reason::invited},
      member_left{bob, bob, leave_reason::left},
      member_left{bob, ann, leave_reason::removed},
      room_renamed{"a name", ann},
      member_muted{bob, ann, time_at(7)},
      member_muted{bob, ann, std::nullopt},
      slow_mode_changed{0, ann},
      slow_mode_changed{86'400, ann},
  };
}

inline stream_batch batch_of_every_event(const room_id& room, sequence first) {
  stream_batch batch{room, {}};
  for (auto& body : every_event_body()) batch.events.push_back({room, first++, std::move(body)});
  return batch;
}

inline std::string shown(const std::string& text) { return '"' + text + '"'; }
inline std::string shown(const uuid& id) { return to_string(id); }
inline std::string shown(timestamp time) { return std::to_string(time.time_since_epoch().count()); }
template <class T>
std::string shown(const std::optional<T>& value) {
  return value ? "some " + shown(*value) : "none";
}
inline std::string shown(const message_posted& e) {
  return fmt::format("posted {} {} {} {} {} {} {} {}", shown(e.message), shown(e.sender), shown(e.display_name),
                     shown(e.content), shown(e.file_url), shown(e.reply_to), shown(e.client_msg_id),
                     shown(e.created_at));
}
inline std::string shown(const message_edited& e) {
  return fmt::format("edited {} {} {} {}", shown(e.message), shown(e.by), shown(e.content), shown(e.edited_at));
}
inline std::string shown(const message_deleted& e) {
  return fmt::format("deleted {} {} {}", shown(e.message), shown(e.by), shown(e.deleted_at));
}
inline std::string shown(const reaction_changed& e) {
  return fmt::format("reaction {} {} {} {} {} {}", shown(e.message), shown(e.reaction), shown(e.by), shown(e.emoji),
                     static_cast<int>(e.action), shown(e.created_at));
}
inline std::string shown(const member_joined& e) {
  return fmt::format("joined {} {} {}", shown(e.user), shown(e.by), static_cast<int>(e.reason));
}
inline std::string shown(const member_left& e) {
  return fmt::format("left {} {} {}", shown(e.user), shown(e.by), static_cast<int>(e.reason));
}
inline std::string shown(const room_renamed& e) { return fmt::format("renamed {} {}", shown(e.name), shown(e.by)); }
inline std::string shown(const member_muted& e) {
  return fmt::format("muted {} {} {}", shown(e.user), shown(e.by), shown(e.until));
}
inline std::string shown(const slow_mode_changed& e) { return fmt::format("slow {} {}", e.seconds, shown(e.by)); }

/// All of it, a line for each event.
inline std::string text_of(const stream_batch& batch) {
  auto text = to_string(batch.room) + '\n';
  for (const auto& event : batch.events) {
    text += fmt::format("{} {} ", to_string(event.room), event.seq);
    text += std::visit([](const auto& body) { return shown(body); }, event.body) + '\n';
  }
  return text;
}

}  // namespace parley::test
