// The state of a session actor: session_actor.cpp has its life and rooms, session_catch_up.cpp the way to live,
// session_frames.cpp its client's frames.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "actors/actor_services.hpp"
#include "actors/catch_up_plan.hpp"
#include "actors/frame_reply.hpp"
#include "actors/read_pool.hpp"

namespace parley {

/// Lives inside its actor. Small when idle: vectors that are mostly empty, no maps.
class session {
 public:
  explicit session(session_handle::pointer self) : self_(self) {}
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  /// Reached by an exception too: then the connection is closed, so that its client comes back to a sound one.
  ~session();

  session_handle::behavior_type begin(const actor_services& services, session_request request);

 private:
  using frame_ptr = std::shared_ptr<client_frame>;

  struct parked_frames {
    steady_time since;
    std::vector<frame_ptr> frames;
  };
  /// A room of this connection. Frames to it wait in `parked` while it was asked for (no `actor`), and while it is live
  /// by contract but not attached yet: its acks and events then come in one order from the beginning.
  struct room_entry {
    room_id id;
    sequence known_end = 0;  ///< The store had so many events when it was last asked; it may have more.
    room_handle actor{};
    bool attached = false;
    bool live_due = false;             ///< Frames wait until it is attached.
    bool position_due = false;         ///< Its actor died while attached: the shard tells where the connection stood.
    std::uint8_t stale_positions = 0;  ///< Such news that a resume has overtaken.
    std::uint32_t hold = 0;            ///< The number of the newest one asked for.
    std::unique_ptr<parked_frames> parked{};
  };
  /// A join that is being read from the store; a leave in between drops it.
  struct pending_join {
    room_id room;
    std::uint32_t number = 0;
    bool is_news = false;  ///< Told by the directory, so the reading is tried until it works.
  };
  /// A room of a resume, found good by the store. `joined`: this session had not heard yet that it is one of its own.
  struct checked_room {
    room_id room;
    sequence after = 0;
    std::uint32_t join = 0;  ///< The number of its pending_join; 0 when the room was known.
    std::optional<room_summary> joined{};
  };
  /// Checked and waiting until no room of it is being attached.
  struct pending_resume {
    frame_reply reply;
    std::vector<catch_up_plan::request> rooms;
  };

  // --- Life ---
  void start();
  void on_bootstrap(session_bootstrap& what);
  void on_token_ended(close_code code);
  void on_session_ended();
  void close(close_code code);
  void leave();

  // --- Rooms ---
  void on_room_held(const room_held& what);
  void on_room_unknown(const room_unknown& what);
  void on_room_failed(const room_failed& what);
  void on_presence_failed(const presence_failed& what);
  void on_user_joined(const user_joined_room& what);
  void on_user_left(const user_left_room& what);
  void on_friend_changed(const friend_changed& what);
  room_entry* find_room(const room_id& room);
  room_entry& add_room(const room_id& room);
  void remove_room(const room_id& room);
  void hold(room_entry& room);
  void flush_parked(room_entry& room);
  void fail_parked(room_entry& room, const error& why);
  std::uint32_t begin_join(const room_id& room, bool is_news);
  bool end_join(std::uint32_t number);
  void join(const room_id& room, bool is_news, std::function<void(const result<room_summary>&)> then);
  void on_join_read(const pending_join& what, const result<room_summary>& found);
  void look_whether_left(const room_id& room);
  [[nodiscard]] bool is_own_room(const room_id& room) const {
    return !request_.only_room || *request_.only_room == room;
  }

  // --- Catching up ---
  void advance();
  void on_step(const catch_up_step& what);
  void on_store_page(const store_page& what);
  void on_outbox_drained();
  void read_tail_or_store(sequence log_end);
  void on_tail_page(const room_id& room, std::uint64_t replay, sequence log_end,
                    const std::vector<durable_event>& events);
  void read_store(sequence log_end);
  void send_events(const std::vector<durable_event>& events, counter& total);
  void send_page(shared_bytes frames, std::uint32_t count);
  void wait_for_outbox();
  void try_again_later(const room_id& room);
  void finish_resume();

  // --- The client's frames, in their order ---
  void on_frame(const frame_ptr& frame);
  void handle(const frame_ptr& frame);
  void handle(const frame_ptr& frame, const durable_frame& what);
  void handle(const frame_ptr& frame, const typing_frame& what);
  void handle(const frame_ptr& frame, const read_frame& what);
  void handle(const frame_ptr& frame, const resume_frame& what);
  void handle(const frame_ptr& frame, const watch_presence_frame& what);
  void handle(const frame_ptr& frame, const ping_frame& what);
  [[nodiscard]] bool within_rate(const client_frame& frame);
  [[nodiscard]] frame_reply reply_to(const client_frame& frame) const;
  [[nodiscard]] result<room_id> room_of(const std::optional<room_id>& named) const;
  void to_named_room(const frame_ptr& frame, const std::optional<room_id>& named);
  void to_room_of(const room_id& room, const frame_ptr& frame);
  void speak(room_entry& room, const frame_ptr& frame);
  std::shared_ptr<pending_command> command_of(client_frame& frame) const;
  void watch_instead(const std::vector<presence_record>& known, const answer<std::monostate>& watched);
  static result<std::vector<checked_room>> check_rooms(database_reader& store, const user_id& user,
                                                       std::vector<checked_room> rooms);
  void on_resume_checked(const frame_reply& reply, const result<std::vector<checked_room>>& rooms);

  // --- Small things ---
  /// From here on frames wait, until `unblock`: their order holds over a look-up.
  void block() { ++blocks_; }
  void unblock();
  /// Asks the store, then runs `then(const result<T>&)` in this actor.
  template <class T, class Question, class Then>
  void look_up(Question question, Then then);
  void tell(const notice& what);
  [[nodiscard]] session_handle me() const { return caf::actor_cast<session_handle>(self_); }

  session_handle::pointer self_;
  const actor_services* services_ = nullptr;
  session_request request_;
  std::vector<room_entry> rooms_;  ///< In order of id.
  catch_up_plan plan_;
  std::vector<frame_ptr> waiting_;  ///< Behind a look-up.
  std::vector<pending_join> joins_;
  std::vector<std::variant<user_joined_room, user_left_room, friend_changed>>
      early_news_;  ///< Before the rooms were read.
  std::unique_ptr<pending_resume> resume_;
  std::vector<user_id> friends_, watched_;
  std::unique_ptr<rate_limiter> watch_rate_;  ///< Of those who have watched somebody.
  std::uint32_t last_join_ = 0;
  std::uint32_t last_hold_ = 0;
  std::uint32_t blocks_ = 1;  ///< Look-ups under way that later frames wait for; the first is the bootstrap.
  bool ready_ = false;
  bool closed_ = false;  ///< A close is on its way: nothing more is said or done.
  bool logged_out_ = false;
  bool left_ = false;
};

template <class T, class Question, class Then>
void session::look_up(Question question, Then then) {
  services_->reads->ask<T>(std::move(question), answer<T>([me = me(), then = std::move(then)](result<T> found) {
                             caf::anon_send(me, look_up_done{[then, found = std::move(found)] { then(found); }});
                           }));
}

}  // namespace parley
