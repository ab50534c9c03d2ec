// Reads with their authorization and their paging.
#include "actors/queries.hpp"

#include <algorithm>

#include "parley/permissions.hpp"
#include "parley/refusals.hpp"

namespace parley {
namespace {

constexpr std::uint32_t most_items = 200;

std::uint32_t bounded(std::uint32_t limit) { return std::clamp<std::uint32_t>(limit, 1, most_items); }

page_request bounded(page_request range) {
  range.limit = bounded(range.limit);
  return range;
}

/// Cuts the one item too many that was read to learn whether there are more.
template <class T>
page<T> page_of(std::vector<T> items, std::uint32_t limit) {
  page<T> out{std::move(items), std::nullopt};
  if (out.items.size() > limit) {
    out.items.resize(limit);
    out.next_cursor = std::to_string(out.items.back().seq);
  }
  return out;
}

/// Every page of a room asks this, so that it must not cost what a room_summary costs.
result<void> may_read(database_reader& store, user_id user, room_id room) {
  const auto member = store.is_member(user, room);
  if (!member) return member.error();
  // Of reading, the role decides nothing.
  const auto how = *member ? standing::member : standing::outsider;
  if (permission(operation::read_room, role::user, how) != verdict::allowed) return no_such_room();
  return {};
}

/// What is read sees a later state than the look for the membership before it: so the look is taken once more behind
/// it, and nobody reads what was said after his removal. The first one spares strangers' questions the reading, by
/// whose time they could tell a room from none.
template <class Read>
std::invoke_result_t<Read> while_member(database_reader& store, user_id user, room_id room, Read read) {
  if (const auto before = may_read(store, user, room); !before) return before.error();
  auto found = read();
  if (!found) return found;
  if (const auto after = may_read(store, user, room); !after) return after.error();
  return found;
}

bool may(role as, operation what) { return permission(what, as, standing::outsider) == verdict::allowed; }

}  // namespace

result<role> role_of(database_reader& store, const std::optional<principal>& who) {
  if (!who) return role::admin;
  const auto found = store.user(who->user.id);
  if (!found) return found.error();
  if (!*found || (*found)->flag != account_flag::active) {
    return not_active();
  }
  return (*found)->profile.user_role;
}

result<void> check_token(database_reader& store, const principal& who, timestamp now) {
  const auto token = store.token(who.token);
  if (!token) return token.error();
  if (*token && (*token)->user.flag == account_flag::active && now < (*token)->expires_at) return {};
  return make_error(error_code::unauthenticated, "The token is missing, unknown or has ended.");
}

result<room_summary> room_for(database_reader& store, user_id user, room_id room) {
  auto found = store.room_of(user, room);
  if (!found) return found.error();
  if (!*found) return no_such_room();
  return std::move(**found);
}

result<own_profile> answer_query(database_reader& store, const get_me& ask) {
  auto found = store.user(ask.who.user.id);
  if (!found) return found.error();
  if (!*found) return not_found("There is no such user.");
  return std::move(**found);
}

result<std::vector<token_item>> answer_query(database_reader& store, const list_own_tokens& ask, timestamp now) {
  auto tokens = store.tokens_of(ask.who.user.id);
  if (tokens) std::erase_if(*tokens, [&](const token_item& token) { return token.expires_at <= now; });
  return tokens;
}

result<page<own_profile>> answer_query(database_reader& store, const list_accounts& ask) {
  const auto as = role_of(store, ask.who);
  if (!as) return as.error();
  if (!may(*as, operation::list_accounts)) return forbidden("Only moderators and admins may do this.");
  auto found = store.accounts(ask.which, bounded(ask.range));
  if (!found || may(*as, operation::see_contacts)) return found;
  for (auto& account : found->items) account.email = account.phone = std::nullopt;
  return found;
}

result<page<audit_entry>> answer_query(database_reader& store, const list_audit& ask) {
  const auto as = role_of(store, ask.who);
  if (!as) return as.error();
  if (!may(*as, operation::read_audit)) return forbidden("Only admins may do this.");
  return store.audit_trail(bounded(ask.range));
}

result<page<user_profile>> answer_query(database_reader& store, const find_users& ask) {
  return store.find_users(ask.query, bounded(ask.range));
}

result<user_profile> answer_query(database_reader& store, const get_user& ask) {
  auto found = store.user(ask.user);
  if (!found) return found.error();
  if (!*found) return not_found("There is no such user.");
  return std::move((*found)->profile);
}

result<std::vector<presence_record>> answer_query(database_reader& store, const get_presence& ask) {
  return store.presence(ask.users);
}

result<page<friend_item>> answer_query(database_reader& store, const list_friends& ask) {
  return store.friends(ask.who.user.id, ask.status, bounded(ask.range));
}

result<page<room_summary>> answer_query(database_reader& store, const list_rooms& ask) {
  return store.rooms_page(ask.who.user.id, bounded(ask.range));
}

result<room_summary> answer_query(database_reader& store, const get_room& ask) {
  auto found = room_for(store, ask.who.user.id, ask.room);
  if (found || found.error().code != error_code::not_found || !ask.after_change) return found;
  auto snapshot = store.snapshot(ask.room);
  if (!snapshot) return snapshot.error();
  if (!*snapshot) return no_such_room();
  const auto& room = **snapshot;
  room_summary left;
  left.id = room.id;
  left.name = room.name;
  left.is_group = room.is_group;
  left.last_seq = left.last_read_seq = room.last_seq;
  return left;
}

result<page<room_member>> answer_query(database_reader& store, const list_members& ask) {
  const auto read = [&] { return store.members(ask.room, bounded(ask.range)); };
  return ask.after_change ? read() : while_member(store, ask.who.user.id, ask.room, read);
}

result<page<history_item>> answer_query(database_reader& store, const get_history& ask) {
  if (ask.before_seq && ask.after_seq) return bad_request("before_seq and after_seq exclude each other.");
  const auto limit = bounded(ask.limit);
  auto items = while_member(store, ask.who.user.id, ask.room,
                            [&] { return store.history(ask.room, ask.before_seq, ask.after_seq, limit + 1); });
  if (!items) return items.error();
  return page_of(std::move(*items), limit);
}

result<page<durable_event>> answer_query(database_reader& store, const get_events& ask) {
  const auto limit = bounded(ask.limit);
  auto items = events_for(store, ask.who.user.id, ask.room, ask.after_seq, limit + 1);
  if (!items) return items.error();
  return page_of(std::move(*items), limit);
}

result<page<search_hit>> answer_query(database_reader& store, const search_messages& ask) {
  const auto user = ask.who.user.id;
  const auto search = [&] { return store.search(user, ask.room, ask.text, bounded(ask.range)); };
  if (ask.room) return while_member(store, user, *ask.room, search);
  auto found = search();
  if (!found) return found;
  // As while_member does, for each room that has a hit.
  std::vector<std::pair<room_id, bool>> looked_at;
  for (auto hit = found->items.begin(); hit != found->items.end();) {
    const auto room = hit->item.room;
    auto known = std::find_if(looked_at.begin(), looked_at.end(), [&](const auto& one) { return one.first == room; });
    if (known == looked_at.end()) {
      const auto member = may_read(store, user, room);
      if (!member && member.error().code != error_code::not_found) return member.error();
      known = looked_at.emplace(looked_at.end(), room, member.has_value());
    }
    hit = known->second ? std::next(hit) : found->items.erase(hit);
  }
  return found;
}

namespace {

/// Bans and mutes are seen by whoever may make them. Asked once more behind the read, as while_member does.
template <class Ask, class Read>
std::invoke_result_t<Read> while_in_charge(database_reader& store, const Ask& ask, Read read) {
  const auto check = [&]() -> result<void> {
    const auto as = role_of(store, ask.who);
    if (!as) return as.error();
    const auto stands = store.standing_in(ask.room, ask.who.user.id);
    if (!stands) return stands.error();
    const auto verdict_now = permission(operation::restrict_member, *as, stands->how);
    if (verdict_now == verdict::hidden) return no_such_room();
    if (!stands->is_group) return no_moderation_here();
    if (verdict_now == verdict::forbidden) return forbidden("Only the room's creator or a moderator may see this.");
    return {};
  };
  if (const auto before = check(); !before) return before.error();
  auto found = read();
  if (const auto after = check(); found && !after) return after.error();
  return found;
}

}  // namespace

result<own_files> answer_query(database_reader& store, const list_own_files& ask) {
  return store.files_of(ask.who.user.id, bounded(ask.range));
}

result<page<room_ban>> answer_query(database_reader& store, const list_bans& ask) {
  return while_in_charge(store, ask, [&] { return store.bans(ask.room, ask.user, bounded(ask.range)); });
}

result<page<room_mute>> answer_query(database_reader& store, const list_mutes& ask) {
  return while_in_charge(store, ask, [&] { return store.mutes(ask.room, ask.user, ask.now, bounded(ask.range)); });
}

result<page<report_item>> answer_query(database_reader& store, const list_reports& ask) {
  const auto as = role_of(store, ask.who);
  if (!as) return as.error();
  if (!may(*as, operation::decide_reports)) return forbidden("Only moderators and admins may do this.");
  return store.reports(ask.open, ask.who.user.id, bounded(ask.range));
}

result<report_item> decided_report(database_reader& store, const decide_report& ask) {
  auto found = store.report(ask.report);
  if (!found) return found.error();
  if (!*found) return not_found("report_id: there is no such report.");
  return std::move(**found);
}

result<std::vector<durable_event>> events_for(database_reader& store, user_id user, room_id room, sequence after,
                                              std::uint32_t limit) {
  return while_member(store, user, room, [&] { return store.events_after(room, after, limit); });
}

}  // namespace parley
