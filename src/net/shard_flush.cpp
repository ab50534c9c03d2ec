// How a shard empties its outboxes into the sockets, many at once, and how it comes to its end.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "net/delivery_shard.hpp"
#include "net/outbound_layer.hpp"

namespace parley {

namespace {
constexpr std::size_t sockets_a_call = 64;
constexpr std::size_t parts_a_socket = 64;
constexpr auto drain_step = std::chrono::milliseconds(50);
constexpr auto drain_patience = std::chrono::seconds(5);  // after the last turn
}  // namespace

// Its timer must go before the context.
delivery_shard::~delivery_shard() { drain_.reset(); }

void delivery_shard::add_layer(outbound_layer& layer) {
  layers_.insert(&layer);
  counts_.connections.add(1);
  counts_.connections_total.add();
}

void delivery_shard::remove_layer(outbound_layer& layer) {
  counts_.connections.add(-1);
  // A late answer to a REST call may drop its connection on an actor's thread, after our end.
  if (ended_) return;
  layers_.erase(&layer);
  if (layer.is_dirty) std::erase(dirty_, &layer);
}

void delivery_shard::mark_dirty(outbound_layer& layer) {
  if (layer.is_dirty || ended_) return;
  layer.is_dirty = true;
  dirty_.push_back(&layer);
  schedule_work();
}

void delivery_shard::flush() {
  while (!dirty_.empty()) {
    std::swap(dirty_, flushing_);
    const std::span<outbound_layer* const> all = flushing_;
    for (std::size_t done = 0; done < all.size(); done += sockets_a_call) {
      flush_some(all.subspan(done, std::min(sockets_a_call, all.size() - done)));
    }
    flushing_.clear();
  }
}

void delivery_shard::flush_now(outbound_layer& layer) {
  outbound_layer* const one[] = {&layer};
  do {
    if (layer.is_dirty) std::erase(dirty_, &layer);
    flush_some(one);
  } while (layer.is_dirty);
}

void delivery_shard::flush_some(std::span<outbound_layer* const> layers) {
  parts_.resize(sockets_a_call * parts_a_socket);
  jobs_.clear();
  job_layers_.clear();
  std::size_t used = 0;
  for (outbound_layer* layer : layers) {
    layer->is_dirty = false;
    const std::span<iovec> own = std::span(parts_).subspan(used, parts_a_socket);
    if (const std::size_t count = layer->gather(own); count > 0) {
      jobs_.push_back({layer->native_socket(), own.data(), count, 0});
      job_layers_.push_back(layer);
      used += count;
    }
  }
  if (!jobs_.empty()) {
    sender_->send(jobs_);
    counts_.socket_writes_total.add(jobs_.size());
  }
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    if (job_layers_[i]->on_sent(jobs_[i].sent)) mark_dirty(*job_layers_[i]);
  }
  for (outbound_layer* layer : layers) layer->after_flush();
}

void delivery_shard::begin_drain(std::chrono::milliseconds duration, std::function<void()> when_done) {
  const auto now = std::chrono::steady_clock::now();
  if (drain_) {
    if (drain_->finished) return when_done();
    drain_->ends = now;
    drain_->when_done.push_back(std::move(when_done));
    drain_->timer.cancel();
    return;
  }
  drain_ = std::make_unique<drain>(context_);
  drain_->started = now;
  drain_->ends = now + duration;
  drain_->when_done.push_back(std::move(when_done));
  for (const auto& [number, of] : connections_) drain_->turns.push_back(number);
  const auto count = static_cast<std::int64_t>(drain_->turns.size());
  for (std::int64_t i = 0; i < count; ++i) {
    connection* of = find(drain_->turns[static_cast<std::size_t>(i)]);
    if (of != nullptr && !of->is_closing) of->events->on_drain_announced(duration.count() * (i + 1) / count);
  }
  continue_drain();
}

void delivery_shard::continue_drain() {
  const auto now = std::chrono::steady_clock::now();
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
    if (of != nullptr && !of->is_closing) of->events->on_drain_turn();
  }
  if (connections_.empty() || now >= drain_->ends + drain_patience) {
    drain_->finished = true;
    for (const auto& done : std::exchange(drain_->when_done, {})) done();
    return;
  }
  drain_->timer.expires_after(drain_step);
  // A cancelled timer means that the end was moved: look again.
  drain_->timer.async_wait([this](boost::system::error_code) {
    if (drain_ && !closed_) continue_drain();
  });
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
