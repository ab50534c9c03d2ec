// What a shard does while its node cannot know what ended on other nodes: it holds events back, whole and in order.
// Answers go out, since a client must hear soon that its node cannot serve it; and whatever ends a connection does.
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <utility>

#include "net/delivery_shard.hpp"

namespace parley {

namespace {
constexpr auto look_again = std::chrono::milliseconds(10);
}  // namespace

/// Bounded as what was handed on always is: a room has one batch with a shard, a replay one page, and broadcasts are
/// counted until they are taken.
bool delivery_shard::must_wait(const shard_work& item) const {
  if (const auto* send = std::get_if<send_work>(&item)) return send->what.answers == 0 || send->when_drained;
  return !std::holds_alternative<revoke_work>(item) && !std::holds_alternative<close_work>(item);
}

void delivery_shard::hold(shard_work&& item) {
  held_.push_back(std::move(item));
  counts_.deliveries_held.add(1);
}

void delivery_shard::release_held() {
  for (auto held = std::exchange(held_, {}); !held.empty(); held.pop_front()) {
    counts_.deliveries_held.add(-1);
    take(held.front());
  }
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
