// Which rooms the search index is behind with, and its next steps, off the way of messages.
#include "actors/search_actor.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>

#include "actors/guarded.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

/// What is written within it is indexed together.
constexpr milliseconds gathering{100};
constexpr milliseconds after_failure{1'000};
/// For what no room told: written before the start, or by a node that is gone.
constexpr std::chrono::minutes between_looks{5};
constexpr std::size_t rooms_at_once = 100;

/// Lives on the index's thread, but for its making and its end.
struct index_holder {
  std::unique_ptr<search_index> index;

  result<search_index*> open(database& source) {
    if (index) return index.get();
    auto opened = source.open_search_index();
    if (!opened) return opened.error();
    index = std::move(*opened);
    return index.get();
  }
};

class search_desk {
 public:
  search_desk(search_handle::pointer self, const actor_services& services, database& source, job_handle thread)
      : self_(self), services_(services), source_(source), thread_(std::move(thread)) {}

  void on_written(room_written& what) {
    const auto [entry, is_new] = behind_.try_emplace(what.room);
    if (is_new) {
      entry->second.since = services_.time.steady_now();
      waiting_.push_back(what.room);
      services_.counts.search_rooms_behind.set(static_cast<std::int64_t>(behind_.size()));
    } else if (!entry->second.since_then) {
      entry->second.since_then = services_.time.steady_now();
    }
    entry->second.taken = std::move(what.taken);
    plan(gathering);
  }

  void index() {
    is_planned_ = false;
    if (is_busy_ || waiting_.empty()) return;
    std::vector<room_id> rooms;
    while (!waiting_.empty() && rooms.size() < rooms_at_once) {
      const auto room = waiting_.front();
      waiting_.pop_front();
      auto& entry = behind_.at(room);
      entry.since_then.reset();
      // Before its log is read: what it writes from now on it tells again.
      if (entry.taken) std::exchange(entry.taken, nullptr)();
      rooms.push_back(room);
    }
    using outcome = std::vector<room_id>;
    run<outcome>([rooms](search_index& index) { return index.advance(rooms); },
                 [this, rooms](const result<outcome>& more) { on_advanced(rooms, more); });
  }

  /// A new round takes the place of the one before, which would go on beside it for ever.
  void look(look_for_rooms_behind what) {
    if (what.round == 0) what.round = ++round_;
    if (what.round != round_) return;
    if (is_busy_) return plan_look(gathering, what);
    using outcome = search_index::rooms_behind;
    run<outcome>([after = what.after](search_index& index) { return index.find_behind(after); },
                 [this, what](const result<outcome>& found) {
                   if (!found) {
                     if (!waiting_.empty()) plan(after_failure);  // which came while this looked
                     return plan_look(after_failure, what);
                   }
                   for (const auto& room : found->rooms) {
                     room_written written{room, nullptr};
                     if (!behind_.contains(room)) on_written(written);
                   }
                   plan(gathering);
                   plan_look(found->next ? gathering : between_looks, {found->next.value_or(room_id()), what.round});
                 });
  }

 private:
  struct room_entry {
    steady_time since{};                    ///< When the oldest that the index has not taken was told.
    std::optional<steady_time> since_then;  ///< The same of what was told after its log was last begun to be read.
    std::function<void()> taken;
  };

  void on_advanced(const std::vector<room_id>& rooms, const result<std::vector<room_id>>& more) {
    const auto now = services_.time.steady_now();
    // What was written meanwhile is gathered as what came first was: a step for each message costs the store as much as
    // the messages do.
    const bool goes_on_at_once = waiting_.size() >= rooms_at_once || (more && !more->empty());
    for (const auto& room : rooms) {
      const auto found = behind_.find(room);
      auto& entry = found->second;
      // Where the index is not level yet it is told how long it has been behind so far: a room that it never comes up
      // with would not be seen otherwise, nor an index that fails.
      services_.counts.search_lag_seconds.observe(std::chrono::duration<double>(now - entry.since).count());
      const bool is_level = more && std::find(more->begin(), more->end(), room) == more->end();
      if (is_level && !entry.since_then) {
        behind_.erase(found);
        continue;
      }
      if (is_level) entry.since = *entry.since_then;
      waiting_.push_back(room);
    }
    services_.counts.search_rooms_behind.set(static_cast<std::int64_t>(behind_.size()));
    if (waiting_.empty()) return;
    plan(!more ? after_failure : goes_on_at_once ? milliseconds(0) : gathering);
  }

  void plan(milliseconds after) {
    if (is_planned_ || is_busy_) return;
    is_planned_ = true;
    self_->delayed_send(self_, after, index_rooms{});
  }
  void plan_look(milliseconds after, look_for_rooms_behind what) { self_->delayed_send(self_, after, what); }

  /// `work` runs on the index's thread, `then(const result<T>&)` here.
  template <class T, class Work, class Then>
  void run(Work work, Then then) {
    is_busy_ = true;
    const answer<T> done([me = caf::actor_cast<search_handle>(self_), this, then = std::move(then)](result<T> outcome) {
      caf::anon_send(me, search_continuation{[this, then, outcome = std::move(outcome)] {
                       is_busy_ = false;
                       then(outcome);
                     }});
    });
    caf::anon_send(thread_, run_job{[holder = holder_, &source = source_, work = std::move(work), done] {
                     auto index = holder->open(source);
                     if (!index) return done(index.error());
                     done(work(**index));
                   }});
  }

  search_handle::pointer self_;
  const actor_services& services_;
  database& source_;
  job_handle thread_;
  std::shared_ptr<index_holder> holder_ = std::make_shared<index_holder>();
  std::unordered_map<room_id, room_entry> behind_;  ///< Each once in waiting_, or at the index.
  std::deque<room_id> waiting_;
  std::uint64_t round_ = 0;  ///< Of looking.
  bool is_planned_ = false;
  bool is_busy_ = false;
};

}  // namespace

search_handle spawn_search_actor(caf::actor_system& system, const actor_services& services, database& source,
                                 job_handle thread) {
  return system.spawn(
      [](search_handle::pointer self, const actor_services* shared, database* store,
         const job_handle& worker) -> search_handle::behavior_type {
        const auto desk = std::make_shared<search_desk>(self, *shared, *store, worker);
        caf::anon_send(caf::actor_cast<search_handle>(self), look_for_rooms_behind{});
        return {
            [desk](room_written& what) { guarded("search", [&] { desk->on_written(what); }); },
            [desk](const index_rooms&) { guarded("search", [&] { desk->index(); }); },
            [desk](look_for_rooms_behind what) { guarded("search", [&] { desk->look(what); }); },
            [](const search_continuation& what) { guarded("search", what.then); },
        };
      },
      &services, &source, std::move(thread));
}

}  // namespace parley
