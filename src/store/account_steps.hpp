// Changing an account: the rules, which are the same in every dialect, over a transaction's own reads and writes.
#pragma once

#include <utility>

#include "parley/database.hpp"
#include "parley/permissions.hpp"
#include "parley/refusals.hpp"

namespace parley {

/// The two people of a change as they stand behind their locks.
struct accounts_at_hand {
  std::optional<own_profile> by;  ///< Null also when the operator acts.
  std::optional<own_profile> user;
};

/// Between the check of a password and its token.
inline error changed_meanwhile() { return make_error(error_code::unauthenticated, "Wrong username or password."); }

inline audit_action audit_action_of(account_flag flag) {
  switch (flag) {
    case account_flag::active:
      return audit_action::user_restored;
    case account_flag::suspended:
      return audit_action::user_suspended;
    case account_flag::locked:
      break;
  }
  return audit_action::user_locked;
}

inline std::string change_text(std::string_view before, std::string_view after) {
  return std::string(before) + " -> " + std::string(after);
}

/// `Steps` has lock_accounts, has_other_admin, write_account, delete_tokens_of and write_audit. Everything that staff
/// does goes one after another, so that two admins cannot demote each other.
template <class Steps>
result<changed_account> run_account_change(Steps& steps, const account_change& change) {
  const accounts_at_hand people = steps.lock_accounts(change.by, change.user);
  role as = role::admin;
  if (change.by) {
    if (!people.by || people.by->flag != account_flag::active) {
      return not_active();
    }
    as = people.by->profile.user_role;
  }
  // Before anything is said of the other account.
  if (const auto staff = check_account_wish(as, role::user, account_flag::active, {}); !staff) return staff.error();
  if (!people.user) return not_found("user_id: there is no such user.");
  const auto& before = *people.user;
  if (const auto allowed = check_account_wish(as, before.profile.user_role, before.flag, change.wish); !allowed) {
    return allowed.error();
  }
  changed_account done{
      before, before, permission(operation::see_contacts, as, standing::outsider) == verdict::allowed, {}};
  auto& after = done.after;
  after.flag = change.wish.flag.value_or(before.flag);
  after.profile.user_role = change.wish.user_role.value_or(before.profile.user_role);
  const auto reigns = [](const own_profile& user) {
    return user.profile.user_role == role::admin && user.flag == account_flag::active;
  };
  if (reigns(before) && !reigns(after) && !steps.has_other_admin(change.user)) {
    return make_error(error_code::conflict, "user_id: this is the last admin.");
  }
  if (after.flag != before.flag || after.profile.user_role != before.profile.user_role) {
    steps.write_account(change.user, after.flag, after.profile.user_role);
  }
  const auto audit = [&](uuid id, audit_action what, std::string detail) {
    steps.write_audit({id, change.at, change.by, what, change.user, {}, {}, std::move(detail)});
  };
  if (after.flag != before.flag) {
    audit(change.flag_audit, audit_action_of(after.flag), change_text(to_string(before.flag), to_string(after.flag)));
  }
  if (after.profile.user_role != before.profile.user_role) {
    audit(change.role_audit, audit_action::role_changed,
          change_text(to_string(before.profile.user_role), to_string(after.profile.user_role)));
  }
  if (after.flag == account_flag::active) return done;
  auto ended = steps.delete_tokens_of(change.user);
  if (!ended) return ended.error();
  done.ended = std::move(*ended);
  return done;
}

}  // namespace parley
