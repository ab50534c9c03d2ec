// A password actor's mailbox.
#include "actors/password_actor.hpp"

#include "parley/log.hpp"

namespace parley {
namespace {

password_handle::behavior_type password_worker() {
  return {
      [](const run_password_job& what) {
        try {
          what.job();
        } catch (const std::exception& failure) {
          // The job's answer is dropped with it, which tells the one who waits.
          log::error("accounts", "password_job_failed", "A password job threw: {}", failure.what());
        }
      },
  };
}

}  // namespace

password_handle spawn_password_actor(caf::actor_system& system, bool own_thread) {
  return own_thread ? system.spawn<caf::detached>(password_worker) : system.spawn(password_worker);
}

}  // namespace parley
