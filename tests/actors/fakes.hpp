// Clock, ids and wire form for tests of actors and their states: everything repeats and can be read by eye.
#pragma once

#include <string>
#include <variant>

#include "parley/clock.hpp"
#include "parley/codec.hpp"
#include "parley/ids.hpp"

namespace parley::testing {

/// An id whose last byte, and nothing else, is set.
template <class Id>
Id id_of(std::uint8_t number) {
  Id made;
  made.bytes[15] = number;
  made.bytes[0] = 1;
  return made;
}

class fake_clock final : public clock {
 public:
  [[nodiscard]] timestamp now() const override { return timestamp{} + elapsed_; }
  [[nodiscard]] steady_time steady_now() const override { return steady_time{} + std::chrono::hours(1) + elapsed_; }
  void advance(std::chrono::milliseconds by) { elapsed_ += by; }

 private:
  std::chrono::milliseconds elapsed_{0};
};

class counting_ids final : public id_source {
 public:
  /// Its ids differ from those of a source with another number.
  void set_source(std::uint16_t number) { source_ = number; }
  uuid next() override {
    ++count_;
    uuid made;
    made.bytes[0] = 2;
    made.bytes[1] = static_cast<std::uint8_t>(source_ >> 8);
    made.bytes[2] = static_cast<std::uint8_t>(source_);
    for (unsigned i = 0; i < 4; ++i) made.bytes[15 - i] = static_cast<std::uint8_t>(count_ >> (8 * i));
    return made;
  }

 private:
  std::uint16_t source_ = 0;
  std::uint32_t count_ = 0;
};

/// One line a frame: `event 3 hello`, `edited 4 new`, `joined 5 7`, `left 6 7`, `ack ID SEQ`, `ack ID SEQ again`,
/// `error ID CODE`, `replay_end SEQ`, `typing USER`, `read USER SEQ`, `presence USER on`. Users by their last byte.
class line_encoder final : public frame_encoder {
 public:
  void append_event(std::string& out, const durable_event& event) const override {
    const auto seq = std::to_string(event.seq);
    if (const auto* posted = std::get_if<message_posted>(&event.body)) {
      out += "event " + seq + " " + posted->content.value_or("null");
    } else if (const auto* edited = std::get_if<message_edited>(&event.body)) {
      out += "edited " + seq + " " + edited->content.value_or("null");
    } else if (std::holds_alternative<message_deleted>(event.body)) {
      out += "deleted " + seq;
    } else if (const auto* joined = std::get_if<member_joined>(&event.body)) {
      out += "joined " + seq + " " + number(joined->user);
    } else if (const auto* left = std::get_if<member_left>(&event.body)) {
      out += "left " + seq + " " + number(left->user);
    } else {
      out += "other " + seq;
    }
    out += '\n';
    ++events_encoded;
  }
  void append_ack(std::string& out, const std::optional<std::string>& id, const ack_data& data) const override {
    out += "ack " + id.value_or("null");
    if (const auto* sent = std::get_if<message_ack>(&data)) {
      out += " " + std::to_string(sent->seq) + (sent->duplicate ? " again" : "");
    } else if (const auto* changed = std::get_if<edit_ack>(&data)) {
      out += " " + std::to_string(changed->seq);
    }
    out += '\n';
  }
  void append_error(std::string& out, const std::optional<std::string>& id, const error& what) const override {
    out += "error " + id.value_or("null") + " " + std::string(to_string(what.code)) + "\n";
  }
  void append_notice(std::string& out, const notice& what) const override {
    if (const auto* end = std::get_if<replay_end_notice>(&what)) {
      out += "replay_end " + std::to_string(end->seq) + (end->more ? " more" : "");
    } else if (const auto* typing = std::get_if<typing_notice>(&what)) {
      out += (typing->is_typing ? "typing " : "typed ") + number(typing->user);
    } else if (const auto* read = std::get_if<read_notice>(&what)) {
      out += "read " + number(read->user) + " " + std::to_string(read->seq);
    } else if (const auto* presence = std::get_if<presence_notice>(&what)) {
      out += "presence " + number(presence->presence.user) + (presence->presence.is_online ? " on" : " off");
    } else {
      out += "notice";
    }
    out += '\n';
  }

  mutable int events_encoded = 0;

 private:
  static std::string number(const uuid& id) { return std::to_string(id.bytes[15]); }
};

inline durable_event posted(room_id room, sequence seq, const std::string& content, message_id message = {},
                            user_id sender = {}) {
  message_posted body;
  body.message = message;
  body.sender = sender;
  body.display_name = "somebody";
  body.content = content;
  return {room, seq, body};
}

}  // namespace parley::testing
