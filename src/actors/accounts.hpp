// The state of the account actor; account_actor.cpp has tokens, account_passwords.cpp registering and logging in,
// account_changes.cpp what is changed about an account, account_entry.cpp entering by name.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "actors/account_messages.hpp"
#include "actors/actor_services.hpp"
#include "actors/login_throttle.hpp"
#include "actors/read_pool.hpp"
#include "actors/refusal_times.hpp"
#include "actors/session_validity.hpp"
#include "actors/shared_queue.hpp"
#include "actors/storage_pool.hpp"
#include "actors/token_cache.hpp"
#include "parley/password_check.hpp"

namespace parley {

inline error too_many_passwords() { return busy("Too many log-ins at once; try again.", 1000); }

/// Within the transaction that ended them.
inline void tell_of_ended(record_writer& writer, user_id user, const std::vector<token_hash>& ended,
                          close_code code = close_code::token_ended) {
  if (!ended.empty()) writer.tell_nodes({user, tokens_ended{ended, code}});
}

class accounts {
 public:
  explicit accounts(account_handle::pointer self) : self_(self) {}

  account_handle::behavior_type begin(const actor_services& services, std::vector<job_handle> hashers);

 private:
  struct log_in_try {
    call<log_in> ask;
    error otherwise;  ///< What it means when the password is wrong.
    steady_time began;
  };
  struct verified {
    bool fits = false;
    steady_time::duration took{};
    std::optional<std::string> new_hash{};  ///< When the parameters have been raised since.
  };
  using token_records = std::vector<std::optional<token_record>>;
  /// One look-up of a token for all who wait for it.
  struct token_look_up {
    std::vector<answer<principal>> waiting;
    // Since the reading began:
    bool revoked = false;
    bool outdated = false;     ///< Somebody's role or name has changed: good for an answer, not for the cache.
    bool missed_some = false;  ///< This may have ended, or not: nobody knows.

    [[nodiscard]] bool has_news() const { return revoked || outdated || missed_some; }
    /// What was heard before it the store knows.
    void begin_reading() { revoked = outdated = missed_some = false; }
  };
  /// Who and where, as the store has it; what is missing is made.
  struct entry_facts {
    std::optional<user_profile> user;
    std::optional<room_id> room;
    bool is_member = false;
    std::optional<user_profile> inviter;  ///< Only when no member.
  };
  using entry = std::shared_ptr<call<enter_by_name>>;

  // --- Passwords ---
  void on_register(call<register_user>& ask);
  void next_registration();
  void make_account(const call<register_user>& ask, const queue_place& place, const std::shared_ptr<void>& turn);
  void create(const call<register_user>& ask, const std::string& password_hash);
  void on_log_in(call<log_in>& ask);
  void refuse_unchecked(const call<log_in>& ask, const error& why);
  void refuse_checked(const log_in_try& under_way);
  void verify(const log_in_try& under_way, const std::optional<account_record>& found, queue_place place);
  void read_costs();
  void on_verified(const log_in_try& under_way, const std::optional<account_record>& found, const verified& outcome);

  // --- Tokens ---
  void on_authenticate(call<authenticate>& ask);
  void read_token(const token_hash& token);
  void plan_reading();
  void read_tokens();
  void on_tokens_read(const std::vector<token_hash>& asked, const std::optional<control_positions>& as_of,
                      const result<token_records>& found);
  void on_session_found(const token_hash& token, const std::optional<cached_session>& found);
  void on_token_read(const token_hash& token, const std::optional<control_positions>& as_of,
                     const result<std::optional<token_record>>& found);
  void on_log_out(call<log_out>& ask);
  void forget_tokens(const std::vector<token_hash>& tokens);
  void end_tokens(user_id user, const std::vector<token_hash>& ended);
  void on_tick();
  void renew_used_tokens();

  void on_control_heard(const control_heard& what);
  void forget_all_tokens();
  /// What a revocation of all is about. Where there are other nodes, whose new tokens come here at any time, those that
  /// ended; else all, also those that the store does not know any more.
  [[nodiscard]] std::optional<std::vector<token_hash>> all_or_these(const std::vector<token_hash>& ended) const {
    return services_->control ? std::optional(ended) : std::nullopt;
  }

  // --- Changes ---
  void on_change_me(call<change_me>& ask);
  void on_change_password(call<change_own_password>& ask);
  void store_password(const call<change_own_password>& ask, const std::string& old_hash, const std::string& new_hash);
  void write_password(const password_change& change, const error& otherwise, const answer<std::monostate>& reply);
  void on_end_own_token(call<end_own_token>& ask);
  void on_change_user(call<change_user>& ask);
  void on_end_user_tokens(call<end_user_tokens>& ask);
  void on_reset_password(call<reset_password>& ask);
  [[nodiscard]] audit_record audit_of_operator(audit_action what, user_id user) const;
  void outdate_user(const user_id& user);
  void await_writes_under_way(const std::shared_ptr<void>& held);
  void await_writes(const std::shared_ptr<const std::vector<std::string>>& writes, steady_time until,
                    const std::shared_ptr<void>& held);

