// The real bus on the simulated Redis; everything else of a node is the actors' test world.
#include "simulation/simulated_node.hpp"

#include "simulation/simulated_redis.hpp"
#include "store/redis_event_stream.hpp"

namespace parley::simulation {
namespace {

uuid identity_of(std::uint16_t number) {
  uuid id;
  id.bytes[0] = 3;
  id.bytes[14] = static_cast<std::uint8_t>(number >> 8);
  id.bytes[15] = static_cast<std::uint8_t>(number);
  return id;
}

}  // namespace

simulated_node::simulated_node(simulated_store& store, const node_settings& settings, std::uint16_t number,
                               std::chrono::milliseconds now)
    : database_(store),
      host_("node" + std::to_string(number)),
      world_(std::make_unique<testing::actor_world>(settings.shards, &database_)) {
  pass_time(now);
  world_->ids.set_source(number);
  auto& own = world_->settings;
  own.room.idle_seconds = settings.idle_seconds;
  own.replay.ring_events = 8;  // so that much is read from the store
  if (!settings.has_bus) return;
  own.bus.partitions = settings.partitions;
  own.bus.sweep_seconds = settings.sweep_seconds;
  own.bus.backlog_bytes = settings.backlog_bytes;
  redis_stream_options options;
  options.redis.host = host_;
  options.partitions = settings.partitions;
  for (std::uint32_t i = 0; i < settings.partitions; ++i) options.owned.push_back(i);
  options.stream_entries = settings.stream_entries;
  options.tail_entries = 0;  // replays have a test of their own
  stream_ = open_redis_event_stream(options, identity_of(number));
  world_->join(*stream_);
}

void simulated_node::cut_off() {
  database_.cut_off();
  if (stream_) simulated_redis::current().cut_off(host_);
}

void simulated_node::pass_time(std::chrono::milliseconds by) {
  world_->time.advance(by);
  world_->scheduler->clock().advance_time(by);
}

void simulated_node::wake_reader() {
  if (stream_) world_->wake_reader();
}

}  // namespace parley::simulation
