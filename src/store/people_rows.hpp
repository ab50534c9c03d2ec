// Rows of tokens and of the audit trail, alike in both dialects.
#pragma once

#include <algorithm>
#include <utility>

#include "store/row_values.hpp"
#include "store/token_text.hpp"

namespace parley {

/// token_hash, created_at, last_used_at, expires_at, user_agent
template <class Row>
std::optional<token_item> read_token_item(const Row& row) {
  const auto hash = parse_token_hash(row.text(0));
  if (!hash) return std::nullopt;
  return token_item{*hash, row.time(1), row.time(2), row.time(3), row.optional_text(4)};
}

/// One person has few: sorted here, they need no index of their own.
inline void put_newest_first(std::vector<token_item>& tokens) {
  std::stable_sort(tokens.begin(), tokens.end(),
                   [](const auto& one, const auto& other) { return one.created_at > other.created_at; });
}

/// As read_audit_entry wants them. The people are looked up by key.
#define AUDIT_COLUMNS                                                                                    \
  "SELECT a.audit_id, a.created_at, a.actor_id, a.action, a.user_id, a.room_id, a.message_id, a.detail," \
  " p.username, p.display_name, p.img_url, q.username, q.display_name, q.img_url"
#define AUDIT_PEOPLE " LEFT JOIN tb_users p ON p.user_id = a.actor_id LEFT JOIN tb_users q ON q.user_id = a.user_id"

template <class Row>
audit_entry read_audit_entry(const Row& row) {
  audit_entry entry;
  auto& what = entry.record;
  what.id = row.template id<uuid>(0);
  what.at = row.time(1);
  what.actor = row.template optional_id<user_id>(2);
  what.action = parse_audit_action(row.text(3)).value_or(audit_action{});
  what.user = row.template optional_id<user_id>(4);
  what.room = row.template optional_id<room_id>(5);
  what.message = row.template optional_id<message_id>(6);
  what.detail = row.optional_text(7);
  const auto person = [&](const std::optional<user_id>& id, int first) {
    return id ? std::optional(user_profile{*id, std::string(row.text(first)), std::string(row.text(first + 1)),
                                           row.optional_text(first + 2), role::user})
              : std::nullopt;
  };
  entry.actor = person(what.actor, 8);
  entry.user = person(what.user, 11);
  return entry;
}

inline page<audit_entry> page_of_audit(std::vector<audit_entry> items, std::uint32_t limit) {
  return page_of(std::move(items), limit, [](const audit_entry& last) { return to_string(last.record.id); });
}

}  // namespace parley
