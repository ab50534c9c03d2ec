// What both stores do alike with friendships.
#pragma once

#include <utility>

#include "parley/refusals.hpp"
#include "store/row_values.hpp"

namespace parley {

/// As read_profile, then status, who acted last, created_at
template <class Row>
friend_item read_friend(const Row& row) {
  return {read_profile(row, 0), parse_friend_status(row.text(5)).value_or(friend_status::none),
          row.template id<user_id>(6), row.time(7)};
}

inline page<friend_item> page_of_friends(std::vector<friend_item> items, std::uint32_t limit) {
  return page_of(std::move(items), limit, [](const friend_item& last) { return to_string(last.profile.id); });
}

/// Two people as they stand before one of them acts. No flag: there is nobody.
struct friendship_at_hand {
  std::optional<account_flag> own_flag, others_flag;
  friendship rows;
};

/// `Steps` has lock_friendship, has_friends_left, write_friendship and read_friend_seen_by. Somebody who is away for a
/// time stays what they are to one, but is not asked anew.
template <class Steps>
result<friendship_change> run_friendship_change(Steps& steps, user_id who, user_id other, friend_action what,
                                                timestamp at) {
  const friendship_at_hand found = steps.lock_friendship(who, other, what);
  if (found.own_flag != account_flag::active) {
    return not_active();
  }
  const bool is_new = what == friend_action::ask && found.rows == friendship{};
  if (!found.others_flag || (is_new && found.others_flag != account_flag::active)) {
    return not_found("user_id: there is no such user.");
  }
  const auto next = act(found.rows, what);
  if (!next) return next.error();
  // To ask somebody who has asked is to accept.
  const bool accepts = what == friend_action::accept || what == friend_action::ask;
  const bool makes_more = is_new || (accepts && *next != found.rows);
  if (makes_more && !steps.has_friends_left(who)) {
    return make_error(error_code::conflict, "user_id: you have as many friends and requests as one may have.");
  }
  friendship_change change{found.rows, *next, {}};
  steps.write_friendship(who, other, change.before.mine, change.after.mine, at);
  steps.write_friendship(other, who, change.before.theirs, change.after.theirs, at);
  if (change.after.seen_by_me() != friend_status::none) change.item = steps.read_friend_seen_by(who, other);
  return change;
}

}  // namespace parley
