// The audit trail's words.
#include "parley/audit.hpp"

#include <array>
#include <utility>

namespace parley {
namespace {

constexpr std::array<std::pair<audit_action, std::string_view>, 16> words{{
    {audit_action::user_created, "user_created"},
    {audit_action::user_suspended, "user_suspended"},
    {audit_action::user_locked, "user_locked"},
    {audit_action::user_restored, "user_restored"},
    {audit_action::role_changed, "role_changed"},
    {audit_action::password_changed, "password_changed"},
    {audit_action::tokens_ended, "tokens_ended"},
    {audit_action::message_deleted, "message_deleted"},
    {audit_action::member_removed, "member_removed"},
    {audit_action::room_renamed, "room_renamed"},
    {audit_action::member_banned, "member_banned"},
    {audit_action::ban_lifted, "ban_lifted"},
    {audit_action::member_muted, "member_muted"},
    {audit_action::mute_lifted, "mute_lifted"},
    {audit_action::slow_mode_changed, "slow_mode_changed"},
    {audit_action::report_decided, "report_decided"},
}};

}  // namespace

std::string_view to_string(audit_action value) {
  for (const auto& [action, word] : words) {
    if (action == value) return word;
  }
  return "unknown";
}

std::optional<audit_action> parse_audit_action(std::string_view text) {
  for (const auto& [action, word] : words) {
    if (word == text) return action;
  }
  return std::nullopt;
}

}  // namespace parley
