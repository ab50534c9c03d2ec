// The table of operation and role, cell by cell, against the contract's words.
#include "parley/permissions.hpp"

#include <gtest/gtest.h>

#include <array>

namespace parley {
namespace {

using enum operation;
using enum standing;
constexpr std::array roles{role::user, role::moderator, role::admin};
constexpr std::array standings{outsider, member, owner};

/// Every cell of one operation, in the order of roles and, within, of standings: y, n (forbidden) or - (hidden).
std::string row(operation what) {
  std::string cells;
  for (const auto as : roles) {
    for (const auto how : standings) {
      const auto verdict = permission(what, as, how);
      cells += verdict == verdict::allowed ? 'y' : verdict == verdict::forbidden ? 'n' : '-';
    }
    cells += ' ';
  }
  cells.pop_back();
  return cells;
}

TEST(Permissions, InRooms) {
  for (const auto what : {read_room, signal, send_message, react, invite_members, leave_room}) {
    EXPECT_EQ(row(what), "-yy -yy -yy") << static_cast<int>(what);
  }
  EXPECT_EQ(row(edit_message), "-ny -ny -ny") << "nobody edits another's words";
  EXPECT_EQ(row(delete_message), "-ny yyy yyy") << "moderators and admins in any room";
  EXPECT_EQ(row(remove_member), "-ny yyy yyy");
  EXPECT_EQ(row(rename_room), "-ny -yy -yy") << "the creator, or a moderator who is a member";
}

TEST(Permissions, OfModeration) {
  EXPECT_EQ(row(restrict_member), "-ny yyy yyy") << "as removing";
  EXPECT_EQ(row(restrict_staff), "nnn nnn yyy");
  EXPECT_EQ(row(operation::set_slow_mode), "-ny yyy yyy");
  EXPECT_EQ(row(skip_slow_mode), "-ny -yy -yy");
  EXPECT_EQ(row(operation::report_message), "-yy -yy -yy");
  EXPECT_EQ(row(decide_reports), "nnn yyy yyy");
}

TEST(Permissions, OnAccounts) {
  for (const auto what : {list_accounts, suspend_user}) EXPECT_EQ(row(what), "nnn yyy yyy") << static_cast<int>(what);
  for (const auto what : {see_contacts, suspend_staff, lock_account, change_role, read_audit}) {
    EXPECT_EQ(row(what), "nnn nnn yyy") << static_cast<int>(what);
  }
}

/// Whether somebody of that role may make `after` of an account.
bool may_set(role as, role subject, account_flag before, account_flag after) {
  return check_account_wish(as, subject, before, {after, std::nullopt}).has_value();
}

TEST(Permissions, FlagsOfAccounts) {
  using enum account_flag;
  for (const auto before : {active, suspended, locked}) {
    for (const auto after : {active, suspended, locked}) {
      const bool is_lock = before == locked || after == locked;
      for (const auto subject : roles) {
        EXPECT_FALSE(may_set(role::user, subject, before, after));
        EXPECT_EQ(may_set(role::moderator, subject, before, after), subject == role::user && !is_lock);
        EXPECT_TRUE(may_set(role::admin, subject, before, after));
      }
    }
  }
}

TEST(Permissions, RolesOfAccounts) {
  for (const auto to : roles) {
    const account_wish wish{std::nullopt, to};
    EXPECT_EQ(check_account_wish(role::user, role::user, account_flag::active, wish).error().code,
              error_code::forbidden);
    EXPECT_EQ(check_account_wish(role::moderator, role::user, account_flag::active, wish).error().code,
              error_code::forbidden);
    EXPECT_TRUE(check_account_wish(role::admin, role::user, account_flag::active, wish).has_value());
  }
  EXPECT_FALSE(check_account_wish(role::user, role::user, account_flag::active, {}).has_value())
      << "not even with no wish at all";
}

TEST(Permissions, ACommandIsTheOperationThatItNames) {
  const user_id ann(*parse_uuid("01939b6e-0000-7000-8000-000000000001"));
  const user_id bob(*parse_uuid("01939b6e-0000-7000-8000-000000000002"));
  EXPECT_EQ(operation_of(parley::remove_member{ann}, ann), leave_room);
  EXPECT_EQ(operation_of(parley::remove_member{bob}, ann), operation::remove_member);
  EXPECT_EQ(operation_of(ban_member{bob, {}, false}, ann), restrict_member);
  EXPECT_EQ(operation_of(lift_ban{bob}, ann), restrict_member);
  EXPECT_EQ(operation_of(mute_member{bob, 1, {}}, ann), restrict_member);
  EXPECT_EQ(operation_of(parley::set_slow_mode{1}, ann), operation::set_slow_mode);
}

}  // namespace
}  // namespace parley
