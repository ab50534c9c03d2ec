// How two people stand to each other and what each may do about it: the rule book of friendships, without a store.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "parley/error.hpp"

namespace parley {

/// As one of the two sees it. tb_friendships.status has the same words; `none` is no row.
enum class friend_status : std::uint8_t { none, pending, accepted, blocked };
std::string_view to_string(friend_status value);
std::optional<friend_status> parse_friend_status(std::string_view text);

enum class friend_action : std::uint8_t { ask, accept, decline, block, unblock, remove };

/// The rows of tb_friendships for one person who acts and another: the first says what the one has asked or blocked,
/// the second what the other has. Of the two at most one is pending or accepted, and none while one is blocked.
struct friendship {
  friend_status mine = friend_status::none;
  friend_status theirs = friend_status::none;

  friend bool operator==(const friendship&, const friendship&) = default;
  /// Blocking is invisible to the one who is blocked.
  [[nodiscard]] friend_status seen_by_me() const { return seen(mine, theirs); }
  [[nodiscard]] friend_status seen_by_them() const { return seen(theirs, mine); }

 private:
  static friend_status seen(friend_status own, friend_status others) {
    if (own != friend_status::none) return own;
    return others == friend_status::blocked ? friend_status::none : others;
  }
};

/// What the action leads to; the same as before where it was done already. `not_found` where there is nothing to act
/// on, `forbidden` for whoever is blocked, `conflict` for asking somebody whom one blocks.
result<friendship> act(const friendship& now, friend_action what);

}  // namespace parley
