// What both stores do alike with friendships.
#pragma once

#include <utility>

#include "store/row_values.hpp"

namespace parley {

/// As read_profile, then status, who acted last, created_at
template <class Row>
friend_item read_friend(const Row& row) {
  return {read_profile(row, 0), parse_friend_status(row.text(5)).value_or(friend_status::none),
          row.template id<user_id>(6), row.time(7)};
}

/// Cuts the one item too many that was read to learn whether there are more.
inline page<friend_item> page_of_friends(std::vector<friend_item> items, std::uint32_t limit) {
  page<friend_item> found{std::move(items), std::nullopt};
  if (found.items.size() > limit) {
    found.items.resize(limit);
    found.next_cursor = to_string(found.items.back().profile.id);
  }
  return found;
}

/// `flag` is the other's; null where there is nobody. Somebody who is away for a time stays what they are to one.
inline std::optional<error> friend_fault(std::optional<account_flag> flag, friend_action what) {
  if (flag && (*flag == account_flag::active || what != friend_action::ask)) return std::nullopt;
  return not_found("user_id: there is no such user.");
}

}  // namespace parley
