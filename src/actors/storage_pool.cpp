// The pool of storage actors: a room's id decides which one.
#include "actors/storage_pool.hpp"

#include <algorithm>
#include <utility>

#include "actors/storage_actor.hpp"
#include "actors/store_watch.hpp"
#include "parley/processors.hpp"

namespace parley {

namespace {

constexpr std::int64_t retry_after_ms = 500;

/// So many that none is the limit, and no more: what comes while one transaction commits makes the next one larger.
std::uint32_t worker_count(const store_config& settings) {
  constexpr std::uint32_t cores_each = 4;
  constexpr std::uint32_t most = 8;
  if (settings.workers != 0) return settings.workers;
  return std::clamp((usable_processors() + cores_each - 1) / cores_each, 1U, most);
}

std::vector<storage_handle> spawn_workers(caf::actor_system& system, const actor_services& services, database& source) {
  const auto count = std::max(1U, std::min(worker_count(services.settings.store), source.max_writers()));
  std::vector<storage_handle> workers;
  for (std::uint32_t i = 0; i < count; ++i) workers.push_back(spawn_storage_actor(system, services, source));
  return workers;
}

}  // namespace

std::unique_ptr<storage_pool> storage_pool::spawn(caf::actor_system& system, const actor_services& services,
                                                  database& source) {
  auto workers = spawn_workers(system, services, source);
  std::vector<caf::actor> watched;
  watched.reserve(workers.size());
  for (const auto& worker : workers) watched.push_back(caf::actor_cast<caf::actor>(worker));
  auto pool = std::make_unique<storage_pool>(services, std::move(workers));
  pool->watch_ = spawn_store_watch(system, std::move(watched));
  return pool;
}

storage_pool::storage_pool(const actor_services& services, std::vector<storage_handle> workers)
    : counts_(services.counts) {
  for (auto& actor : workers) {
    workers_.push_back({std::move(actor), std::make_shared<queue_bound>(services.settings.store.queue_commands,
                                                                        services.counts.storage_queue)});
  }
}

void storage_pool::append(room_id room, std::vector<append_command> commands,
                          answer<std::vector<append_outcome>> reply) const {
  const auto& to = worker_of(room);
  auto place = to.bound->try_enter(static_cast<std::int64_t>(commands.size()));
  if (!place) return refuse(reply);
  caf::anon_send(to.actor, append_to_log{std::move(commands), std::move(reply), std::move(place)});
}

void storage_pool::write(const uuid& key, write_job job, answer<std::monostate> reply) const {
  const auto& to = worker_of(key);
  auto place = to.bound->try_enter(1);
  if (!place) return refuse(reply);
  if (job.key.is_nil()) job.key = key;
  caf::anon_send(to.actor, write_records{std::move(job), std::move(reply), std::move(place)});
}

template <class T>
void storage_pool::refuse(const answer<T>& reply) const {
  counts_.store_busy_total.add();
  reply(busy("Too much waits to be stored; send again.", retry_after_ms));
}

void storage_pool::stop() const {
  if (watch_) caf::anon_send_exit(watch_, caf::exit_reason::user_shutdown);
  for (const auto& each : workers_) caf::anon_send_exit(each.actor, caf::exit_reason::user_shutdown);
}

const storage_pool::worker& storage_pool::worker_of(const uuid& key) const {
  return workers_[std::hash<uuid>{}(key) % workers_.size()];
}

}  // namespace parley
