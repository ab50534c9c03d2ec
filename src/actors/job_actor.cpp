// A job actor's mailbox.
#include "actors/job_actor.hpp"

#include "parley/log.hpp"

namespace parley {
namespace {

job_handle::behavior_type job_worker() {
  return {
      [](const run_job& what) {
        try {
          what.job();
        } catch (const std::exception& failure) {
          // The job's answer is dropped with it, which tells the one who waits.
          log::error("jobs", "job_failed", "A job threw: {}", failure.what());
        }
      },
  };
}

}  // namespace

job_handle spawn_job_actor(caf::actor_system& system, bool own_thread) {
  return own_thread ? system.spawn<caf::detached>(job_worker) : system.spawn(job_worker);
}

}  // namespace parley
