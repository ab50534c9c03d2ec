// A signal publisher: what waits goes out in one round trip, and what cannot go out now is worth nothing later.
#include "actors/signal_publisher_actor.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "actors/guarded.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

/// Of one round trip.
constexpr std::size_t signals_at_once = 1'000;
/// Until then everything is dropped: to find out costs up to the time for a connection and an answer.
constexpr std::chrono::milliseconds before_next_try{200};

class signal_publisher_actor final : public signal_publisher_handle::base {
 public:
  signal_publisher_actor(caf::actor_config& config, const actor_services& services, signal_bus& bus,
                         std::shared_ptr<signal_backlog> backlog)
      : signal_publisher_handle::base(config),
        services_(services),
        publisher_(bus.open_publisher()),
        backlog_(std::move(backlog)) {}

  behavior_type make_behavior() override {
    return {
        [this](publish_signal& message) {
          guarded("signals", [&] {
            if (message.what) waiting_.push_back(std::move(message));
            if (!is_planned_) plan();
          });
        },
        [this](flush_signals) {
          is_planned_ = false;
          guarded("signals", [&] { flush(); });
        },
    };
  }
  void on_exit() override {
    waiting_.clear();
    publisher_.reset();
  }

 private:
  /// Behind what is in the mailbox already, so that it goes along.
  void plan() {
    is_planned_ = true;
    send(this, flush_signals{});
  }

  void flush() {
    if (backlog_->owes_hint.exchange(false)) owes_hint_ = true;
    if (services_.time.steady_now() < not_before_) return drop();
    const auto count = std::min(waiting_.size(), signals_at_once);
    auto sent = publish(count);
    if (sent) {
      services_.counts.signals_published_total.add(count);
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
      if (owes_hint_) sent = publisher_->publish_hint();
    }
    if (!sent) return fail(sent.error());
    owes_hint_ = false;
    if (std::exchange(is_up_, true) == false) log::info("bus", "signals_go_out", "Signals go out again");
    if (!waiting_.empty() && !is_planned_) plan();
  }

  result<void> publish(std::size_t count) {
    if (count == 0) return {};
    std::vector<ephemeral_signal> signals;
    signals.reserve(count);
    for (std::size_t i = 0; i < count; ++i) signals.push_back(*waiting_[i].what);
    return publisher_->publish(signals);
  }

  void fail(const error& why) {
    if (std::exchange(is_up_, false) != false) {
      log::warn("bus", "signals_do_not_go_out", "Typing and read markers stay on this node: {}", why.message);
    }
    not_before_ = services_.time.steady_now() + before_next_try;
    drop();
  }

  /// But a hint, which holds nothing that could be late, is tried until it is out.
  void drop() {
    services_.counts.signals_dropped_total.add(waiting_.size());
    waiting_.clear();
    if (!owes_hint_ || is_planned_) return;
    is_planned_ = true;
    delayed_send(this, before_next_try, flush_signals{});
  }

  const actor_services& services_;
  std::unique_ptr<signal_publisher> publisher_;
  const std::shared_ptr<signal_backlog> backlog_;
  std::deque<publish_signal> waiting_;
  steady_time not_before_{};
  bool is_planned_ = false;
  bool owes_hint_ = false;
  std::optional<bool> is_up_;  ///< Null before the first answer.
};

}  // namespace

signal_publisher_handle spawn_signal_publisher(caf::actor_system& system, const actor_services& services,
                                               signal_bus& bus, std::shared_ptr<signal_backlog> backlog) {
  return system.spawn<signal_publisher_actor, caf::detached>(services, bus, std::move(backlog));
}

signal_publisher_handle spawn_signal_publisher_on_scheduler(caf::actor_system& system, const actor_services& services,
                                                            signal_bus& bus, std::shared_ptr<signal_backlog> backlog) {
  return system.spawn<signal_publisher_actor>(services, bus, std::move(backlog));
}

}  // namespace parley
