// Development mode: a user and a room by their names, made and joined if missing, one entry after another.
#include <algorithm>

#include "actors/accounts.hpp"
#include "actors/new_room_news.hpp"

namespace parley {
namespace {

constexpr std::size_t longest_name = 128;
constexpr std::chrono::hours entry_lasts{24};
constexpr int most_steps = 6;  // user, room and membership, each once more when somebody else was faster

bool good_name(const std::string& name) { return !name.empty() && name.size() <= longest_name; }

}  // namespace

void accounts::on_enter(call<enter_by_name>& ask) {
  if (!services_->settings.dev) return ask.reply(not_found("There is no such page."));
  if (!good_name(ask.request.room) || !good_name(ask.request.user)) {
    return ask.reply(bad_request("Room and user are names of 1 to 128 bytes, or ids."));
  }
  // Most enter where everything stands already: they need not wait for each other.
  const auto own = std::make_shared<call<enter_by_name>>(std::move(ask));
  look_up<entry_facts>([own](database_reader& store) { return find_entry(store, own->request); },
                       [this, own](const result<entry_facts>& facts) {
                         if (!facts) return own->reply(facts.error());
                         if (facts->is_member) return finish_entry(own, *facts);
                         entries_.push_back(own);
                         if (!entering_) next_entry();
                       });
}

void accounts::next_entry() {
  entering_ = !entries_.empty();
  if (!entering_) return;
  const auto ask = std::move(entries_.front());
  entries_.pop_front();
  continue_entry(ask, most_steps);
}

void accounts::continue_entry(const entry& ask, int steps_left) {
  look_up<entry_facts>([ask](database_reader& store) { return find_entry(store, ask->request); },
                       [this, ask, steps_left](const result<entry_facts>& facts) {
                         if (!facts) return end_entry(ask, facts.error());
                         make_missing(ask, *facts, steps_left);
                       });
}

void accounts::make_missing(const entry& ask, const entry_facts& facts, int steps_left) {
  if (facts.is_member) {
    finish_entry(ask, facts);
    return next_entry();
  }
  if (steps_left == 0) return end_entry(ask, unavailable("The room could not be entered; try again."));
  if (!facts.user) return create_user_of(ask, steps_left - 1);
  if (!facts.room) return create_room_of(ask, *facts.user, steps_left - 1);
  invite(ask, facts, steps_left - 1);
}

void accounts::create_user_of(const entry& ask, int steps_left) {
  const auto& name = ask->request.user;
  // No password fits this hash: such a user exists by name only.
  new_user user{user_id(services_->ids.next()), name, "*", name, {}, {}, {}, services_->time.now()};
  const auto key = user.id;
  write(
      key,
      [user = std::move(user)](record_writer& writer) -> result<void> {
        const auto made = writer.create_user(user);
        if (!made && made.error().code != error_code::conflict) return made.error();
        return {};
      },
      [this, ask, steps_left](const result<std::monostate>& done) {
        if (!done) return end_entry(ask, done.error());
        continue_entry(ask, steps_left);
      });
}

void accounts::create_room_of(const entry& ask, const user_profile& creator, int steps_left) {
  const room_id id(services_->ids.next());
  const new_room room{id, ask->request.room, true, creator.id, {}, {services_->ids.next()}, services_->time.now()};
  write(
      id,
      [room](record_writer& writer) -> result<void> {
        const auto made = writer.create_room(room);
        if (!made) return made.error();
        return {};
      },
      [this, ask, steps_left, id, user = creator.id](const result<std::monostate>& done) {
        if (!done) return end_entry(ask, done.error());
        tell_of_new_room(*services_, id, {&user, 1});
        continue_entry(ask, steps_left);
      });
}

void accounts::invite(const entry& ask, const entry_facts& facts, int steps_left) {
  if (!facts.inviter) return end_entry(ask, make_error(error_code::conflict, "Everybody has left this room."));
  auto command = std::make_shared<pending_command>();
  command->user = facts.inviter->id;
  command->command = invite_members{{facts.user->id}};
  command->new_id = services_->ids.next();
  command->membership_ids = {services_->ids.next()};
  command->reply = continued<change_room::reply>([this, ask, steps_left](const result<change_room::reply>& done) {
    if (!done) return end_entry(ask, done.error());
    continue_entry(ask, steps_left);
  });
  caf::anon_send(services_->directory, to_room{*facts.room, post_to_room{std::move(command)}});
}

/// The entry's token is a real one, which nobody knows: revocation and the session's own check work as for any other.
void accounts::finish_entry(const entry& ask, const entry_facts& facts) {
  const auto token = hash_of_token(new_token());
  if (!token) return ask->reply(token.error());
  const auto now = services_->time.now();
  const new_token_record record{*token, facts.user->id, now, now + entry_lasts, {}, {}};
  write(
      record.user,
      [record](record_writer& writer) -> result<void> {
        // In development one user may have any number of sockets; none ends for a further one.
        const auto created = writer.create_token(record);
        return created ? result<void>() : created.error();
      },
      [this, ask, facts, record](const result<std::monostate>& done) {
        if (!done) return ask->reply(done.error());
        auto who =
            tokens_->remember(*facts.user, record.hash, {record.created_at, record.created_at, record.expires_at},
                              services_->time.steady_now());
        ask->reply(enter_by_name::reply{std::move(who), *facts.room});
      });
}

void accounts::end_entry(const entry& ask, const error& why) {
  ask->reply(why);
  next_entry();
}

/// Runs on a reading thread. An id that names nothing is not_found; a name that names nothing is left to be made.
result<accounts::entry_facts> accounts::find_entry(database_reader& store, const enter_by_name& ask) {
  entry_facts facts;
  if (const auto id = user_id::parse(ask.user)) {
    auto user = store.user(*id);
    if (!user) return user.error();
    if (!*user) return not_found("There is no such user.");
    facts.user = std::move((*user)->profile);
  } else {
    auto account = store.account_by_name(ask.user);
    if (!account) return account.error();
    if (*account) facts.user = std::move((*account)->user.profile);
  }
  if (const auto id = room_id::parse(ask.room)) {
    facts.room = *id;
  } else {
    const auto named = store.group_by_name(ask.room);
    if (!named) return named.error();
    facts.room = *named;
  }
  if (!facts.room) return facts;
  if (facts.user) {
    const auto seen = store.room_of(facts.user->id, *facts.room);
    if (!seen) return seen.error();
    facts.is_member = seen->has_value();
    if (facts.is_member) return facts;
  }
  const auto room = store.snapshot(*facts.room);
  if (!room) return room.error();
  if (!*room) return not_found("There is no such room.");
  const auto& members = (*room)->members;
  if (members.empty()) return facts;
  const bool creator_stays = std::find(members.begin(), members.end(), (*room)->created_by) != members.end();
  auto inviter = store.user(creator_stays ? (*room)->created_by : members.front());
  if (!inviter) return inviter.error();
  if (*inviter) facts.inviter = std::move((*inviter)->profile);
  return facts;
}

}  // namespace parley
