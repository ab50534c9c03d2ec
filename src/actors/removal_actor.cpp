// Deletes what somebody wrote who was banned with all messages: page by page, by the rooms, until nothing is left.
#include "actors/removal_actor.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "actors/guarded.hpp"
#include "actors/read_pool.hpp"
#include "actors/storage_pool.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

/// Of one removal at once among a room's commands, so that those who write there hardly wait.
constexpr std::size_t deletions_at_once = 50;
/// Of a room's log, whoever wrote it.
constexpr std::uint32_t messages_a_look = 1'000;
constexpr std::size_t removals_at_once = 8;
/// What does not fit is found by a look.
constexpr std::size_t waiting_removals = 1'000;
constexpr milliseconds before_retry{500};
/// Untouched for so long, it was begun by a node that was killed, or nobody told of it; also the time between two
/// looks.
constexpr std::chrono::seconds removal_is_idle{30};

class removal_desk {
 public:
  removal_desk(removal_handle::pointer self, const actor_services& services) : self_(self), services_(services) {}

  void begin(const message_removal& what) {
    const auto runs = [&](const removal_ptr& one) { return one->what.id == what.id; };
    const auto waits = [&](const message_removal& one) { return one.id == what.id; };
    if (std::any_of(running_.begin(), running_.end(), runs) || std::any_of(waiting_.begin(), waiting_.end(), waits)) {
      return;
    }
    if (running_.size() < removals_at_once) return run(what);
    if (waiting_.size() < waiting_removals) waiting_.push_back(what);
  }

  /// The first one, at the start, takes what is under way elsewhere too: mostly that elsewhere is this node before.
  void look() {
    self_->delayed_send(self_, removal_is_idle, look_for_removals{});
    using found = std::vector<message_removal>;
    const auto now = services_.time.now();
    const auto before = std::exchange(has_looked_, true) ? now - removal_is_idle : now;
    services_.reads->ask<found>(
        [before](database_reader& store) { return store.idle_removals(before, removals_at_once); },
        continued<found>([this](const result<found>& removals) {
          if (!removals) return;
          for (const auto& one : *removals) begin(one);
        }));
  }

 private:
  struct removal {
    message_removal what;
    messages_to_remove page;
    std::size_t outstanding = 0;  ///< Deletions that wait for their answers.
    bool has_failed = false;      ///< One of them.
  };
  using removal_ptr = std::shared_ptr<removal>;

  void run(const message_removal& what) {
    running_.push_back(std::make_shared<removal>(removal{what, {}, 0, false}));
    services_.counts.removals.set(static_cast<std::int64_t>(running_.size()));
    look_at_log(running_.back());
  }

  void look_at_log(const removal_ptr& one) {
    const auto& what = one->what;
    services_.reads->ask<messages_to_remove>(
        [room = what.room, user = what.user, after = what.done](database_reader& store) {
          return store.messages_of(room, user, after, messages_a_look);
        },
        continued<messages_to_remove>([this, one](result<messages_to_remove> page) {
          if (!page) return retry(one);
          one->page = std::move(*page);
          delete_some(one);
        }));
  }

  void delete_some(const removal_ptr& one) {
    auto& left = one->page.messages;
    if (left.empty()) return note(one);
    const auto count = std::min(left.size(), deletions_at_once);
    one->outstanding = count;
    one->has_failed = false;
    for (auto message = left.end() - static_cast<std::ptrdiff_t>(count); message != left.end(); ++message) {
      delete_one(one, *message);
    }
    left.resize(left.size() - count);
  }

  void delete_one(const removal_ptr& one, message_id message) {
    auto command = std::make_shared<pending_command>();
    command->user = one->what.by;
    command->command = delete_message{message, delete_message::removal{one->what.user, one->what.id}};
    command->new_id = services_.ids.next();
    command->reply = continued<change_room::reply>([this, one](const result<change_room::reply>& done) {
      // What was archived meanwhile is not there, and with a lifted ban nothing is.
      if (!done && done.error().code != error_code::not_found) one->has_failed = true;
      if (done && !done->is_duplicate) services_.counts.removed_messages_total.add();
      if (--one->outstanding > 0) return;
      // Looked at once more rather than kept: which of them failed does not matter.
      one->has_failed ? retry(one) : delete_some(one);
    });
    caf::anon_send(services_.directory, to_room{one->what.room, post_to_room{std::move(command)}});
  }

  /// The page is done.
  void note(const removal_ptr& one) {
    const bool is_over = one->page.at_end;
    auto what = one->what;
    what.done = one->page.up_to;
    const auto goes_on = std::make_shared<bool>(false);
    // Alone: two nodes may be at the removals of one room, each in its own order.
    auto job = alone([goes_on, what, is_over, at = services_.time.now()](record_writer& writer) -> result<void> {
      const auto noted = writer.note_removal(what, is_over, at);
      if (!noted) return noted.error();
      *goes_on = *noted;
      return {};
    });
    services_.storage->write(what.room, std::move(job),
                             continued<std::monostate>([=, this](const result<std::monostate>& noted) {
                               if (!noted) return retry(one);
                               if (is_over || !*goes_on) return end(one, *goes_on);
                               one->what.done = what.done;
                               look_at_log(one);
                             }));
  }

  void end(const removal_ptr& one, bool is_complete) {
    if (is_complete) {
      log::info("moderation", "messages_removed", "Room {}: removed with a ban", to_string(one->what.room));
    }
    std::erase(running_, one);
    services_.counts.removals.set(static_cast<std::int64_t>(running_.size()));
    if (waiting_.empty()) return;
    const auto next = waiting_.front();
    waiting_.pop_front();
    run(next);
  }

  void retry(const removal_ptr& one) {
    self_->delayed_send(self_, before_retry, removal_continuation{[this, one] { look_at_log(one); }});
  }

  /// An answer that runs `then(result<T>)` in this actor.
  template <class T, class Then>
  answer<T> continued(Then then) {
    return answer<T>([me = caf::actor_cast<removal_handle>(self_), then = std::move(then)](result<T> done) {
      caf::anon_send(me, removal_continuation{[then, done = std::move(done)] { then(done); }});
    });
  }

  removal_handle::pointer self_;
  const actor_services& services_;
  std::vector<removal_ptr> running_;
  std::deque<message_removal> waiting_;
  bool has_looked_ = false;
};

}  // namespace

removal_handle spawn_removal_actor(caf::actor_system& system, const actor_services& services) {
  return system.spawn(
      [](removal_handle::pointer self, const actor_services* shared) -> removal_handle::behavior_type {
        const auto desk = std::make_shared<removal_desk>(self, *shared);
        caf::anon_send(caf::actor_cast<removal_handle>(self), look_for_removals{});
        return {
            [desk](const begin_removal& message) { guarded("removals", [&] { desk->begin(message.what); }); },
            [desk](const look_for_removals&) { guarded("removals", [&] { desk->look(); }); },
            [](const removal_continuation& message) { guarded("removals", message.then); },
        };
      },
      &services);
}

}  // namespace parley
