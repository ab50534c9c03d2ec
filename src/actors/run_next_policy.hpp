// How jobs come to CAF's workers: what a worker's own actor wakes runs next there, the rest comes by one queue for all.
#pragma once

#include <caf/policy/unprofiled.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/coordinator.hpp>
#include <caf/scheduler/worker.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace parley {

/// A scheduler policy of CAF 0.17. Both policies that come with it cost more than a chat's messages themselves: work
/// sharing wakes another thread for each message from actor to actor, and does so with its lock held; work stealing
/// lets idle workers poll. Here a worker keeps the first actor that its running actor wakes and runs it next, as Go's
/// `runnext` and Tokio's LIFO slot do, so that a command goes from its session to its room without a system call. The
/// rest, and all that other threads bring, stands in one queue, to which no more sleepers are on their way than there
/// are jobs. Needs what CAF needs anyway: no actor on a worker blocks or runs for long. See docs/decisions/0021.
class run_next_policy : public caf::policy::unprofiled {
 public:
  using coordinator = caf::scheduler::coordinator<run_next_policy>;
  using worker = caf::scheduler::worker<run_next_policy>;
  using job = caf::resumable;
  using steady_clock = std::chrono::steady_clock;

  /// So many jobs of its own a worker begins, and for so long, before it looks at the queue: two actors that talk to
  /// each other must not keep the others waiting.
  static constexpr unsigned most_in_a_row = 8;
  static constexpr std::chrono::microseconds longest_row{500};

  /// Where one worker sleeps. Each has a condition variable of its own, since glibc before 2.41 may lose a signal for
  /// one with several waiters (bug 25847), and here nobody would signal again.
  struct bed {
    std::condition_variable called;
    bool is_called = false;
  };
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}
    std::mutex lock;  ///< Of all below, and of the beds.
    std::deque<job*> queue;
    std::vector<bed*> asleep;  ///< Those who were not called.
    std::size_t called = 0;    ///< Those who were, and have not looked at the queue yet.
  };
  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
    job* next = nullptr;
    unsigned in_a_row = 0;
    steady_clock::time_point row_began{};
    std::shared_ptr<bed> own_bed;  ///< Made by the worker's thread; whoever calls may come to it when that has ended.
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
  /// In an actor's name, which may be used on another thread than its worker's.
  void internal_enqueue(worker* self, job* what) {
    if (self != current || self->data().next != nullptr) return enqueue(*self->parent(), what);
    self->data().next = what;
  }
  /// For an actor that is about to run for long: what it has woken does not wait for it, where there is another worker.
  static void share_next() {
    if (current == nullptr || current->data().next == nullptr) return;
    enqueue(*current->parent(), std::exchange(current->data().next, nullptr));
  }
  /// It gave way to others, and so goes behind them.
  void resume_job_later(worker* self, job* what) { enqueue(*self->parent(), what); }

  /// Blocks until there is one.
  job* dequeue(worker* self) {
    current = self;
    auto& own = self->data();
    const auto now = steady_clock::now();
    if (own.next != nullptr && own.in_a_row < most_in_a_row && now - own.row_began < longest_row) {
      ++own.in_a_row;
      return std::exchange(own.next, nullptr);
    }
    own.in_a_row = 0;
    own.row_began = now;
    auto& shared = self->parent()->data();
    std::unique_lock guard(shared.lock);
    if (own.next != nullptr) shared.queue.push_back(std::exchange(own.next, nullptr));
    if (shared.queue.empty()) {
      sleep(own, shared, guard);
      own.row_began = steady_clock::now();
    }
    job* const found = shared.queue.front();
    shared.queue.pop_front();
    call_one(shared, guard);
    return found;
  }

  void before_shutdown(worker*) { current = nullptr; }
  /// A worker ends by a job of the queue, to which it has given what was its own.
  template <class Visitor>
  void foreach_resumable(worker*, Visitor) {}
  /// Without the lock while it visits: what a job lets go of may wake another actor.
  template <class Visitor>
  void foreach_central_resumable(coordinator* self, Visitor visit) {
    for (;;) {
      std::unique_lock guard(self->data().lock);
      const auto left = std::exchange(self->data().queue, {});
      guard.unlock();
      if (left.empty()) return;
      for (job* each : left) visit(each);
    }
  }

 private:
  static void enqueue(coordinator& self, job* what) {
    auto& shared = self.data();
    std::unique_lock guard(shared.lock);
    shared.queue.push_back(what);
    call_one(shared, guard);
  }
  /// Until there is something in the queue. Who is called and finds that a busy worker was there first sleeps on.
  static void sleep(worker_data& own, coordinator_data& shared, std::unique_lock<std::mutex>& guard) {
    if (!own.own_bed) own.own_bed = std::make_shared<bed>();
    auto& here = *own.own_bed;
    do {
      here.is_called = false;
      shared.asleep.push_back(&here);
      here.called.wait(guard, [&here] { return here.is_called; });
      --shared.called;
    } while (shared.queue.empty());
  }
  /// The last one who fell asleep, whose caches are the warmest. Without the lock, which is what it needs first.
  static void call_one(coordinator_data& shared, std::unique_lock<std::mutex>& guard) {
    if (shared.asleep.empty() || shared.queue.size() <= shared.called) return guard.unlock();
    bed* const one = shared.asleep.back();
    shared.asleep.pop_back();
    ++shared.called;
    one->is_called = true;
    guard.unlock();
    one->called.notify_one();
  }

  static inline thread_local worker* current = nullptr;
};

}  // namespace parley
