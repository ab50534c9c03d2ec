// The actor of one room: the mailbox around room_state, its batcher, its fan-out and its read markers.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

#include "actors/actor_services.hpp"
#include "actors/batch_pace.hpp"
#include "actors/read_marker_state.hpp"
#include "actors/room_batcher.hpp"
#include "actors/room_fanout.hpp"
#include "actors/room_figures.hpp"
#include "actors/room_state.hpp"
#include "actors/typing_throttle.hpp"
#include "parley/refusals.hpp"

namespace parley {

/// Made by spawn_room. Its handlers stand in room_actor.cpp (its life), room_commands.cpp (commands and events) and
/// room_signals.cpp (replay, typing, read markers).
class room final : public room_handle::base {
 public:
  room(caf::actor_config& config, const actor_services& services, room_id id, bool after_crash,
       std::shared_ptr<room_figures> figures);

  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  // Its life.
  using early_message = std::variant<hold_room, post_to_room, move_read_marker>;
  void load();
  void on_loaded(room_loaded& message);
  void on_early(early_message message);
  void refuse(early_message& message);
  void hold(hold_room& message);
  void release_holder(connection_ref connection);
  void tell_members_again();
  void on_tick();
  void plan_tick();
  void retire_if_idle();
  void on_retirement(const retirement_decided& message);
  void close();
  void quit_if_done();
  void note_sender();
  [[nodiscard]] std::chrono::seconds idle_time() const;
  void touch() { last_activity_ = services_.time.steady_now(); }
  [[nodiscard]] bool has_work() const;
  [[nodiscard]] room_handle self_handle() { return caf::actor_cast<room_handle>(this); }

  // Commands and events.
  void post(post_to_room& message);
  void send_next_batch();
  [[nodiscard]] bool waits_for_more();
  void on_batch_stored(batch_stored& message);
  void trace(const std::vector<append_outcome>& outcomes) const;
  /// Of what another node accepted; `events` are not in the room's order yet.
  void trace_heard(const std::vector<durable_event>& events, message_origin from) const;
  /// `is_own`: by a command of this node; what other nodes stored they tell search themselves.
  void release_ready(bool is_own = true);
  void tell_search();
  void note_answers_due();
  void look_for_missing();
  void read_missing(bool behind_the_store);
  void on_hole_read(hole_read& message);
  void start_anew(const hole_read& read);

  // Other nodes.
  [[nodiscard]] std::vector<durable_event> news_of(const std::vector<append_outcome>& outcomes) const;
  void mirror(const std::vector<durable_event>& events, std::optional<steady_time> since) const;
  void on_heard(const events_heard& message);
  void on_log_reached(log_reached message);
  void await_news();
  void doubt_what_was_heard(const log_page& page);
  /// Somebody waits for events that the store has, or may have.
  [[nodiscard]] bool lacks_something() const;

  // Replay, typing, read markers.
  void on_catch_up(const catch_up& ask);
  struct parked_catch_up;
  void take_step(parked_catch_up ask);
  void send_step(const catch_up& ask, replay_step plan);
  void retry_parked();
  void let_go_of_parked(steady_time now);
  [[nodiscard]] bool may_be_behind_store(std::uint64_t batch) const;
  void relay(relay_typing& message);
  void mark(move_read_marker& message);
  void move_marker(const move_read_marker& message, sequence end);
  void read_end();
  void on_end_read(const end_read& message);
  void on_marker_known(marker_known& message);
  void store_due_markers();
  void on_markers_stored(const markers_stored& message);
  void show_typing(const user_id& user, bool is_typing);
  void show_marker(const user_id& user, sequence seq);
  /// To the same people on other nodes.
  void publish(const signal_body& what) const;
  void on_signal(const signal_heard& message);
  /// Other nodes tell only those nodes that have somebody to tell. After each change of the attachments.
  void note_attachments();
  void answer_markers(user_id user, sequence seq, std::vector<read_marker_state::waiter> waiters);

  struct holder {
    user_id user;
    session_handle session;
  };

  const actor_services& services_;
  const room_id id_;
  const bool after_crash_;
  const std::shared_ptr<room_figures> figures_;
  std::optional<error> unknown_;  ///< Why the room cannot be used; it then only answers until it is let go.
  bool closing_ = false;
  bool retiring_ = false;
  std::uint64_t received_ = 0;  ///< Messages from the directory.
  steady_time last_activity_{};
  std::optional<steady_time> planned_tick_;

  std::deque<early_message> early_;  ///< What came before the room was loaded.
  std::optional<room_state> state_;
  std::optional<room_batcher> batcher_;
  std::optional<room_fanout> fanout_;
  batch_pace pace_;
  steady_time waits_until_{};  ///< A look at the pace is planned for then.
  typing_throttle typing_;
  read_marker_state markers_;
  std::vector<move_read_marker> beyond_end_;  ///< Of what is released here; the store is to say where the log ends.
  bool reading_end_ = false;
  std::unordered_map<connection_ref, holder> holders_;
  std::unordered_map<caf::actor_id, connection_ref> connection_of_session_;
  /// Asks for more than is released while the store may have it: from the batch then under way, or from another node,
  /// which is known once the store has been read.
  enum class look : std::uint8_t { wanted, under_way, done };
  struct parked_catch_up {
    catch_up what;
    std::uint64_t batch = 0;
    look at_store = look::wanted;
    std::optional<steady_time> until;  ///< A session asks one room at a time: its other rooms must not wait longer.
  };
  [[nodiscard]] bool somebody_wants_a_look() const;
  std::vector<parked_catch_up> parked_;
  bool attends_ = false;  ///< To other nodes' signals.

  sequence log_end_ = 0;                ///< At least so far reaches the store's log, by what was heard of it.
  sequence log_end_at_read_ = 0;        ///< log_end_ when the read under way began.
  std::vector<queue_place> heard_;      ///< Of news that wait for shards: the reader counts them until they are out.
  bool told_search_ = false;            ///< And the search actor has not come to it yet.
  steady_time batch_left_{};            ///< When the batch under way went to the store.
  bool settling_ = false;               ///< A batch failed: what the store has of it is being found out.
  bool reading_ = false;                ///< Missing events are on their way from the store.
  std::optional<hole_read> held_page_;  ///< Until the batch under way has come back.
  bool read_settles_ = false;           ///< That read began when nothing unclear was left with the store.
  std::optional<steady_time> read_again_at_;
  std::optional<sequence> awaits_news_behind_;  ///< read_again_at_ gives the news of what comes next time to arrive.
  std::optional<steady_time> answers_due_;      ///< Those that wait for missing events wait no longer than this.
  std::chrono::milliseconds back_off_{};
};

}  // namespace parley
