// A signal subscriber: it asks the bus for what somebody here attends to, and hands on what comes while there is room.
#include "actors/signal_subscriber_actor.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "actors/guarded.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds listen_for{1'000};
constexpr milliseconds before_listening_again{200};

class signal_subscriber_actor final : public signal_subscriber_handle::base {
 public:
  signal_subscriber_actor(caf::actor_config& config, const actor_services& services,
                          std::unique_ptr<signal_subscriber> subscriber, bool listens_on)
      : signal_subscriber_handle::base(config),
        services_(services),
        subscriber_(std::move(subscriber)),
        listens_on_(listens_on),
        bound_(std::make_shared<queue_bound>(services.settings.bus.signal_queue, services.counts.signal_queue)) {}

  behavior_type make_behavior() override {
    if (listens_on_) send(this, hear_signals{});
    return {
        [this](attend_signals& message) {
          guarded("signals", [&] { attend(message.subject, std::move(message.to)); });
        },
        [this](const leave_signals& message) { guarded("signals", [&] { leave(message.subject); }); },
        [this](hear_signals) {
          milliseconds pause = before_listening_again;
          guarded("signals", [&] { pause = hear(); });
          if (!listens_on_) return;
          if (pause == milliseconds(0)) {
            send(this, hear_signals{});
          } else {
            delayed_send(this, pause, hear_signals{});
          }
        },
    };
  }
  void on_exit() override {
    services_.counts.signal_rooms.add(-std::exchange(subjects_, 0));
    listeners_.clear();
    beyond_.clear();
    subscriber_.reset();
  }

 private:
  using listeners = std::unordered_map<uuid, signal_listener>;

  void attend(const uuid& subject, signal_listener to) {
    if (listeners_.size() >= services_.settings.bus.signal_rooms && !listeners_.contains(subject)) {
      if (beyond_.empty()) {
        log::warn("bus", "signal_rooms_full", "Rooms beyond bus.signal_rooms do without other nodes' signals");
      }
      beyond_.insert_or_assign(subject, std::move(to));
      return;
    }
    listeners_.insert_or_assign(subject, std::move(to));
    subscriber_->attend(subject);
  }

  void leave(const uuid& subject) {
    if (beyond_.erase(subject) > 0 || listeners_.erase(subject) == 0) return;
    subscriber_->leave(subject);
    if (beyond_.empty()) return;
    auto next = beyond_.extract(beyond_.begin());
    attend(next.key(), std::move(next.mapped()));
  }

  /// How long to wait before the next time.
  milliseconds hear() {
    auto heard = subscriber_->listen(listen_for);
    if (!heard) return fail(heard.error());
    note_subjects(static_cast<std::int64_t>(heard->subjects) - (listeners_.contains(operators_subject) ? 1 : 0));
    if (const auto before = std::exchange(is_up_, true); before != true) {
      services_.counts.signal_buses_up.add();
      if (before == false) log::info("bus", "signals_come_in", "Other nodes' signals come in again");
    }
    services_.counts.signals_heard_total.add(heard->signals.size());
    services_.counts.signals_unreadable_total.add(heard->unreadable);
    for (const auto& each : heard->signals) hand_on(each);
    if (heard->hint) {
      services_.counts.hints_heard_total.add();
      if (services_.on_hint) services_.on_hint();
    }
    return milliseconds(0);
  }

  void hand_on(const ephemeral_signal& what) {
    const auto found = listeners_.find(what.subject);
    if (found == listeners_.end()) return;
    if (auto place = bound_->try_enter(1)) {
      caf::anon_send(found->second, signal_heard{what, std::move(place)});
    } else {
      services_.counts.signals_dropped_total.add();
    }
  }

  milliseconds fail(const error& why) {
    note_subjects(0);
    const auto before = std::exchange(is_up_, false);
    if (before == true) services_.counts.signal_buses_up.add(-1);
    if (before != false) {
      log::warn("bus", "signals_do_not_come_in", "Other nodes' typing and read markers do not come: {}", why.message);
    }
    return before_listening_again;
  }

  /// Those that are rooms. The bus may not have confirmed the one that is none.
  void note_subjects(std::int64_t now) {
    now = std::max<std::int64_t>(0, now);
    services_.counts.signal_rooms.add(now - std::exchange(subjects_, now));
  }

  const actor_services& services_;
  std::unique_ptr<signal_subscriber> subscriber_;
  const bool listens_on_;
  const std::shared_ptr<queue_bound> bound_;  ///< Signals that wait for those who attend.
  listeners listeners_;
  listeners beyond_;  ///< For whom bus.signal_rooms has no room.
  std::int64_t subjects_ = 0;
  std::optional<bool> is_up_;  ///< Null before the first answer.
};

}  // namespace

signal_subscriber_handle spawn_signal_subscriber(caf::actor_system& system, const actor_services& services,
                                                 std::unique_ptr<signal_subscriber> subscriber) {
  return system.spawn<signal_subscriber_actor, caf::detached>(services, std::move(subscriber), true);
}

signal_subscriber_handle spawn_signal_subscriber_on_scheduler(caf::actor_system& system, const actor_services& services,
                                                              std::unique_ptr<signal_subscriber> subscriber) {
  return system.spawn<signal_subscriber_actor>(services, std::move(subscriber), false);
}

}  // namespace parley
