// The pool of reading actors: a question goes to the one with the shortest queue.
#include "actors/read_pool.hpp"

#include <algorithm>

#include "actors/reading_actor.hpp"

namespace parley {

std::unique_ptr<read_pool> read_pool::spawn(caf::actor_system& system, const actor_services& services, database& source,
                                            std::uint32_t count) {
  std::vector<reading_handle> readers;
  for (std::uint32_t i = 0; i < std::max(1U, count); ++i) {
    readers.push_back(spawn_reading_actor(system, services, source));
  }
  return std::make_unique<read_pool>(services, std::move(readers));
}

read_pool::read_pool(const actor_services& services, std::vector<reading_handle> readers) : counts_(services.counts) {
  for (auto& actor : readers) {
    readers_.push_back({std::move(actor),
                        std::make_shared<queue_bound>(services.settings.store.read_queue, services.counts.read_queue)});
  }
}

template <class Make>
bool read_pool::send(Make make) const {
  const auto shortest = std::min_element(readers_.begin(), readers_.end(), [](const slot& a, const slot& b) {
    return a.bound->waiting() < b.bound->waiting();
  });
  auto place = shortest->bound->try_enter(1);
  if (!place) {
    counts_.store_busy_total.add();
    return false;
  }
  caf::anon_send(shortest->actor, make(std::move(place)));
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

void read_pool::stop() const {
  for (const auto& each : readers_) caf::anon_send_exit(each.actor, caf::exit_reason::user_shutdown);
}

}  // namespace parley
