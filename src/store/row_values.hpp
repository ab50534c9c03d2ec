// From a row's columns to values, for every dialect's kind of row. Each names the columns that it expects, from `first`
// on.
#pragma once

#include "parley/database.hpp"
#include "store/log_words.hpp"

namespace parley {

/// Where a page in order of ids begins; null for a cursor that is not one of ours.
inline std::optional<uuid> uuid_cursor(const page_request& range) {
  return range.cursor ? parse_uuid(*range.cursor) : uuid{};
}

/// Before what a page begins that goes down in order of ids: at first, the end of all ids. Null as above.
inline std::optional<uuid> cursor_from_the_end(const page_request& range) {
  if (range.cursor) return parse_uuid(*range.cursor);
  uuid last;
  last.bytes.fill(0xFF);
  return last;
}

/// Cuts the one item too many that was read to learn whether there are more; `cursor_of` tells where the next page
/// begins.
template <class Item, class CursorOf>
page<Item> page_of(std::vector<Item> items, std::uint32_t limit, CursorOf cursor_of) {
  page<Item> found{std::move(items), std::nullopt};
  if (found.items.size() > limit) {
    found.items.resize(limit);
    found.next_cursor = cursor_of(found.items.back());
  }
  return found;
}

/// user_id, username, display_name, img_url, role_enum
template <class Row>
user_profile read_profile(const Row& row, int first) {
  user_profile profile;
  profile.id = row.template id<user_id>(first);
  profile.username = row.text(first + 1);
  profile.display_name = row.text(first + 2);
  profile.img_url = row.optional_text(first + 3);
  profile.user_role = parse_role(row.text(first + 4)).value_or(role::user);
  return profile;
}

/// A flag that this build does not know lets nobody in.
inline account_flag flag_of(std::string_view text) { return parse_account_flag(text).value_or(account_flag::locked); }

/// As read_profile, then email, phone, flagDelete, created_at
template <class Row>
own_profile read_own_profile(const Row& row, int first) {
  own_profile own;
  own.profile = read_profile(row, first);
  own.email = row.optional_text(first + 5);
  own.phone = row.optional_text(first + 6);
  own.flag = flag_of(row.text(first + 7));
  own.created_at = row.time(first + 8);
  return own;
}

/// message_id, user_id, display_name, content, file_url, reply_to, client_msg_id, created_at
template <class Row>
message_posted read_message(const Row& row, int first) {
  message_posted message;
  message.message = row.template id<message_id>(first);
  message.sender = row.template id<user_id>(first + 1);
  message.display_name = row.text(first + 2);
  message.content = row.optional_text(first + 3);
  message.file_url = row.optional_text(first + 4);
  message.reply_to = row.template optional_id<message_id>(first + 5);
  message.client_msg_id = row.optional_text(first + 6);
  message.created_at = row.time(first + 7);
  return message;
}

/// type, by_id, user_id, message_id, reaction_id, reason, text, created_at, and the message's content as it now stands
template <class Row>
event_body read_log_body(const Row& row, int first) {
  logged_event event;
  event.type = row.text(first);
  event.by = row.template id<user_id>(first + 1);
  event.user = row.template id<user_id>(first + 2);
  event.message = row.template id<message_id>(first + 3);
  event.reaction = row.template id<reaction_id>(first + 4);
  event.reason = row.text(first + 5);
  event.text = row.text(first + 6);
  event.at = row.time(first + 7);
  event.content = row.optional_text(first + 8);
  return body_of(event);
}

}  // namespace parley
