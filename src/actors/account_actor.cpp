// The account actor's mailbox, and tokens: in a small cache before the store.
#include "actors/account_actor.hpp"

#include <algorithm>
#include <array>

#include "actors/accounts.hpp"
#include "actors/guarded.hpp"
#include "actors/run_next_policy.hpp"
#include "actors/session_desk.hpp"
#include "parley/refusals.hpp"

namespace parley {
namespace {

constexpr std::chrono::seconds tick_interval{1};
constexpr std::size_t most_registering_addresses = 10'000;
error unknown_token() { return make_error(error_code::unauthenticated, "The token is missing, unknown or has ended."); }

}  // namespace

account_handle spawn_account_actor(caf::actor_system& system, const actor_services& services,
                                   std::vector<job_handle> hashers) {
  using pointer = account_handle::stateful_pointer<accounts>;
  return system.spawn(
      [](pointer self, const actor_services* shared, std::vector<job_handle> threads) -> account_handle::behavior_type {
        return self->state.begin(*shared, std::move(threads));
      },
      &services, std::move(hashers));
}

account_handle::behavior_type accounts::begin(const actor_services& services, std::vector<job_handle> hashers) {
  services_ = &services;
  hashers_ = std::move(hashers);
  const auto& settings = services.settings;
  hashing_ = std::make_shared<shared_queue>(settings.auth.password_queue, services.counts.password_queue);
  checks_.emplace(unknown_user_hash(cost()));
  registering_ = std::make_shared<queue_bound>(settings.auth.password_queue, services.counts.password_queue);
  registrations_.emplace(settings.limits.register_rate_per_minute, most_registering_addresses);
  throttle_.emplace(login_throttle::rates{settings.limits.login_rate_per_minute,
                                          settings.limits.login_account_rate_per_minute,
                                          settings.limits.login_address_rate_per_minute});
  token_cache::settings cache;
  cache.send_rate = {settings.limits.send_rate_per_second, settings.limits.send_burst};
  cache.change_rate = {settings.limits.changes_per_second, settings.limits.changes_burst};
  tokens_.emplace(cache);
  read_costs();
  self_->delayed_send(self_, tick_interval, account_tick{});
  return {
      [this](call<register_user>& ask) { guarded("accounts", [&] { on_register(ask); }); },
      [this](call<log_in>& ask) { guarded("accounts", [&] { on_log_in(ask); }); },
      [this](call<authenticate>& ask) { guarded("accounts", [&] { on_authenticate(ask); }); },
      [this](call<log_out>& ask) { guarded("accounts", [&] { on_log_out(ask); }); },
      [this](call<enter_by_name>& ask) { guarded("accounts", [&] { on_enter(ask); }); },
      [this](call<change_me>& ask) { guarded("accounts", [&] { on_change_me(ask); }); },
      [this](call<change_own_password>& ask) { guarded("accounts", [&] { on_change_password(ask); }); },
      [this](call<end_own_token>& ask) { guarded("accounts", [&] { on_end_own_token(ask); }); },
      [this](call<change_user>& ask) { guarded("accounts", [&] { on_change_user(ask); }); },
      [this](call<end_user_tokens>& ask) { guarded("accounts", [&] { on_end_user_tokens(ask); }); },
      [this](call<reset_password>& ask) { guarded("accounts", [&] { on_reset_password(ask); }); },
      [this](const control_heard& what) {
        try {
          on_control_heard(what);
        } catch (...) {
          // What was not done must not count as done: everybody begins anew.
          log_exception("accounts", "control_events_failed");
          forget_all_tokens();
          caf::anon_send(services_->directory, end_all_sockets{what.handed_on});
        }
      },
      [this](const control_reached& what) { validity_.reach(what.reached); },
      [](const account_continuation& what) { guarded("accounts", what.then); },
      [this](const account_tick&) { guarded("accounts", [&] { on_tick(); }); },
  };
}

// --- Tokens ---

void accounts::on_authenticate(call<authenticate>& ask) {
  if (!services_->knows_who_is_out()) return ask.reply(not_up_to_date());
  const auto token = hash_of_token(ask.request.token);
  if (!token) return ask.reply(unknown_token());
  if (auto known = tokens_->find(*token, services_->time.steady_now(), services_->time.now())) {
    return ask.reply(std::move(*known));
  }
  auto& pending = look_ups_[*token];
  pending.waiting.push_back(ask.reply);
  if (pending.waiting.size() > 1) return;
  if (services_->sessions == nullptr) return read_token(*token);
  using session = std::optional<cached_session>;
  services_->sessions->find(*token, continued<session>([this, token = *token](const result<session>& found) {
    on_session_found(token, found ? *found : session());
  }));
}

void accounts::on_session_found(const token_hash& token, const std::optional<cached_session>& found) {
  auto& pending = look_ups_.at(token);
  // Redis may have taken its time: what may be delivered is looked at once more.
  if (!found || pending.has_news() || !validity_.believes(*found) || !services_->knows_who_is_out() ||
      services_->time.now() >= found->expires_at) {
    services_->counts.session_cache_misses_total.add();
    return read_token(token);
  }
  services_->counts.session_cache_hits_total.add();
  const token_cache::use_of_token use{found->created_at, found->last_used_at, found->expires_at};
  const auto who = tokens_->remember(found->user, token, use, services_->time.steady_now());
  const auto waiting = std::move(look_ups_.extract(token).mapped().waiting);
  for (const auto& reply : waiting) reply(who);
}

void accounts::read_token(const token_hash& token) {
  if (unread_tokens_.size() >= services_->settings.store.read_queue) {
    services_->counts.store_busy_total.add();
    const auto refused = std::move(look_ups_.extract(token).mapped().waiting);
    for (const auto& reply : refused) reply(busy("store: too many tokens wait to be read; try again", 1'000));
    return;
  }
  unread_tokens_.push_back(token);
  plan_reading();
}

/// Behind what is in the mailbox already, so that it goes along; what comes while the store is asked makes the next
/// question larger.
void accounts::plan_reading() {
  if (reading_is_planned_ || unread_tokens_.empty() || readings_ == most_readings) return;
  reading_is_planned_ = true;
  self_->send(self_, account_continuation{[this] { read_tokens(); }});
}

void accounts::read_tokens() {
  reading_is_planned_ = false;
  const auto count = static_cast<std::ptrdiff_t>(std::min(unread_tokens_.size(), tokens_at_once));
  const std::vector<token_hash> asked(unread_tokens_.begin(), unread_tokens_.begin() + count);
  // Whatever happens to the question, the answer comes: a dropped one is `unavailable`.
  const auto reply = continued<token_records>(
      [this, asked, as_of = validity_.reached()](const auto& found) { on_tokens_read(asked, as_of, found); });
  unread_tokens_.erase(unread_tokens_.begin(), unread_tokens_.begin() + count);
  ++readings_;
  for (const auto& token : asked) look_ups_.at(token).begin_reading();
  services_->reads->ask<token_records>([asked](database_reader& store) { return store.tokens(asked); }, reply);
  plan_reading();
}

void accounts::on_tokens_read(const std::vector<token_hash>& asked, const std::optional<control_positions>& as_of,
                              const result<token_records>& found) {
  --readings_;
  using record = result<std::optional<token_record>>;
  for (std::size_t i = 0; i < asked.size(); ++i)
    guarded("accounts", [&] { on_token_read(asked[i], as_of, found ? record((*found)[i]) : record(found.error())); });
  plan_reading();
}

void accounts::on_token_read(const token_hash& token, const std::optional<control_positions>& as_of,
                             const result<std::optional<token_record>>& found) {
  if (found && look_ups_.at(token).missed_some) return unread_tokens_.push_back(token);  // the store knows by now
  const auto pending = std::move(look_ups_.extract(token).mapped());
  const auto all = [&](const result<principal>& outcome) {
    for (const auto& reply : pending.waiting) reply(outcome);
  };
  if (!found) return all(found.error());
  const auto& record = *found;
  // A log-out may have overtaken the reading: what was read before it must not enter the cache.
  if (pending.revoked || !record || record->user.flag != account_flag::active ||
      services_->time.now() >= record->expires_at) {
    return all(unknown_token());
  }
  const token_cache::use_of_token use{record->created_at, record->last_used_at, record->expires_at};
  all(tokens_->remember(record->user.profile, token, use, services_->time.steady_now()));
  if (pending.outdated) return tokens_->forget(token);
  const auto& user = record->user.profile;
  if (services_->sessions == nullptr || !as_of) return;
  services_->sessions->keep(token, {user, record->created_at, record->last_used_at, record->expires_at,
                                    (*as_of)[control_partition_of(user.id)]});
}

void accounts::on_log_out(call<log_out>& ask) {
  const auto user = ask.request.who.user.id;
  const auto own = ask.request.who.token;
  const auto ended = std::make_shared<std::vector<token_hash>>();
  write(
      user,
      [user, own, everywhere = ask.request.everywhere, ended](record_writer& writer) -> result<void> {
        *ended = {own};
        if (everywhere) {
          auto all = writer.delete_tokens_of(user);
          if (!all) return all.error();
          ended->insert(ended->end(), all->begin(), all->end());
        } else if (auto deleted = writer.delete_token(own); !deleted) {
          return deleted;
        }
        tell_of_ended(writer, user, *ended);
        return {};
      },
      [this, user, ended, everywhere = ask.request.everywhere, reply = ask.reply](const result<std::monostate>& done) {
        if (!done) return reply(done.error());
        forget_tokens(*ended);
        revocation what{user, *ended, close_code::token_ended};
        if (everywhere) {
          // Also of those that the store does not know any more.
          outdate_user(user);
          what.tokens = all_or_these(*ended);
        }
        revoke(what, reply_when_let_go(reply, std::monostate{}));
        caf::anon_send(services_->directory, to_presence{user_went_off{user, no_connection, true}});
      });
}

void accounts::forget_tokens(const std::vector<token_hash>& tokens) {
  for (const auto& token : tokens) {
    tokens_->forget(token);
    if (const auto pending = look_ups_.find(token); pending != look_ups_.end()) pending->second.revoked = true;
  }
}

void accounts::forget_all_tokens() {
  tokens_->forget_all();
  validity_.start_anew();
  for (auto& [token, pending] : look_ups_) pending.missed_some = true;
}

/// What other nodes stored, and what this one did, once more: those tokens and no others, so that nothing is lost that
/// has begun since.
void accounts::on_control_heard(const control_heard& what) {
  validity_.reach(what.reached);
  if (what.missed_some) forget_all_tokens();
  for (const auto& event : what.events) {
    validity_.changed(event.user, what.reached);
    if (const auto* ended = std::get_if<tokens_ended>(&event.what)) {
      forget_tokens(ended->tokens);
      end_here({event.user, ended->tokens, ended->code}, what.done, what.handed_on);
    } else {
      outdate_user(event.user);
      const bool begins_anew = std::holds_alternative<not_understood>(event.what);
      if (begins_anew) end_here({event.user, std::nullopt, close_code::restarting}, what.done, what.handed_on);
    }
  }
}

/// They ended by themselves, and nobody waits for it.
void accounts::end_tokens(user_id user, const std::vector<token_hash>& ended) {
  if (ended.empty()) return;
  forget_tokens(ended);
  revoke({user, ended, close_code::token_ended}, nullptr);
}

/// Without them the first refusal of an account whose hash is of another cost would be told by its time.
void accounts::read_costs() {
  look_up<std::vector<std::string>>([](database_reader& store) { return store.password_parameters(); },
                                    [this](const result<std::vector<std::string>>& found) {
                                      knows_costs_ = found.has_value();
                                      if (!found) return;
                                      for (const auto& parameters : *found) checks_->know(parameters);
                                    });
}

/// Sockets do not outlive their token's time.
void accounts::on_tick() {
  self_->delayed_send(self_, tick_interval, account_tick{});
  for (const auto& over : tokens_->take_expired(services_->time.steady_now(), services_->time.now())) {
    caf::anon_send(services_->directory, end_sockets{{over.user, {{over.token}}, close_code::token_ended}});
  }
  run_next_policy::share_next();
  renew_used_tokens();
  if (!std::exchange(knows_costs_, true)) read_costs();
}

/// Whoever uses a token now and then never has to log in again, until auth.token_max_days are over.
void accounts::renew_used_tokens() {
  const auto now = services_->time.now();
  const auto end_of = [&](timestamp created_at) { return end_of_token(created_at, now); };
  const auto due = tokens_->take_renewals(now, end_of);
  for (const auto& token : due) {
    const token_renewal used{token.token, now, end_of(token.created_at)};
    services_->storage->write(token.user, [used](record_writer& writer) { return writer.renew_token(used); }, {});
  }
}

timestamp accounts::end_of_token(timestamp created_at, timestamp used_at) const {
  const auto& auth = services_->settings.auth;
  const auto slides_to = used_at + std::chrono::hours(24) * auth.token_days;
  if (auth.token_max_days == 0) return slides_to;
  return std::min(slides_to, created_at + std::chrono::hours(24) * auth.token_max_days);
}

}  // namespace parley
