// The line encoder with everything a session tells: one readable line a frame.
#pragma once

#include "fakes.hpp"

namespace parley::testing {

/// As line_encoder, and: `ready 1@3/2 2@0/0` (room @ last_seq / last_read_seq), `room_added 3@4/4`, `room_removed 3
/// left`, `presence 7 on`, `ack ID read 4`, `ack ID 7:on 8:off`, `error ID rate_limited 50`. Ids by their last byte.
class story_encoder final : public frame_encoder {
 public:
  void append_event(std::string& out, const durable_event& event) const override { lines_.append_event(out, event); }
  void append_ack(std::string& out, const std::optional<std::string>& id, const ack_data& data) const override {
    if (const auto* read = std::get_if<read_ack>(&data)) {
      out += "ack " + id.value_or("null") + " read " + std::to_string(read->seq) + "\n";
    } else if (const auto* presence = std::get_if<presence_ack>(&data)) {
      out += "ack " + id.value_or("null");
      for (const auto& user : presence->users) out += " " + number(user.user) + (user.is_online ? ":on" : ":off");
      out += "\n";
    } else {
      lines_.append_ack(out, id, data);
    }
  }
  void append_error(std::string& out, const std::optional<std::string>& id, const error& what) const override {
    out += "error " + id.value_or("null") + " " + std::string(to_string(what.code));
    if (what.retry_after_ms && what.code == error_code::rate_limited) out += " " + std::to_string(*what.retry_after_ms);
    out += "\n";
  }
  void append_notice(std::string& out, const notice& what) const override {
    if (const auto* ready = std::get_if<ready_notice>(&what)) {
      out += "ready";
      for (const auto& room : ready->rooms) out += " " + summary(room);
    } else if (const auto* added = std::get_if<room_added_notice>(&what)) {
      out += "room_added " + summary(added->room);
    } else if (const auto* removed = std::get_if<room_removed_notice>(&what)) {
      out += "room_removed " + number(removed->room) + (removed->reason == leave_reason::left ? " left" : " removed");
    } else if (const auto* presence = std::get_if<presence_notice>(&what)) {
      out += "presence " + number(presence->presence.user) + (presence->presence.is_online ? " on" : " off");
    } else if (const auto* changed = std::get_if<friend_notice>(&what)) {
      out += "friend " + number(changed->user) + " " + std::string(to_string(changed->status));
    } else {
      return lines_.append_notice(out, what);
    }
    out += "\n";
  }

 private:
  static std::string number(const uuid& id) { return std::to_string(id.bytes[15]); }
  static std::string summary(const room_summary& room) {
    return number(room.id) + "@" + std::to_string(room.last_seq) + "/" + std::to_string(room.last_read_seq);
  }
  line_encoder lines_;
};

}  // namespace parley::testing
