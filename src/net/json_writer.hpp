// JSON as text: the one place that knows how a room, a user or a message looks on the wire, for frames and
// REST alike.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "parley/audit.hpp"
#include "parley/client_ports.hpp"
#include "parley/clock.hpp"
#include "parley/codec.hpp"
#include "parley/events.hpp"
#include "parley/ids.hpp"
#include "parley/message_trace.hpp"
#include "parley/values.hpp"

namespace parley::json {

/// With quotes, escaped. Any valid UTF-8 becomes a valid JSON string.
void append_string(std::string& out, std::string_view text);

// --- Domain values as objects ---

void append_object(std::string& out,
                   const user_profile& user);  ///< What everybody may see: without the role.
void append_object(std::string& out, const own_profile& user);
/// As staff sees it: with flagDelete.
struct account {
  own_profile user;
  explicit account(const own_profile& user_) : user(user_) {}
};
void append_object(std::string& out, const account& of);
void append_object(std::string& out, const audit_entry& entry);
void append_object(std::string& out, const connected_user& user);
void append_object(std::string& out, const active_room& room);
void append_object(std::string& out, const node_seen& node);
void append_object(std::string& out, const presence_place& place);
void append_object(std::string& out, const connected_device& device);
void append_object(std::string& out, const presence_explanation& why);
void append_object(std::string& out, const message_life& life);
void append_object(std::string& out, const message_life::place& other);
void append_object(std::string& out, const cluster_room::place& place);
void append_object(std::string& out, const cluster_room& room);
void append_object(std::string& out, const roster_node& node);
void append_object(std::string& out, const cluster_rooms& rooms);
/// `is_current`: the token that asks.
void append_token(std::string& out, const token_item& token, bool is_current);
void append_object(std::string& out, const room_summary& room);
void append_object(std::string& out, const room_member& member);
void append_object(std::string& out, const room_ban& ban);
void append_object(std::string& out, const room_mute& mute);
void append_object(std::string& out, const filed_report& report);
void append_object(std::string& out, const report_item& item);
void append_object(std::string& out, const presence_record& presence);
void append_object(std::string& out, const friend_item& item);
void append_object(std::string& out, const history_item& item);
void append_object(std::string& out, const search_hit& hit);
void append_object(std::string& out, const own_file& mine);
void append_object(std::string& out, const snippet_part& part);
void append_object(std::string& out, const reaction_summary& reaction);
void append_object(std::string& out, const log_in::reply& reply);
void append_object(std::string& out, const durable_event& event);  ///< {"type": …, "data": {…}}
void append_object(std::string& out, const ack_data& data);        ///< An ack's data.
void append_object(std::string& out, const notice& what);          ///< {"type": …, "data": {…}}

// --- Values of any kind ---

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_vector = false;
template <class T>
inline constexpr bool is_vector<std::vector<T>> = true;

template <class T>
void append_value(std::string& out, const T& value) {
  if constexpr (is_optional<T>) {
    if (value) {
      append_value(out, *value);
    } else {
      out += "null";
    }
  } else if constexpr (is_vector<T>) {
    out += '[';
    for (const auto& item : value) {
      if (out.back() != '[') out += ',';
      append_value(out, item);
    }
    out += ']';
  } else if constexpr (std::same_as<T, bool>) {
    out += value ? "true" : "false";
  } else if constexpr (std::integral<T>) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
  } else if constexpr (std::derived_from<T, uuid> || std::same_as<T, timestamp>) {
    out += '"';
    append_text(out, value);
    out += '"';
  } else if constexpr (std::convertible_to<T, std::string_view>) {
    append_string(out, value);
  } else {
    append_object(out, value);
  }
}

/// Writes one object, field by field; the closing brace comes with the destructor. Keys are ours and need no
/// escape.
class object_writer {
 public:
  explicit object_writer(std::string& out) : out_(out) { out_ += '{'; }
  ~object_writer() { out_ += '}'; }
  object_writer(const object_writer&) = delete;
  object_writer& operator=(const object_writer&) = delete;

  template <class T>
  object_writer& field(std::string_view key, const T& value) {
    append_value(begin(key), value);
    return *this;
  }
  /// Writes the key; the caller appends the value.
  std::string& begin(std::string_view key) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += key;
    out_ += "\":";
    return out_;
  }

 private:
  std::string& out_;
};

/// {"items": […], "next_cursor": …}
template <class T>
std::string page_text(const std::vector<T>& items, const std::optional<std::string>& next_cursor) {
  std::string out;
  object_writer(out).field("items", items).field("next_cursor", next_cursor);
  return out;
}

template <class T>
std::string text_of(const T& value) {
  std::string out;
  append_value(out, value);
  return out;
}

}  // namespace parley::json
