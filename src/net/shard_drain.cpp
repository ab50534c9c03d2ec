// How a shard comes to its end: everybody is told, has a turn, gets what is owed, and is seen off.
#include <algorithm>
#include <exception>
#include <utility>

#include "net/delivery_shard.hpp"
#include "net/outbound_layer.hpp"
#include "parley/log.hpp"

namespace parley {

namespace {
constexpr auto drain_step = std::chrono::milliseconds(50);
// From the last turn on. Answers depend on this node alone, so they are worth waiting for however short the drain is.
constexpr auto answer_patience = std::chrono::seconds(5);
// For peers to take their last bytes and end. It depends on them alone: who drains in no time waits next to none.
constexpr std::chrono::milliseconds least_ending_patience{250};
constexpr std::chrono::milliseconds most_ending_patience{5'000};

/// One connection that fails harms only itself.
template <class Tell>
void guarded(Tell&& tell) {
  try {
    tell();
  } catch (const std::exception& e) {
    log::error("net", "drain_turn_failed", "{}", e.what());
  }
}
}  // namespace

void delivery_shard::begin_drain(std::chrono::milliseconds duration, std::function<void()> when_done) {
  const auto now = std::chrono::steady_clock::now();
  if (drain_) {
    if (drain_->finished) return when_done();
    drain_->ends = now;
    drain_->ending_patience = least_ending_patience;
    drain_->when_done.push_back(std::move(when_done));
    drain_->timer.cancel();
    return;
  }
  // The last ones, too, are to be gone when it is over.
  const auto turns_take = duration * 9 / 10;
  drain_ = std::make_unique<drain>(context_);
  drain_->started = now;
  drain_->ends = now + turns_take;
  drain_->ending_patience = std::clamp(duration, least_ending_patience, most_ending_patience);
  drain_->when_done.push_back(std::move(when_done));
  announce_drain(turns_take);
  continue_drain();
}

void delivery_shard::announce_drain(std::chrono::milliseconds duration) {
  for (const auto& [number, of] : connections_) drain_->turns.push_back(number);
  const auto count = static_cast<std::int64_t>(drain_->turns.size());
  for (std::int64_t i = 0; i < count; ++i) {
    connection* of = find(drain_->turns[static_cast<std::size_t>(i)]);
    if (of == nullptr || of->is_closing) continue;
    guarded([&] { of->events->on_drain_announced(duration.count() * (i + 1) / count); });
  }
}

void delivery_shard::continue_drain() {
  // Before the work, so that nothing that fails in it ends the draining.
  drain_->timer.expires_after(drain_step);
  // A cancelled timer means that the end was moved: look again.
  drain_->timer.async_wait([this](boost::system::error_code) {
    if (drain_ && !closed_ && !drain_->finished) continue_drain();
  });
  const auto now = std::chrono::steady_clock::now();
  give_turns(now);
  if (!drain_is_over(now)) return;
  drain_->finished = true;
  drain_->timer.cancel();
  for (const auto& done : std::exchange(drain_->when_done, {})) done();
}

void delivery_shard::give_turns(std::chrono::steady_clock::time_point now) {
  const auto whole = drain_->ends - drain_->started;
  std::size_t due = drain_->turns.size();
  if (now < drain_->ends) {
    due = static_cast<std::size_t>(static_cast<double>(due) * static_cast<double>((now - drain_->started).count()) /
                                   static_cast<double>(whole.count()));
  } else {
    // Who came while the draining had begun has its turn at the end.
    drain_->turns.clear();
    drain_->next_turn = 0;
    for (const auto& [number, of] : connections_) drain_->turns.push_back(number);
    due = drain_->turns.size();
  }
  for (; drain_->next_turn < due; ++drain_->next_turn) {
    connection* of = find(drain_->turns[drain_->next_turn]);
    if (of != nullptr && !of->is_closing) guarded([&] { of->events->on_drain_turn(); });
  }
}

bool delivery_shard::drain_is_over(std::chrono::steady_clock::time_point now) {
  const bool all_had_turns = now >= drain_->ends || connections_.empty();
  const bool owes = !connections_.empty() || requests_owed_ > 0;
  if (!drain_->settled) {
    if (!all_had_turns || (owes && now < drain_->ends + answer_patience)) return false;
    drain_->settled = now;
  }
  // A connection has left the table when its close frame is in its outbox, an answer is given when it is in its
  // connection's: both have yet to arrive.
  const bool is_leaving = frame_layers_ > 0 || counts_.rest_in_flight.value() > 0;
  return !is_leaving || now >= *drain_->settled + drain_->ending_patience;
}

void delivery_shard::close_all() {
  if (closed_) return;
  closed_ = true;
  if (drain_) drain_->timer.cancel();
  // Closing only cancels operations; their handlers, and with them the connections' ends, run later.
  for (outbound_layer* layer : layers_) layer->close();
  guard_.reset();
}

}  // namespace parley
