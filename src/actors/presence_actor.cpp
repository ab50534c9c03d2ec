// A presence record's mailbox: saves each change in the group commit, then tells the watchers.
#include "actors/presence_actor.hpp"

#include <limits>
#include <span>

#include "actors/guarded.hpp"
#include "actors/presence_state.hpp"
#include "actors/storage_pool.hpp"

namespace parley {
namespace {

constexpr std::chrono::seconds save_retry{5};

class presence_keeper {
 public:
  explicit presence_keeper(presence_handle::pointer self) : self_(self) {}
  presence_keeper(const presence_keeper&) = delete;
  presence_keeper& operator=(const presence_keeper&) = delete;
  ~presence_keeper() { count_online(false); }

  presence_handle::behavior_type begin(const actor_services& services, user_id user) {
    services_ = &services;
    log_uncaught(self_, "presence");
    state_.emplace(user, std::chrono::seconds(services.settings.presence.grace_seconds), save_retry);
    return {
        [this](const user_came_on& what) {
          ++received_;
          state_->came_on(what.connection, now());
          settle();
        },
        [this](const user_went_off& what) {
          ++received_;
          state_->went_off(what.connection, what.at_once, now());
          settle();
        },
        [this](const watch_user& what) {
          ++received_;
          state_->watch(what.watcher);
          settle();
        },
        [this](const unwatch_user& what) {
          ++received_;
          state_->unwatch(what.watcher);
          settle();
        },
        [this](const watcher_knows& what) {
          ++received_;
          if (const auto behind = state_->knows(what.watcher, what.read)) send(*behind, {&what.watcher, 1});
          settle();
        },
        [this](const presence_saved& what) {
          const bool is_news = state_->saved(what.version, what.stored, now());
          // Beside other nodes the store knows whether somebody is on anywhere, and the control log tells.
          if (is_news && !services_->control) tell(what.record);
          settle();
        },
        [this](const presence_heard& what) {
          ++received_;
          tell({what.user, what.what.is_online, what.what.last_seen, what.what.version});
          settle();
        },
        [this](save_presence_again) {
          state_->save_again();
          settle();
        },
        [this](const presence_tick&) {
          next_tick_.reset();
          state_->tick(now());
          settle();
        },
        [this](const stop_presence&) {
          // Another node gives those who were on here the grace time to come to it, as nobody could who is about to
          // end.
          state_->stop(now(), services_->has_company.load(std::memory_order_relaxed));
          save();
          self_->quit();
        },
    };
  }

 private:
  [[nodiscard]] presence_state::moment now() const { return {services_->time.steady_now(), services_->time.now()}; }
  [[nodiscard]] presence_handle me() const { return caf::actor_cast<presence_handle>(self_); }

  /// After every message: what is to be saved, when to look again, and whether anybody still needs this record.
  void settle() {
    count_online(state_->record().is_online);
    save();
    if (const auto at = state_->next_tick(); at && (!next_tick_ || *at < *next_tick_)) {
      next_tick_ = at;
      self_->delayed_send(self_, *at - services_->time.steady_now(), presence_tick{});
    }
    if (state_->idle() && said_idle_ != received_) {
      said_idle_ = received_;
      self_->send(services_->directory, presence_idle{state_->record().user, received_});  // it looks at who says so
    }
  }

  void save() {
    const auto change = state_->take_save();
    if (!change) return;
    services_->storage->write(change->record.user, saving(change->record),
                              answer<std::monostate>([me = me(), change = *change](const result<std::monostate>& done) {
                                caf::anon_send(me, presence_saved{change.version, change.record, done.has_value()});
                              }));
  }

  void tell(const presence_record& record) {
    if (const auto watchers = state_->take_news(record); !watchers.empty()) send(record, watchers);
  }

  void send(const presence_record& record, std::span<const connection_ref> watchers) {
    std::string bytes;
    services_->encoder.append_notice(bytes, presence_notice{record});
    const auto shared = std::make_shared<const std::string>(std::move(bytes));
    for (const auto& watcher : watchers) {
      services_->out.send(watcher, {.frames = shared, .ephemeral = true, .is_told_once = true});
    }
  }

  void count_online(bool online) {
    if (online != counted_) services_->counts.presence_online.add(online ? 1 : -1);
    counted_ = online;
  }

  presence_handle::pointer self_;
  const actor_services* services_ = nullptr;
  std::optional<presence_state> state_;
  std::uint64_t received_ = 0;  ///< From the directory, which compares it before it lets the record go.
  std::uint64_t said_idle_ = std::numeric_limits<std::uint64_t>::max();
  std::optional<steady_time> next_tick_;
  bool counted_ = false;
};

}  // namespace

presence_handle spawn_presence(caf::actor_system& system, const actor_services& services, user_id user) {
  using pointer = presence_handle::stateful_pointer<presence_keeper>;
  return system.spawn([](pointer self, const actor_services* shared,
                         user_id whose) -> presence_handle::behavior_type { return self->state.begin(*shared, whose); },
                      &services, user);
}

}  // namespace parley
