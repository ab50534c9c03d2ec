// The job actors: threads for work that blocks and that no storage or reading actor does.
#pragma once

#include <caf/all.hpp>
#include <functional>

namespace parley {

struct run_job;
/// Each on its own thread: one for each auth.password_threads, and one for each files.threads.
using job_handle = caf::typed_actor<caf::reacts_to<run_job>>;

/// Sent by the account actor and by the file shelf, which bound what waits. The job answers by itself.
struct run_job {
  std::function<void()> job;
};

}  // namespace parley

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(parley::run_job)
