// Read markers of a room's members on their way into the store: only forward, and seldom enough.
#pragma once

#include <chrono>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "parley/answer.hpp"
#include "parley/clock.hpp"
#include "parley/codec.hpp"
#include "parley/database.hpp"

namespace parley {

/// A user's first marker is preceded by a look into the store, since only forward can be told when one knows where it
/// stands. Then the first move is stored at once and later ones together, when the interval since the last is over.
/// Other nodes move the marker, too: what the store says counts. Pure state; belongs to one room.
class read_marker_state {
 public:
  using waiter = answer<read_ack>;

  read_marker_state(room_id room, std::chrono::milliseconds interval) : room_(room), interval_(interval) {}

  enum class next : std::uint8_t {
    look_up,  ///< Ask the store where the marker stands, then call known().
    wait,     ///< Something is under way, or take_due() will have it.
    settled,  ///< It stands there or further already: `position` tells, the answer was not taken.
  };
  /// `to` is clamped by the caller. Takes `reply` unless settled, for which the place must be known since then.
  next move(user_id user, sequence to, const waiter& reply, steady_time known_since = steady_time::min());
  /// Where the user's marker stands, if that is known.
  [[nodiscard]] std::optional<sequence> position(const user_id& user) const;

  /// What the look-up said. Returns those whose move is settled by it.
  std::vector<waiter> known(user_id user, sequence position, steady_time asked_at);
  /// The look-up failed: returns those who wait for it.
  std::vector<waiter> look_up_failed(user_id user);

  /// Markers to store now; all that wait when `hurry`. They are under way until stored() or failed().
  std::vector<read_marker> take_due(steady_time now, bool hurry = false);
  /// When take_due() will have something; null when nothing waits for time.
  [[nodiscard]] std::optional<steady_time> next_due() const;
  /// Returns those who are answered by it: the store has the marker at `stands`, which is there or further.
  std::vector<waiter> stored(const read_marker& marker, sequence stands);
  std::vector<waiter> failed(const read_marker& marker);

  /// This or another node tells that it stands there: how far the store has it is to be asked anew. Whether the room's
  /// clients are to be shown it: not twice, and none behind it, since what nodes tell may cross.
  bool shows(user_id user, sequence seq);

  /// The user is no longer a member, or one anew with another marker. Returns all who wait.
  std::vector<waiter> forget(user_id user);
  /// Nothing waits and nothing is under way.
  [[nodiscard]] bool idle() const { return busy_.empty(); }

 private:
  struct entry {
    std::optional<sequence> position;
    steady_time known_at{};  ///< When the store was asked.
    bool looking_up = false;
    std::optional<sequence> wanted;    ///< Not under way yet.
    std::vector<waiter> waiting;       ///< For `wanted`.
    std::vector<waiter> waiting_look;  ///< Who were there already, and are told what the store says.
    std::optional<sequence> under_way;
    std::vector<waiter> waiting_under_way;
    std::optional<steady_time> last_stored;
  };
  void note(const user_id& user, const entry& item);

  room_id room_;
  std::chrono::milliseconds interval_;
  std::unordered_map<user_id, entry> markers_;
  std::unordered_map<user_id, sequence> shown_;
  std::unordered_set<user_id> busy_;  ///< Whose marker waits or is under way.
};

}  // namespace parley
