// What a shard does while its node cannot know what ended on other nodes: it holds back whatever could show an event,
// whole and in order. Errors go out, since a client must hear soon that its node cannot serve it, and so does whatever
// ends a connection.
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <utility>

#include "net/delivery_shard.hpp"
#include "parley/log.hpp"

namespace parley {

namespace {
constexpr auto look_again = std::chrono::milliseconds(10);
/// So that a connection's outbox need not take all that waited for it at once.
constexpr std::size_t released_before_a_flush = 256;
}  // namespace

/// Acks wait too: one of a resume must not overtake what came before it.
bool delivery_shard::must_wait(const shard_work& item) {
  if (const auto* send = std::get_if<send_work>(&item)) return !send->what.is_error || send->when_drained;
  return !std::holds_alternative<revoke_work>(item) && !std::holds_alternative<close_work>(item);
}

/// Typing and read markers are dropped. Presence waits, since a change is told once: whoever missed that somebody went
/// off would see a ghost. It is bounded as signals are, by net.broadcast_queue; the rest by what those who hand it on
/// may have with a shard: a room one batch, a replay one page; and a node that holds back takes no new frames and no
/// new connections.
void delivery_shard::hold(shard_work&& item) {
  if (std::holds_alternative<room_broadcast>(item)) {
    waiting_broadcasts_.fetch_sub(1, std::memory_order_relaxed);
    counts_.broadcast_queue.add(-1);
    return counts_.ephemeral_dropped_total.add();
  }
  if (const auto* send = std::get_if<send_work>(&item);
      send != nullptr && send->what.ephemeral && !send->when_drained) {
    if (!send->what.is_told_once || held_presence_ >= most_broadcasts_) return counts_.ephemeral_dropped_total.add();
    ++held_presence_;
  }
  try {
    held_.push_back(std::move(item));
    counts_.deliveries_held.add(1);
  } catch (const std::exception& e) {
    log::error("net", "delivery_failed", "shard {}: {}", index_, e.what());
  }
}

/// A frame that is read behind a lapse must not overtake the end of its log-in, which the queue may have.
bool delivery_shard::knows_who_is_out(steady_time now) {
  if (!lease_.holds(now)) return false;
  const std::uint64_t term = lease_.term();
  if (term != term_heard_ && queue_.is_empty()) term_heard_ = term;
  return term == term_heard_;
}

void delivery_shard::release_held() {
  held_presence_ = 0;
  std::size_t released = 0;
  for (auto held = std::exchange(held_, {}); !held.empty(); held.pop_front()) {
    counts_.deliveries_held.add(-1);
    take(held.front());
    if (++released % released_before_a_flush == 0) flush();
  }
}

void delivery_shard::drop_all() {
  queue_.take_all([](shard_work&&) {});
  counts_.deliveries_held.add(-static_cast<std::int64_t>(held_.size()));
  held_.clear();
  held_presence_ = 0;
}

void delivery_shard::look_at_lease_again() {
  if (std::exchange(looks_again_, true)) return;
  const auto timer = std::make_shared<boost::asio::steady_timer>(context_, look_again);
  timer->async_wait([this, timer](boost::system::error_code) {
    looks_again_ = false;
    if (!closed_) work();
  });
}

}  // namespace parley
