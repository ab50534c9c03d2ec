// The table of operation and role, and the rules that lead to it.
#include "parley/permissions.hpp"

#include <array>

namespace parley {
namespace {

constexpr auto yes = verdict::allowed;
constexpr auto no = verdict::forbidden;
constexpr auto hidden = verdict::hidden;

/// By standing: outsider, member, owner.
using cells = std::array<verdict, 3>;
struct line {
  operation what;
  cells user, moderator, admin;
};

constexpr cells members_only{hidden, yes, yes};
constexpr cells owner_only{hidden, no, yes};
constexpr cells anybody{yes, yes, yes};
constexpr cells nobody{no, no, no};

constexpr std::array<line, operation_count> table{{
    //                          user          moderator     admin
    {operation::read_room, members_only, members_only, members_only},
    {operation::signal, members_only, members_only, members_only},
    {operation::send_message, members_only, members_only, members_only},
    {operation::react, members_only, members_only, members_only},
    {operation::edit_message, owner_only, owner_only, owner_only},
    {operation::delete_message, owner_only, anybody, anybody},
    {operation::invite_members, members_only, members_only, members_only},
    {operation::leave_room, members_only, members_only, members_only},
    {operation::remove_member, owner_only, anybody, anybody},
    {operation::rename_room, owner_only, members_only, members_only},
    {operation::restrict_member, owner_only, anybody, anybody},
    {operation::restrict_staff, nobody, nobody, anybody},
    {operation::set_slow_mode, owner_only, anybody, anybody},
    {operation::skip_slow_mode, owner_only, members_only, members_only},
    {operation::report_message, members_only, members_only, members_only},
    {operation::list_accounts, nobody, anybody, anybody},
    {operation::see_contacts, nobody, nobody, anybody},
    {operation::suspend_user, nobody, anybody, anybody},
    {operation::suspend_staff, nobody, nobody, anybody},
    {operation::lock_account, nobody, nobody, anybody},
    {operation::change_role, nobody, nobody, anybody},
    {operation::read_audit, nobody, nobody, anybody},
    {operation::decide_reports, nobody, anybody, anybody},
}};

constexpr bool stands_in_order() {
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (static_cast<std::size_t>(table.at(i).what) != i) return false;
  }
  return true;
}
static_assert(stands_in_order());

operation operation_on_flag(role subjects_role, account_flag before, account_flag after) {
  if (before == account_flag::locked || after == account_flag::locked) return operation::lock_account;
  return subjects_role == role::user ? operation::suspend_user : operation::suspend_staff;
}

}  // namespace

verdict permission(operation what, role as, standing how) {
  const auto& row = table.at(static_cast<std::size_t>(what));
  const auto& column = as == role::admin ? row.admin : as == role::moderator ? row.moderator : row.user;
  return column.at(static_cast<std::size_t>(how));
}

operation operation_of(const durable_command& command, user_id actor) {
  struct visitor {
    user_id actor;
    operation operator()(const send_message&) const { return operation::send_message; }
    operation operator()(const edit_message&) const { return operation::edit_message; }
    operation operator()(const delete_message&) const { return operation::delete_message; }
    operation operator()(const change_reaction&) const { return operation::react; }
    operation operator()(const invite_members&) const { return operation::invite_members; }
    operation operator()(const remove_member& what) const {
      return what.user == actor ? operation::leave_room : operation::remove_member;
    }
    operation operator()(const rename_room&) const { return operation::rename_room; }
    operation operator()(const ban_member&) const { return operation::restrict_member; }
    operation operator()(const lift_ban&) const { return operation::restrict_member; }
    operation operator()(const mute_member&) const { return operation::restrict_member; }
    operation operator()(const set_slow_mode&) const { return operation::set_slow_mode; }
  };
  return std::visit(visitor{actor}, command);
}

result<void> check_account_wish(role as, role subjects_role, account_flag subjects_flag, const account_wish& wish) {
  const auto may = [&](operation what) { return permission(what, as, standing::outsider) == verdict::allowed; };
  if (!may(operation::list_accounts)) return forbidden("Only moderators and admins may do this.");
  if (wish.flag && !may(operation_on_flag(subjects_role, subjects_flag, *wish.flag))) {
    return forbidden("flagDelete: moderators may suspend and restore users only.");
  }
  if (wish.user_role && !may(operation::change_role)) return forbidden("role: only admins may change it.");
  return {};
}

}  // namespace parley
