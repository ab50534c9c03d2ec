// The roster: every few seconds this node's rooms in one piece, away from the messages' way, and all nodes' rooms when
// an operator asks.
#include "actors/roster_actor.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "actors/guarded.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds between_writes{5'000};
/// A message that is on its way keeps a thread, and a node that stops waits for that.
constexpr milliseconds tick{250};
static_assert(between_writes * 3 < roster_lifetime, "one that fails must not make a node's rooms disappear");
/// Questions that stand behind one that just failed are not asked, since each could wait as long.
constexpr milliseconds before_asking_again{500};

class roster final : public roster_handle::base {
 public:
  roster(caf::actor_config& config, const actor_services& services, room_roster& board)
      : roster_handle::base(config), services_(services), board_(board) {}

  behavior_type make_behavior() override {
    send(this, roster_tick{});
    return {
        [this](roster_tick) {
          delayed_send(this, tick, roster_tick{});
          if (services_.time.steady_now() < next_) return;
          next_ = services_.time.steady_now() + between_writes;
          count();
        },
        [this](rooms_counted& message) { guarded("roster", [&] { write(std::move(message.rooms)); }); },
        [this](const read_roster& message) { guarded("roster", [&] { read(message); }); },
    };
  }
  /// While Redis is down this would only delay the node's end; the list goes away by itself.
  void on_exit() override {
    if (is_up_ == true) guarded("roster", [this] { (void)board_.withdraw(); });
  }

 private:
  void count() {
    anon_send(services_.directory, count_rooms{answer<std::vector<roster_entry>>(
                                       [me = caf::weak_actor_ptr(ctrl())](result<std::vector<roster_entry>> counted) {
                                         const auto strong = caf::actor_cast<caf::strong_actor_ptr>(me);
                                         if (!counted || !strong) return;
                                         caf::anon_send(caf::actor_cast<roster_handle>(strong),
                                                        rooms_counted{std::move(*counted)});
                                       })});
  }

  void write(std::vector<roster_entry> rooms) {
    std::uint64_t left_out = 0;
    if (rooms.size() > most_roster_rooms) {
      // By their ids where connections do not tell: so that it is mostly the same ones each time.
      const auto is_before = [](const roster_entry& one, const roster_entry& other) {
        return one.connections != other.connections ? one.connections > other.connections : one.room < other.room;
      };
      std::nth_element(rooms.begin(), rooms.begin() + most_roster_rooms, rooms.end(), is_before);
      left_out = rooms.size() - most_roster_rooms;
      rooms.resize(most_roster_rooms);
    }
    const auto written = board_.write(services_.identity->get(), rooms, left_out);
    if (!written) return note_failure(written.error());
    if (std::exchange(is_up_, true) == false) log::info("bus", "rooms_listed", "The rooms in use are listed again");
  }

  void read(const read_roster& message) {
    if (services_.time.steady_now() < not_before_) return message.reply(*last_failure_);
    auto found = board_.read();
    if (!found) note_failure(found.error());
    message.reply(std::move(found));
  }

  void note_failure(const error& why) {
    services_.counts.roster_failures_total.add();
    not_before_ = services_.time.steady_now() + before_asking_again;
    last_failure_ = why;
    if (std::exchange(is_up_, false) == false) return;
    log::warn("bus", "rooms_not_listed", "The rooms in use here are not listed for operators: {}", why.message);
  }

  const actor_services& services_;
  room_roster& board_;
  steady_time next_{}, not_before_{};
  std::optional<error> last_failure_;
  std::optional<bool> is_up_;  ///< Null before the first answer.
};

}  // namespace

roster_handle spawn_roster(caf::actor_system& system, const actor_services& services, room_roster& board) {
  return system.spawn<roster, caf::detached>(services, board);
}

roster_handle spawn_roster_on_scheduler(caf::actor_system& system, const actor_services& services, room_roster& board) {
  return system.spawn<roster>(services, board);
}

}  // namespace parley
