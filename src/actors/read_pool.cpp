// The pool of reading actors: a question goes to the one with the shortest queue.
#include "actors/read_pool.hpp"

#include <algorithm>
#include <tuple>

#include "actors/store_watch.hpp"

namespace parley {

std::unique_ptr<read_pool> read_pool::spawn(caf::actor_system& system, const actor_services& services, database& source,
                                            std::uint32_t count) {
  std::vector<reading_place> readers;
  std::vector<caf::actor> watched;
  for (std::uint32_t i = 0; i < std::max(1U, count); ++i) {
    readers.push_back(spawn_reading_actor(system, services, source));
    watched.push_back(caf::actor_cast<caf::actor>(readers.back().actor));
  }
  auto pool = std::make_unique<read_pool>(services, std::move(readers));
  pool->watch_ = spawn_store_watch(system, std::move(watched));
  return pool;
}

read_pool::read_pool(const actor_services& services, std::vector<reading_place> readers) : counts_(services.counts) {
  for (auto& place : readers) {
    readers_.push_back({std::move(place),
                        std::make_shared<queue_bound>(services.settings.store.read_queue, services.counts.read_queue)});
  }
}

template <class Make>
bool read_pool::send(Make make) const {
  // One that cannot connect answers at once: its queue would always be the shortest.
  const auto rank = [](const slot& each) { return std::tuple(each.place.is_lost->load(), each.bound->waiting()); };
  const auto shortest = std::min_element(readers_.begin(), readers_.end(),
                                         [&](const slot& a, const slot& b) { return rank(a) < rank(b); });
  auto place = shortest->bound->try_enter(1);
  if (!place) {
    counts_.store_busy_total.add();
    return false;
  }
  caf::anon_send(shortest->place.actor, make(std::move(place)));
  return true;
}

bool read_pool::submit(read_job job) const {
  return send([&](queue_place place) {
    return run_read{[job = std::move(job), place = std::move(place)](database_reader& reader) { job(reader); }};
  });
}

void read_pool::ask(const session_question& question, answer<session_basis> reply) const {
  const bool queued = send([&](queue_place place) { return read_session_basis{question, reply, std::move(place)}; });
  if (!queued) reply(too_much_at_once());
}

std::function<bool()> read_pool::readiness() const {
  std::vector<std::shared_ptr<const std::atomic<bool>>> lost;
  for (const auto& each : readers_) lost.push_back(each.place.is_lost);
  return [lost = std::move(lost)] {
    return std::any_of(lost.begin(), lost.end(), [](const auto& is_lost) { return !is_lost->load(); });
  };
}

void read_pool::stop() const {
  if (watch_) caf::anon_send_exit(watch_, caf::exit_reason::user_shutdown);
  for (const auto& each : readers_) caf::anon_send_exit(each.place.actor, caf::exit_reason::user_shutdown);
}

}  // namespace parley
