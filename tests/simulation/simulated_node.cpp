// The real bus on the simulated Redis; everything else of a node is the actors' test world.
#include "simulation/simulated_node.hpp"

#include "actors/account_actor.hpp"
#include "actors/presence_actor.hpp"
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
      identity_(identity_of(number)),
      log_(database_),
      world_(std::make_unique<testing::actor_world>(settings.shards, &database_)) {
  pass_time(now);
  world_->ids.set_source(number);
  auto& own = world_->settings;
  own.room.idle_seconds = settings.idle_seconds;
  own.replay.ring_events = 8;  // so that much is read from the store
  own.presence.ttl_seconds = settings.ttl_seconds;
  own.presence.grace_seconds = settings.grace_seconds;
  if (settings.has_presence) world_->services->make_presence = spawn_presence;
  if (settings.has_control) {
    join_cluster();
  } else if (settings.has_presence) {
    store.presence.clear();  // as a node that is alone does at its start
  }
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

simulated_node::~simulated_node() {
  if (!accounts_) return;
  caf::anon_send_exit(world_->services->control, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(accounts_, caf::exit_reason::user_shutdown);
  world_->run();
  world_->services->control = nullptr;
  accounts_ = nullptr;
}

/// The other nodes hear of it when it is first moved.
void simulated_node::join_cluster() {
  auto& services = *world_->services;
  database_.set_identity(identity_);
  world_->settings.node.name = host_;
  lease_.expire();
  services.lease = &lease_;
  accounts_ = spawn_account_actor(*world_->system, services, {});
  has_begun_ = false;
  const answer<std::monostate> began([this](const auto& done) { has_begun_ = done.has_value(); });
  services.control = spawn_control_on_scheduler(*world_->system, services, {log_, lease_, identity_, accounts_, began});
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
