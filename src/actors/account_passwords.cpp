// Registering and logging in: passwords are hashed and checked on their own threads.
#include <array>

#include "actors/accounts.hpp"

namespace parley {
namespace {

error wrong_credentials() { return make_error(error_code::unauthenticated, "Wrong username or password."); }
error too_many_failures(std::int64_t wait_ms) {
  return {error_code::rate_limited, "Too many failed log-ins; wait a while.", wait_ms};
}

}  // namespace

/// Anybody may register, so that registrations wait in a line of their own, and of them no more are hashed at once than
/// there are threads: a log-in finds at most one before it on each.
void accounts::on_register(call<register_user>& ask) {
  if (!ask.request.by_operator) {
    const auto wait_ms = registrations_->wait_ms(ask.request.remote_address, services_->time.steady_now());
    if (wait_ms > 0)
      return ask.reply(error{error_code::rate_limited, "Too many registrations; wait a while.", wait_ms});
    registrations_->add(ask.request.remote_address, services_->time.steady_now());
  }
  auto place = registering_->try_enter(1);
  if (!place) return ask.reply(too_many_passwords());
  waiting_registrations_.push_back({std::move(ask), std::move(place)});
  next_registration();
}

void accounts::next_registration() {
  while (!waiting_registrations_.empty() && hashing_registrations_ < hashers_.size()) {
    auto next = std::move(waiting_registrations_.front());
    waiting_registrations_.pop_front();
    ++hashing_registrations_;
    const std::shared_ptr<void> turn(nullptr, [me = me(), this](void*) {
      caf::anon_send(me, account_continuation{[this] {
                       --hashing_registrations_;
                       next_registration();
                     }});
    });
    make_account(next.ask, next.place, turn);
  }
}

/// `turn` is let go of when the password has been hashed, or will not be.
void accounts::make_account(const call<register_user>& ask, const queue_place& place,
                            const std::shared_ptr<void>& turn) {
  using found = std::optional<account_record>;
  look_up<found>([name = ask.request.username](database_reader& store) { return store.account_by_name(name); },
                 [this, ask, place, turn](const result<found>& existing) {
                   if (!existing) return ask.reply(existing.error());
                   if (*existing) return ask.reply(make_error(error_code::conflict, "username is taken."));
                   hash<std::string>(
                       place,
                       [password = ask.request.password, cost = cost()] { return hash_password(password, cost); },
                       [this, ask, turn](const result<std::string>& hashed) {
                         if (!hashed) return ask.reply(hashed.error());
                         create(ask, *hashed);
                       });
                 });
}

void accounts::create(const call<register_user>& ask, const std::string& password_hash) {
  const auto& wish = ask.request;
  new_user user{user_id(services_->ids.next()),
                wish.username,
                password_hash,
                wish.display_name.value_or(wish.username),
                wish.email,
                wish.phone,
                wish.img_url,
                services_->time.now(),
                wish.user_role};
  std::optional<audit_record> audit;
  if (wish.by_operator) {
    audit = audit_of_operator(audit_action::user_created, user.id);
    audit->detail = to_string(user.user_role);
  }
  const auto made = std::make_shared<own_profile>();
  const auto key = user.id;
  services_->storage->write(
      key,
      [user = std::move(user), made, audit = std::move(audit)](record_writer& writer) -> result<void> {
        auto created = writer.create_user(user);
        if (!created) return created.error();
        *made = std::move(*created);
        return audit ? writer.record_audit(*audit) : result<void>();
      },
      answer<std::monostate>([reply = ask.reply, made](const result<std::monostate>& done) {
        if (done) {
          reply(*made);
        } else {
          reply(done.error());
        }
      }));
}

/// The throttle is asked first: what it refuses takes no place that another could have.
void accounts::on_log_in(call<log_in>& ask) {
  const auto& name = ask.request.username;
  const auto& address = ask.request.remote_address;
  const auto verdict = throttle_->begin(name, address, services_->time.steady_now());
  if (!verdict.goes_on) {
    services_->counts.logins_throttled_total.add();
    return refuse_unchecked(ask, too_many_failures(verdict.wait_ms));
  }
  auto place = hashing_->try_enter(address, 1);
  if (!place) {
    throttle_->given_up(name, address);
    if (verdict.wait_ms > 0) return refuse_unchecked(ask, too_many_failures(verdict.wait_ms));  // as a stranger
    return ask.reply(too_many_passwords());
  }
  const log_in_try under_way{ask, verdict.wait_ms > 0 ? too_many_failures(verdict.wait_ms) : wrong_credentials(),
                             services_->time.steady_now()};
  using found = std::optional<account_record>;
  look_up<found>([name = name](database_reader& store) { return store.account_by_name(name); },
                 [this, under_way, place](const result<found>& account) {
                   if (account) return verify(under_way, *account, place);
                   const auto& asked = under_way.ask;
                   throttle_->given_up(asked.request.username, asked.request.remote_address);
                   asked.reply(account.error());
                 });
}

/// Takes as long as if there had been a check, and nobody's time.
void accounts::refuse_unchecked(const call<log_in>& ask, const error& why) {
  const auto pause = refusal_times_.without_check(hashing_->waiting(), hashers_.size());
  self_->delayed_send(self_, pause, account_continuation{[reply = ask.reply, why] { reply(why); }});
}

void accounts::refuse_checked(const log_in_try& under_way) {
  const auto& [ask, why, began] = under_way;
  if (why.code != error_code::rate_limited) return ask.reply(why);
  const auto took = services_->time.steady_now() - began;
  self_->delayed_send(self_, refusal_times::in_whole_steps(took) - took,
                      account_continuation{[reply = ask.reply, why = why] { reply(why); }});
}

/// A refusal takes as long whoever was named; see password_checks.
void accounts::verify(const log_in_try& under_way, const std::optional<account_record>& found, queue_place place) {
  const bool active = found && found->user.flag == account_flag::active;
  hash<verified>(
      std::move(place),
      [password = under_way.ask.request.password,
       check = checks_->check_of(found ? std::optional(found->password_hash) : std::nullopt, active), cost = cost(),
       &time = services_->time]() -> result<verified> {
        verified outcome;
        const auto began = time.steady_now();
        outcome.fits = check.fits(password);
        outcome.took = time.steady_now() - began;
        if (outcome.fits && needs_rehash(*check.encoded, cost)) {
          if (auto again = hash_password(password, cost)) outcome.new_hash = std::move(*again);
        }
        return outcome;
      },
      [this, under_way, found](const result<verified>& outcome) {
        const auto& ask = under_way.ask;
        if (!outcome) {
          throttle_->given_up(ask.request.username, ask.request.remote_address);
          return ask.reply(outcome.error());
        }
        on_verified(under_way, found, *outcome);
      });
}

void accounts::on_verified(const log_in_try& under_way, const std::optional<account_record>& found,
                           const verified& outcome) {
  const auto& ask = under_way.ask;
  if (!outcome.fits) {
    services_->counts.login_failures_total.add();
    refusal_times_.note_check(outcome.took);
    throttle_->failed(ask.request.username, ask.request.remote_address, services_->time.steady_now());
    return refuse_checked(under_way);
  }
  throttle_->succeeded(ask.request.username, ask.request.remote_address, services_->time.steady_now());
  const auto token = new_token();
  const auto hashed = hash_of_token(token);
  if (!hashed) return ask.reply(hashed.error());
  const auto now = services_->time.now();
  const auto user = found->user.profile.id;
  const new_token_record record{*hashed,
                                user,
                                now,
                                end_of_token(now, now),
                                ask.request.user_agent,
                                outcome.new_hash ? outcome.new_hash : found->password_hash};
  const auto ended = std::make_shared<std::vector<token_hash>>();
  write(
      user,
      [record, user, old_hash = found->password_hash, new_hash = outcome.new_hash,
       ended](record_writer& writer) -> result<void> {
        if (new_hash) {
          if (auto changed = writer.set_password_hash(user, old_hash, *new_hash); !changed) return changed;
        }
        // The presence record saves this as well; here it is in the table before the log-in is answered.
        if (auto online = writer.save_presence(std::array{presence_record{user, true, record.created_at}}); !online)
          return online;
        auto created = writer.create_token(record);
        if (!created) return created.error();
        *ended = std::move(*created);
        tell_of_ended(writer, user, *ended);
        return {};
      },
      [this, ask, token, record, ended, profile = found->user](const result<std::monostate>& done) {
        const auto came_on = [&] {
          caf::anon_send(services_->directory, to_presence{user_came_on{profile.profile.id, std::nullopt}});
        };
        if (!done) {
          // Another log-in has put a new hash of the same password there; or the password was changed, or the account
          // suspended, as will be seen.
          if (done.error().code == error_code::unauthenticated) {
            auto again = ask;
            return on_log_in(again);
          }
          // It may stand in the store all the same: then somebody must see to it that he goes off.
          if (done.error().code == error_code::unavailable) came_on();
          return ask.reply(done.error());
        }
        end_tokens(record.user, *ended);
        services_->counts.logins_total.add();
        came_on();
        ask.reply(log_in::reply{token, record.expires_at, profile});
      });
}

}  // namespace parley
