// The rules of bans, mutes and slow mode, and what they keep others from.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "parley/moderation.hpp"
#include "parley/refusals.hpp"
#include "store/append_plan.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

append_outcome unchanged() {
  stored outcome;
  outcome.duplicate = true;
  return outcome;
}

/// As the audit trail tells it, where it stays when the ban or mute is gone.
std::optional<std::string> with_reason(std::string what, const std::optional<std::string>& reason) {
  if (reason) what += (what.empty() ? "reason: " : "; reason: ") + *reason;
  return what.empty() ? std::nullopt : std::optional(std::move(what));
}

}  // namespace

std::optional<error> append_plan::silence(const scene& at) const {
  const auto found = facts_.restraints.find({at.command.room, at.command.actor});
  if (found == facts_.restraints.end() || !found->second.muted_until) return std::nullopt;
  const auto until = *found->second.muted_until;
  if (until <= at.command.at) return std::nullopt;
  return forbidden(fmt::format("You are muted in this room until {}.", to_string(until)));
}

std::optional<error> append_plan::slow_mode_wait(const scene& at) const {
  const seconds pause(at.room.slow_mode_seconds);
  if (pause == seconds(0)) return std::nullopt;
  const auto skips = permission(operation::skip_slow_mode, at.actor.user_role,
                                at.room.created_by == at.command.actor ? standing::owner : standing::member);
  if (skips == verdict::allowed) return std::nullopt;
  const auto found = facts_.restraints.find({at.command.room, at.command.actor});
  if (found == facts_.restraints.end() || !found->second.last_sent) return std::nullopt;
  const milliseconds wait = *found->second.last_sent + pause - at.command.at;
  if (wait <= milliseconds(0)) return std::nullopt;
  // The last one may have been stamped by a node whose clock is ahead.
  return error{error_code::rate_limited, fmt::format("This room is in slow mode: one message in {} s.", pause.count()),
               std::min<milliseconds>(wait, pause).count()};
}

/// Whether the actor may ban or mute that one here; that the actor may do such things at all is known.
std::optional<error> append_plan::check_target(const scene& at, user_id target) const {
  if (!at.room.is_group) return no_moderation_here();
  if (!at.may(at.room.created_by)) {
    return forbidden("user_id: only the room's creator or a moderator may do this.");
  }
  if (target == at.command.actor) return bad_request("user_id: that is you.");
  const auto account = facts_.accounts.find(target);
  if (account == facts_.accounts.end()) return not_found("user_id: there is no such user.");
  const auto over_staff = permission(operation::restrict_staff, at.actor.user_role, standing::outsider);
  if (account->second.user_role != role::user && over_staff != verdict::allowed) {
    return forbidden("user_id: only admins may do this to moderators and admins.");
  }
  return std::nullopt;
}

append_outcome append_plan::decide(const scene& at, const ban_member& what) {
  if (auto fault = check_target(at, what.user)) return *fault;
  const membership_key who{at.command.room, what.user};
  const auto [ban, is_new] = facts_.bans.try_emplace(who);
  const bool begins_removal = what.remove_messages && !ban->second.removal;
  if (begins_removal) ban->second.removal = removal_id(at.command.new_id);
  if (!is_new && !begins_removal) return unchanged();
  writes_.emplace_back(put_ban{&at.command});
  audit(at, audit_action::member_banned, what.user, std::nullopt,
        with_reason(what.remove_messages ? "with all messages" : "", what.reason));
  stored outcome;
  if (facts_.members.contains(who)) outcome.events.push_back(take_out(at, what.user, leave_reason::removed));
  return outcome;
}

append_outcome append_plan::decide(const scene& at, const lift_ban& what) {
  if (auto fault = check_target(at, what.user)) return *fault;
  const membership_key who{at.command.room, what.user};
  if (facts_.bans.erase(who) == 0) return not_found("user_id: not banned from this room.");
  writes_.emplace_back(delete_ban{who});
  audit(at, audit_action::ban_lifted, what.user, std::nullopt);
  return stored{};
}

append_outcome append_plan::decide(const scene& at, const mute_member& what) {
  if (auto fault = check_target(at, what.user)) return *fault;
  return what.seconds > 0 ? mute(at, what) : unmute(at, what);
}

append_outcome append_plan::mute(const scene& at, const mute_member& what) {
  const membership_key who{at.command.room, what.user};
  const timestamp until = at.command.at + seconds(std::min(what.seconds, longest_mute_seconds));
  facts_.restraints[who].muted_until = until;
  writes_.emplace_back(put_mute{&at.command, until});
  audit(at, audit_action::member_muted, what.user, std::nullopt, with_reason("until " + to_string(until), what.reason));
  return muted_event(at, what.user, until);
}

append_outcome append_plan::unmute(const scene& at, const mute_member& what) {
  const membership_key who{at.command.room, what.user};
  const auto found = facts_.restraints.find(who);
  if (found == facts_.restraints.end() || found->second.muted_until.value_or(timestamp{}) <= at.command.at) {
    return not_found("user_id: not muted in this room.");
  }
  found->second.muted_until = std::nullopt;
  writes_.emplace_back(delete_mute{who});
  audit(at, audit_action::mute_lifted, what.user, std::nullopt);
  return muted_event(at, what.user, std::nullopt);
}

/// Of a stranger to the room its members hear nothing.
append_outcome append_plan::muted_event(const scene& at, user_id user, std::optional<timestamp> until) {
  stored outcome;
  if (!facts_.members.contains({at.command.room, user})) return outcome;
  const auto seq = next_seq(at);
  log_row row;
  row.user = user;
  row.text = until ? texts_.emplace_back(to_string(*until)) : std::string_view();
  write_log_row(at, seq, log_row::kind::member_muted, row);
  outcome.events.push_back({at.command.room, seq, member_muted{user, at.command.actor, until}});
  return outcome;
}

append_outcome append_plan::decide(const scene& at, const set_slow_mode& what) {
  if (!at.room.is_group) return no_moderation_here();
  if (!at.may(at.room.created_by)) {
    return forbidden("seconds: only the room's creator or a moderator may set slow mode.");
  }
  const auto pause = std::clamp<std::int64_t>(what.seconds, 0, longest_slow_mode_seconds);
  if (pause == at.room.slow_mode_seconds) return unchanged();
  at.room.slow_mode_seconds = pause;
  const auto seq = next_seq(at);
  writes_.emplace_back(update_slow_mode{&at.command});
  audit(at, audit_action::slow_mode_changed, std::nullopt, std::nullopt, fmt::format("{} s", pause));
  log_row row;
  row.text = texts_.emplace_back(std::to_string(pause));
  write_log_row(at, seq, log_row::kind::slow_mode_changed, row);
  stored outcome;
  outcome.events.push_back({at.command.room, seq, slow_mode_changed{pause, at.command.actor}});
  return outcome;
}

}  // namespace parley
