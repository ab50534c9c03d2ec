// Sending to the right lane, and waking who sleeps there.
#include "actors/signal_exchange.hpp"

#include <utility>

#include "parley/event_stream.hpp"

namespace parley {

void signal_exchange::publish(const ephemeral_signal& what) const {
  const auto& to = lane_of(what.subject);
  auto place = to.backlog->bound->try_enter(1);
  if (!place) return dropped_.add();
  caf::anon_send(to.publisher, publish_signal{what, std::move(place)});
}

void signal_exchange::publish_hint() const {
  for (const auto& each : lanes_) {
    if (!each.backlog->owes_hint.exchange(true)) caf::anon_send(each.publisher, publish_signal{});
  }
}

void signal_exchange::attend(const uuid& subject, signal_listener to) const {
  const auto& from = lane_of(subject);
  caf::anon_send(from.subscriber, attend_signals{subject, std::move(to)});
  from.wake();
}

void signal_exchange::leave(const uuid& subject) const {
  const auto& from = lane_of(subject);
  caf::anon_send(from.subscriber, leave_signals{subject});
  from.wake();
}

void signal_exchange::stop() const {
  for (const auto& each : lanes_) {
    caf::anon_send_exit(each.publisher, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(each.subscriber, caf::exit_reason::user_shutdown);
    each.wake();
  }
}

const signal_exchange::lane& signal_exchange::lane_of(const uuid& subject) const {
  return lanes_[partition_of(room_id(subject), partitions_) % lanes_.size()];
}

std::unique_ptr<signal_exchange> open_signal_exchange(caf::actor_system& system, const actor_services& services,
                                                      std::span<const std::unique_ptr<signal_bus>> buses) {
  const auto& settings = services.settings.bus;
  std::vector<signal_exchange::lane> lanes;
  for (const auto& bus : buses) {
    auto backlog = std::make_shared<signal_backlog>();
    backlog->bound = std::make_shared<queue_bound>(settings.signal_queue, services.counts.signal_queue);
    auto subscriber = bus->open_subscriber();
    auto wake = subscriber->waker();
    lanes.push_back({spawn_signal_publisher(system, services, *bus, backlog), backlog,
                     spawn_signal_subscriber(system, services, std::move(subscriber)), std::move(wake)});
  }
  return std::make_unique<signal_exchange>(std::move(lanes), settings.partitions,
                                           services.counts.signals_dropped_total);
}

}  // namespace parley