  // --- Entering by name ---
  void on_enter(call<enter_by_name>& ask);
  void next_entry();
  void continue_entry(const entry& ask, int steps_left);
  void make_missing(const entry& ask, const entry_facts& facts, int steps_left);
  void create_user_of(const entry& ask, int steps_left);
  void create_room_of(const entry& ask, const user_profile& creator, int steps_left);
  void invite(const entry& ask, const entry_facts& facts, int steps_left);
  void finish_entry(const entry& ask, const entry_facts& facts);
  void end_entry(const entry& ask, const error& why);
  static result<entry_facts> find_entry(database_reader& store, const enter_by_name& ask);

  // --- Work elsewhere, continued here ---
  template <class T, class Question, class Then>
  void look_up(Question question, Then then) {
    services_->reads->ask<T>(std::move(question), continued<T>(std::move(then)));
  }
  template <class Then>
  void write(const uuid& key, write_job job, Then then) {
    services_->storage->write(key, std::move(job), continued<std::monostate>(std::move(then)));
  }
  /// `work` blocks on a password thread.
  template <class T, class Work, class Then>
  void hash(queue_place place, Work work, Then then) {
    answer<T> done = continued<T>(std::move(then));
    caf::anon_send(hashers_[next_hasher_++ % hashers_.size()],
                   run_job{[place = std::move(place), work = std::move(work), done] { done(work()); }});
  }
  /// An answer that runs `then(const result<T>&)` in this actor.
  template <class T, class Then>
  answer<T> continued(Then then) {
    return answer<T>([me = me(), then = std::move(then)](result<T> done) {
      caf::anon_send(me, account_continuation{[then, done = std::move(done)] { then(done); }});
    });
  }
  /// Where the sliding end of a token stands that was used at that time.
  [[nodiscard]] timestamp end_of_token(timestamp created_at, timestamp used_at) const;
  /// Answers when nobody holds it any more, at the latest after a second.
  template <class T>
  std::shared_ptr<void> reply_when_let_go(const answer<T>& reply, const T& value) {
    self_->delayed_send(self_, std::chrono::seconds(1), account_continuation{[reply, value] { reply(value); }});
    return {nullptr, [reply, value](void*) { reply(value); }};
  }
  /// On this node. `ended` is held until each peer has its last byte, `handed_on` until no frame is taken any more.
  void end_here(const revocation& what, std::shared_ptr<void> ended, std::shared_ptr<void> handed_on = nullptr) {
    caf::anon_send(services_->directory, end_sockets{what, std::move(handed_on)});
    services_->out.revoke(what, std::move(ended));
  }
  /// On all nodes, when it stands in the store; those who wait for it hold `ended`.
  void revoke(const revocation& what, std::shared_ptr<void> ended) {
    validity_.changed_here(what.user);
    if (services_->control) {
      caf::anon_send(services_->control, read_control_log{true});
      // Not whether it points at something: it never does.
      if (ended.use_count() > 0) caf::anon_send(services_->control, await_nodes{what.user, ended});
    }
    end_here(what, std::move(ended));
  }
  /// What nodes remember of somebody was changed, when that stands in the store.
  void tell_of_change() {
    if (services_->control) caf::anon_send(services_->control, read_control_log{true});
  }
  [[nodiscard]] account_handle me() const { return caf::actor_cast<account_handle>(self_); }
  [[nodiscard]] password_cost cost() const {
    const auto& auth = services_->settings.auth;
    return {std::uint64_t{auth.password_memory_kib} * 1024, auth.password_passes};
  }

  account_handle::pointer self_;
  const actor_services* services_ = nullptr;
  std::vector<job_handle> hashers_;
  std::size_t next_hasher_ = 0;
  std::shared_ptr<shared_queue> hashing_;
  std::optional<password_checks> checks_;
  refusal_times refusal_times_;
  bool knows_costs_ = true;  ///< Or they are being read.
  struct registration {
    call<register_user> ask;
    queue_place place;
  };
  std::shared_ptr<queue_bound> registering_;
  std::deque<registration> waiting_registrations_;
  std::size_t hashing_registrations_ = 0;
  std::optional<sliding_window> registrations_;  ///< By address.
  std::optional<login_throttle> throttle_;
  std::optional<token_cache> tokens_;
  session_validity validity_;
  std::unordered_map<token_hash, token_look_up> look_ups_;
  /// Of one question to the store; and questions at once, so that a slow one does not hold up everybody.
  static constexpr std::size_t tokens_at_once = 256;
  static constexpr int most_readings = 2;
  std::deque<token_hash> unread_tokens_;
  int readings_ = 0;
  bool reading_is_planned_ = false;
  std::deque<entry> entries_;  ///< One after another, so that the same names never make two.
  bool entering_ = false;
};

}  // namespace parley
