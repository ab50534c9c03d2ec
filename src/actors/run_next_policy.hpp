// How jobs come to CAF's workers: what a worker's own actor wakes runs next there, everything else by one queue for
// all.
#pragma once

#include <caf/policy/unprofiled.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/coordinator.hpp>
#include <caf/scheduler/worker.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

namespace parley {

/// A scheduler policy of CAF 0.17. Both policies that come with it cost more than a chat's messages themselves: work
/// sharing wakes another thread for each message from actor to actor, and does so with its lock held; work stealing
/// lets idle workers poll. Here a worker keeps the first actor that its running actor wakes and runs it next, as Go's
/// `runnext` and Tokio's LIFO slot do, so that a command goes from its session to its room without a system call. The
/// rest, and all that other threads bring, stands in one queue; only one sleeper at a time is on its way to it and
/// wakes the next one when more is left. Needs what CAF needs anyway: no actor on a worker blocks. See
/// docs/decisions/0021.
class run_next_policy : public caf::policy::unprofiled {
 public:
  using coordinator = caf::scheduler::coordinator<run_next_policy>;
  using worker = caf::scheduler::worker<run_next_policy>;
  using job = caf::resumable;

  /// So many jobs of its own a worker runs before it looks at the queue, so that two actors that talk to each other do
  /// not keep the others waiting.
  static constexpr unsigned most_in_a_row = 8;

  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}
    std::mutex lock;  ///< Of all below.
    std::condition_variable work;
    std::deque<job*> queue;
    std::size_t sleeping = 0;
    bool is_waking = false;  ///< A sleeper was notified and has not looked at the queue yet.
  };
  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
    job* next = nullptr;
    unsigned in_a_row = 0;
  };

  /// From any thread; from a worker's (what is sent there in nobody's name) as its own.
  void central_enqueue(coordinator* self, job* what) {
    if (current != nullptr && current->parent() == self) {
      internal_enqueue(current, what);
    } else {
      enqueue(*self, what);
    }
  }
  void external_enqueue(worker* self, job* what) { enqueue(*self->parent(), what); }
  void internal_enqueue(worker* self, job* what) {
    auto& next = self->data().next;
    next == nullptr ? void(next = what) : enqueue(*self->parent(), what);
  }
  /// It gave way to others, and so goes behind them.
  void resume_job_later(worker* self, job* what) { enqueue(*self->parent(), what); }

  /// Blocks until there is one.
  job* dequeue(worker* self) {
    current = self;
    auto& own = self->data();
    auto& shared = self->parent()->data();
    if (own.next != nullptr && own.in_a_row < most_in_a_row) {
      ++own.in_a_row;
      return std::exchange(own.next, nullptr);
    }
    own.in_a_row = 0;
    std::unique_lock guard(shared.lock);
    if (own.next != nullptr) shared.queue.push_back(std::exchange(own.next, nullptr));
    while (shared.queue.empty()) {
      ++shared.sleeping;
      shared.work.wait(guard);
      --shared.sleeping;
      shared.is_waking = false;
    }
    job* const found = shared.queue.front();
    shared.queue.pop_front();
    if (!shared.queue.empty()) wake_one(shared, guard);
    return found;
  }

  void before_shutdown(worker*) { current = nullptr; }
  /// A worker ends by a job of the queue, and looks there only when it has none of its own.
  template <class Visitor>
  void foreach_resumable(worker*, Visitor) {}
  template <class Visitor>
  void foreach_central_resumable(coordinator* self, Visitor visit) {
    auto& shared = self->data();
    const std::lock_guard guard(shared.lock);
    for (job* each : std::exchange(shared.queue, {})) visit(each);
  }

 private:
  static void enqueue(coordinator& self, job* what) {
    auto& shared = self.data();
    std::unique_lock guard(shared.lock);
    shared.queue.push_back(what);
    wake_one(shared, guard);
  }
  /// Notified without the lock, which the woken one takes first of all.
  static void wake_one(coordinator_data& shared, std::unique_lock<std::mutex>& guard) {
    const bool wakes = shared.sleeping > 0 && !shared.is_waking;
    shared.is_waking = shared.is_waking || wakes;
    guard.unlock();
    if (wakes) shared.work.notify_one();
  }

  static inline thread_local worker* current = nullptr;
};

}  // namespace parley
