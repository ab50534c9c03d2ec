// What is changed about an account: by its owner (profile, password, where one is logged in), and by staff.
#include <algorithm>

#include "actors/accounts.hpp"

namespace parley {
namespace {

error wrong_current_password() { return forbidden("current_password: is wrong."); }

}  // namespace

void accounts::on_change_me(call<change_me>& ask) {
  const auto user = ask.request.who.user.id;
  const auto changed = std::make_shared<own_profile>();
  write(
      user,
      [user, change = ask.request.change, changed](record_writer& writer) -> result<void> {
        auto profile = writer.change_profile(user, change);
        if (!profile) return profile.error();
        *changed = std::move(*profile);
        writer.tell_nodes({user, account_outdated{}});
        return {};
      },
      [this, user, changed, reply = ask.reply](const result<std::monostate>& done) {
        if (!done) return reply(done.error());
        outdate_user(user);
        tell_of_change();
        reply(*changed);
      });
}

/// A stolen token must not be a way to guess the password: wrong ones count as failed log-ins.
void accounts::on_change_password(call<change_own_password>& ask) {
  const auto& name = ask.request.who.user.username;
  const auto& address = ask.request.remote_address;
  const auto verdict = throttle_->begin(name, address, services_->time.steady_now());
  if (!verdict.goes_on) {
    services_->counts.logins_throttled_total.add();
    return ask.reply(error{error_code::rate_limited, "Too many wrong passwords; wait a while.", verdict.wait_ms});
  }
  auto place = hashing_->try_enter(address, 2);
  if (!place) {
    throttle_->given_up(name, address);
    return ask.reply(too_many_passwords());
  }
  using found = std::optional<account_record>;
  look_up<found>([name](database_reader& store) { return store.account_by_name(name); },
                 [this, ask, place](const result<found>& account) {
                   const auto& [who, current, next, from] = ask.request;
                   if (!account || !*account) {
                     throttle_->given_up(who.user.username, from);
                     return ask.reply(account ? not_found("There is no such user.") : account.error());
                   }
                   const auto& old_hash = (*account)->password_hash;
                   using new_hash = std::optional<std::string>;
                   hash<new_hash>(
                       place,
                       [current = current, next = next, old_hash, cost = cost()]() -> result<new_hash> {
                         if (!verify_password(old_hash, current)) return new_hash();
                         auto hashed = hash_password(next, cost);
                         if (!hashed) return hashed.error();
                         return new_hash(std::move(*hashed));
                       },
                       [this, ask, old_hash](const result<new_hash>& hashed) {
                         if (!hashed) {
                           throttle_->given_up(ask.request.who.user.username, ask.request.remote_address);
                           return ask.reply(hashed.error());
                         }
                         if (!*hashed) {
                           throttle_->failed(ask.request.who.user.username, ask.request.remote_address,
                                             services_->time.steady_now());
                           return ask.reply(wrong_current_password());
                         }
                         throttle_->succeeded(ask.request.who.user.username, ask.request.remote_address,
                                              services_->time.steady_now());
                         store_password(ask, old_hash, **hashed);
                       });
                 });
}

void accounts::store_password(const call<change_own_password>& ask, const std::string& old_hash,
                              const std::string& new_hash) {
  const auto& who = ask.request.who;
  const password_change change{who.user.id,
                               old_hash,
                               new_hash,
                               who.token,
                               {services_->ids.next(),
                                services_->time.now(),
                                who.user.id,
                                audit_action::password_changed,
                                who.user.id,
                                {},
                                {},
                                {}}};
  write_password(change, wrong_current_password(), ask.reply);
}

/// `otherwise`: what it means when there is no such user with the old hash.
void accounts::write_password(const password_change& change, const error& otherwise,
                              const answer<std::monostate>& reply) {
  const auto ended = std::make_shared<std::vector<token_hash>>();
  write(
      change.user,
      [change, otherwise, ended](record_writer& writer) -> result<void> {
        auto tokens = writer.change_password(change);
        if (!tokens) return tokens.error();
        if (!*tokens) return otherwise;
        *ended = std::move(**tokens);
        tell_of_ended(writer, change.user, *ended);
        return {};
      },
      [this, user = change.user, keep = change.keep, ended, reply](const result<std::monostate>& done) {
        if (!done) return reply(done.error());
        forget_tokens(*ended);
        outdate_user(user);
        revoke({user, all_or_these(*ended), close_code::token_ended, keep}, reply_when_let_go(reply, std::monostate{}));
      });
}

void accounts::on_end_own_token(call<end_own_token>& ask) {
  const auto user = ask.request.who.user.id;
  using found = std::vector<token_item>;
  look_up<found>([user](database_reader& store) { return store.tokens_of(user); },
                 [this, ask, user](const result<found>& tokens) {
                   if (!tokens) return ask.reply(tokens.error());
                   const auto at = std::find_if(tokens->begin(), tokens->end(), [&](const token_item& token) {
                     return token_id_of(token.hash) == ask.request.token;
                   });
                   if (at == tokens->end())
                     return ask.reply(not_found("token_id: you are not logged in with such a token."));
                   write(
                       user,
                       [user, hash = at->hash](record_writer& writer) {
                         auto deleted = writer.delete_token(hash);
                         if (deleted) tell_of_ended(writer, user, {hash});
                         return deleted;
                       },
                       [this, user, hash = at->hash, reply = ask.reply](const result<std::monostate>& done) {
                         if (!done) return reply(done.error());
                         forget_tokens({hash});
                         revoke({user, {{hash}}, close_code::token_ended}, reply_when_let_go(reply, std::monostate{}));
                       });
                 });
}

void accounts::on_change_user(call<change_user>& ask) {
  const auto& [who, user, wish] = ask.request;
  const account_change change{who ? std::optional(who->user.id) : std::nullopt,
                              user,
                              wish,
                              services_->time.now(),
                              services_->ids.next(),
                              services_->ids.next()};
  const auto changed = std::make_shared<changed_account>();
  write(user, alone([change, changed](record_writer& writer) -> result<void> {
          auto account = writer.change_account(change);
          if (!account) return account.error();
          *changed = std::move(*account);
          const auto id = changed->after.profile.id;
          tell_of_ended(writer, id, changed->ended, close_code::not_allowed);
          writer.tell_nodes({id, account_outdated{}});
          writer.tell_nodes({id, role_given{changed->after.profile.user_role}});
          return {};
        }),
        [this, changed, reply = ask.reply](const result<std::monostate>& done) {
          if (!done) return reply(done.error());
          auto& after = changed->after;
          if (!changed->shows_contacts) after.email = after.phone = std::nullopt;
          const auto id = after.profile.id;
          forget_tokens(changed->ended);
          outdate_user(id);
          if (after.flag == account_flag::active) {
            if (!services_->control) {
              caf::anon_send(services_->directory, role_changed{id, after.profile.user_role});
              return reply(after);
            }
            // In the order of the log: else an older change could come behind a newer one.
            tell_of_change();
            caf::anon_send(services_->control, await_nodes{id, reply_when_let_go(reply, after)});
            return;
          }
          const auto all_ended = reply_when_let_go(reply, after);
          revoke({id, std::nullopt, close_code::not_allowed}, all_ended);
          await_writes_under_way(all_ended);
        });
}

/// Holds it until nothing can be stored any more that was decided before now. Beside the writers, so that nobody else's
/// messages wait for it.
void accounts::await_writes_under_way(const std::shared_ptr<void>& held) {
  using names = std::vector<std::string>;
  look_up<names>([](database_reader& store) { return store.writes_under_way(); },
                 [this, held](const result<names>& writes) {
                   if (!writes || writes->empty()) return;
                   await_writes(std::make_shared<const names>(*writes),
                                services_->time.steady_now() + revocation_patience, held);
                 });
}

void accounts::await_writes(const std::shared_ptr<const std::vector<std::string>>& writes, steady_time until,
                            const std::shared_ptr<void>& held) {
  constexpr std::chrono::milliseconds step{5};
  self_->delayed_send(self_, step, account_continuation{[this, writes, until, held] {
                        using names = std::vector<std::string>;
                        look_up<names>([](database_reader& store) { return store.writes_under_way(); },
                                       [this, writes, until, held](const result<names>& now) {
                                         if (!now || services_->time.steady_now() >= until) return;
                                         const bool some_are_left =
                                             std::any_of(now->begin(), now->end(), [&](const auto& name) {
                                               return std::find(writes->begin(), writes->end(), name) != writes->end();
                                             });
                                         if (some_are_left) await_writes(writes, until, held);
                                       });
                      }});
}

audit_record accounts::audit_of_operator(audit_action what, user_id user) const {
  return {services_->ids.next(), services_->time.now(), std::nullopt, what, user, {}, {}, {}};
}

void accounts::on_end_user_tokens(call<end_user_tokens>& ask) {
  const auto user = ask.request.user;
  const auto ended = std::make_shared<std::vector<token_hash>>();
  write(
      user,
      [user, ended,
       audit = audit_of_operator(audit_action::tokens_ended, user)](record_writer& writer) -> result<void> {
        auto tokens = writer.delete_tokens_of(user);
        if (!tokens) return tokens.error();
        *ended = std::move(*tokens);
        tell_of_ended(writer, user, *ended);
        return writer.record_audit(audit);
      },
      [this, user, ended, reply = ask.reply](const result<std::monostate>& done) {
        if (!done) return reply(done.error());
        forget_tokens(*ended);
        outdate_user(user);
        revoke({user, all_or_these(*ended), close_code::token_ended}, reply_when_let_go(reply, std::monostate{}));
      });
}

void accounts::on_reset_password(call<reset_password>& ask) {
  auto place = hashing_->try_enter(1);
  if (!place) return ask.reply(too_many_passwords());
  hash<std::string>(
      place, [password = ask.request.new_password, cost = cost()] { return hash_password(password, cost); },
      [this, ask](const result<std::string>& hashed) {
        if (!hashed) return ask.reply(hashed.error());
        const auto user = ask.request.user;
        const password_change change{user, std::nullopt, *hashed, std::nullopt,
                                     audit_of_operator(audit_action::password_changed, user)};
        write_password(change, not_found("user_id: there is no such user."), ask.reply);
      });
}

/// What is kept of the user's tokens says something that is not so any more; nothing ends by it.
void accounts::outdate_user(const user_id& user) {
  tokens_->outdate_user(user);
  validity_.changed_here(user);
  for (auto& [token, pending] : look_ups_) pending.outdated = true;
}

}  // namespace parley
