// The table of friendships: what is asked, what stands, what follows.
#include "parley/friendship.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace parley {
namespace {

using enum friend_status;

constexpr std::array<std::pair<friend_status, std::string_view>, 4> names{
    {{none, "none"}, {pending, "pending"}, {accepted, "accepted"}, {blocked, "blocked"}}};

result<friendship> ask(const friendship& now) {
  if (now.mine == blocked) return make_error(error_code::conflict, "user_id: you block this person; unblock first.");
  if (now.theirs == blocked) return forbidden("user_id: you cannot ask this person.");
  if (now.theirs == pending) return friendship{none, accepted};  // both have asked
  if (now.mine == none && now.theirs == none) return friendship{pending, none};
  return now;
}

result<friendship> accept(const friendship& now) {
  if (now.theirs == pending) return friendship{none, accepted};
  if (now.mine == accepted || now.theirs == accepted) return now;
  return not_found("There is no such request.");
}

result<friendship> decline(const friendship& now) {
  if (now.theirs == pending) return friendship{};
  return not_found("There is no such request.");
}

/// What was asked or agreed ends; the other's own block stays.
friendship block(const friendship& now) { return {blocked, now.theirs == blocked ? blocked : none}; }

result<friendship> unblock(const friendship& now) {
  if (now.mine == blocked) return friendship{none, now.theirs};
  return not_found("You do not block this person.");
}

/// Ends a friendship, or takes back or declines a request.
result<friendship> remove(const friendship& now) {
  if (now.seen_by_me() == pending || now.seen_by_me() == accepted) return friendship{};
  return not_found("There is no such friend or request.");
}

}  // namespace

std::string_view to_string(friend_status value) { return names[static_cast<std::size_t>(value)].second; }

std::optional<friend_status> parse_friend_status(std::string_view text) {
  const auto* found = std::find_if(names.begin(), names.end(), [&](const auto& item) { return item.second == text; });
  return found == names.end() ? std::nullopt : std::optional(found->first);
}

result<friendship> act(const friendship& now, friend_action what) {
  switch (what) {
    case friend_action::ask:
      return ask(now);
    case friend_action::accept:
      return accept(now);
    case friend_action::decline:
      return decline(now);
    case friend_action::block:
      return block(now);
    case friend_action::unblock:
      return unblock(now);
    case friend_action::remove:
      break;
  }
  return remove(now);
}

}  // namespace parley
