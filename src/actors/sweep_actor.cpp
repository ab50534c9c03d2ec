// The sweep. A node that is killed between a commit and its news leaves no visible hole, and a bus may lose anything:
// so the last seqs of the rooms in use are compared with the store's, now and then, and at once when a reader says so.
#include "actors/sweep_actor.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "actors/guarded.hpp"
#include "actors/read_pool.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t rooms_a_question = 1'000;
/// Between the end of one and the beginning of the next, however many readers ask for it.
constexpr milliseconds least_pause{250};
/// While the bus is down: then it is the sweep alone that tells rooms of other nodes' events. Also after one that
/// failed.
constexpr milliseconds without_bus{1'000};

class sweep_desk {
 public:
  sweep_desk(sweep_handle::pointer self, const actor_services& services) : self_(self), services_(services) {
    plan(usual_pause());
  }

  void compare(int buses_lost) {
    is_wanted_ = true;
    if (buses_lost_ == 0 && buses_lost > 0) plan(without_bus);
    buses_lost_ += buses_lost;
    if (is_under_way_) {
      wants_another_ = true;  // what was lost may be of a room that has been asked for already
    } else if (services_.time.steady_now() < not_before_) {
      plan_sooner(not_before_);
    } else {
      begin();
    }
  }

  /// Whatever goes wrong in one step, the sweep ends, and another one follows.
  void run(const std::function<void()>& step) {
    try {
      step();
    } catch (...) {
      log_exception("sweep", "sweep_failed");
      fail();
    }
  }

  void tick() {
    if (services_.time.steady_now() < next_) return;  // another one was planned since, which comes
    plan(buses_lost_ == 0 ? usual_pause() : without_bus);
    if (!is_under_way_) begin();
  }

 private:
  [[nodiscard]] milliseconds usual_pause() const {
    return std::chrono::ceil<milliseconds>(std::chrono::duration<double>(services_.settings.bus.sweep_seconds));
  }

  void plan(milliseconds after) {
    next_ = services_.time.steady_now() + after;
    self_->delayed_send(self_, after, sweep_tick{});
  }

  void plan_sooner(steady_time at) {
    if (next_ <= at) return;
    plan(std::chrono::ceil<milliseconds>(at - services_.time.steady_now()));
  }

  void begin() {
    is_under_way_ = true;
    has_failed_ = false;
    caf::anon_send(services_.directory,
                   list_rooms_in_use{continued<std::vector<room_id>>([this](const result<std::vector<room_id>>& rooms) {
                     if (!rooms) return fail();
                     left_ = *rooms;
                     ask_for_some();
                   })});
  }

  void ask_for_some() {
    if (left_.empty()) return end();
    const auto count = std::min(left_.size(), rooms_a_question);
    const auto first = left_.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<room_id> asked(first, left_.end());
    left_.erase(first, left_.end());
    using ends = std::vector<std::pair<room_id, sequence>>;
    services_.reads->ask<ends>([asked = std::move(asked)](database_reader& store) { return store.last_seqs(asked); },
                               continued<ends>([this](const result<ends>& found) {
                                 if (!found) has_failed_ = true;  // these rooms are asked for again by the next one
                                 if (found) caf::anon_send(services_.directory, logs_reached{*found});
                                 ask_for_some();
                               }));
  }

  void end() {
    left_.clear();
    is_under_way_ = false;
    const auto now = services_.time.steady_now();
    not_before_ = now + least_pause;
    if (!has_failed_) services_.counts.sweeps_total.add();
    if (!has_failed_ && std::exchange(is_wanted_, false)) {
      services_.counts.resynced_at_ms.set(services_.time.now().time_since_epoch().count());
    }
    if (has_failed_) plan_sooner(now + without_bus);
    if (std::exchange(wants_another_, false)) plan_sooner(not_before_);
  }

  void fail() {
    has_failed_ = true;
    end();
  }

  /// An answer that runs `then(result<T>)` in this actor.
  template <class T, class Then>
  answer<T> continued(Then then) {
    return answer<T>([me = caf::actor_cast<sweep_handle>(self_), then = std::move(then)](result<T> done) {
      caf::anon_send(me, sweep_continuation{[then, done = std::move(done)] { then(done); }});
    });
  }

  sweep_handle::pointer self_;
  const actor_services& services_;
  steady_time next_{};
  std::vector<room_id> left_;  ///< Rooms that the sweep under way has not asked for yet.
  int buses_lost_ = 0;
  steady_time not_before_{};  ///< For a sweep that is asked for.
  bool is_under_way_ = false;
  bool has_failed_ = false;  ///< The one under way, for some rooms.
  bool wants_another_ = false;
  bool is_wanted_ = false;  ///< It is not only time for it: there are no news of something.
};

}  // namespace

sweep_handle spawn_sweep(caf::actor_system& system, const actor_services& services) {
  return system.spawn(
      [](sweep_handle::pointer self, const actor_services* shared) -> sweep_handle::behavior_type {
        const auto desk = std::make_shared<sweep_desk>(self, *shared);
        return {
            [desk](compare_with_store message) { desk->run([&] { desk->compare(message.buses_lost); }); },
            [desk](sweep_tick) { desk->run([&] { desk->tick(); }); },
            [desk](const sweep_continuation& message) { desk->run(message.then); },
        };
      },
      &services);
}

}  // namespace parley
