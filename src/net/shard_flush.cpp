// How a shard empties its outboxes into the sockets, many at once.
#include <algorithm>
#include <utility>

#include "net/delivery_shard.hpp"
#include "net/outbound_layer.hpp"

namespace parley {

namespace {
constexpr std::size_t sockets_a_call = 256;  // by io_uring it is one
constexpr std::size_t parts_a_socket = 64;

void prefetch_ahead(std::span<outbound_layer* const> layers, std::size_t place) {
  if (place + outbound_layer::fetched_ahead < layers.size()) layers[place + outbound_layer::fetched_ahead]->prefetch();
}
}  // namespace

void delivery_shard::add_layer(outbound_layer& layer) {
  layers_.insert(&layer);
  counts_.connections_total.add();
}

void delivery_shard::remove_layer(outbound_layer& layer) {
  // A late answer to a REST call may drop its connection on an actor's thread, after our end.
  if (ended_) return;
  layers_.erase(&layer);
  if (layer.in_frames()) --frame_layers_;
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
  for (std::size_t i = 0; i < layers.size(); ++i) {
    prefetch_ahead(layers, i);
    outbound_layer* const layer = layers[i];
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
    prefetch_ahead(job_layers_, i);
    if (job_layers_[i]->on_sent(jobs_[i].sent)) mark_dirty(*job_layers_[i]);
  }
  const auto [bytes, frames] = std::exchange(sent_, {});
  if (bytes > 0) counts_.bytes_sent_total.add(bytes);
  if (frames > 0) counts_.frames_sent_total.add(frames);
  for (outbound_layer* layer : layers) layer->after_flush();
}

}  // namespace parley
