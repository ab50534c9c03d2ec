// One I/O thread and its connections: who is attached to which room, and the one queue by which frames come to them.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "net/batch_slices.hpp"
#include "net/frame_sender.hpp"
#include "net/json_codec.hpp"
#include "net/outbox.hpp"
#include "net/overload_guard.hpp"
#include "net/room_table.hpp"
#include "net/shard_queue.hpp"
#include "net/tls_engine.hpp"
#include "parley/config.hpp"
#include "parley/delivery.hpp"
#include "parley/delivery_lease.hpp"
#include "parley/metrics.hpp"

namespace parley {

class frame_deflater;
class message_inflater;
class outbound_layer;

/// Frames of a client that have their answer in its outbox.
struct answered_frames {
  std::uint32_t count = 0;
  std::uint32_t durable = 0;  ///< So many of them asked for durable events,
  std::uint32_t refused = 0;  ///< and of these so many were refused before they came to a room's log.
};

/// What a shard tells the owner of a connection, on the shard's thread, never from within one of the owner's own calls.
class connection_events {
 public:
  virtual void on_answers(const answered_frames& what) = 0;
  virtual void on_room_failed(room_id room, sequence position) = 0;
  /// The close frame stands in the outbox and nothing enters any more: too slow, or an actor's wish.
  virtual void on_closing(close_code code) = 0;
  /// Draining begins: tell the client.
  virtual void on_drain_announced(std::int64_t reconnect_after_ms) = 0;
  /// Its turn in the draining: stop reading, answer what is outstanding, close with 1012.
  virtual void on_drain_turn() = 0;

 protected:
  ~connection_events() = default;
};

// What the queue carries; each is one call of the delivery port.
struct attach_work {
  std::uint64_t number;
  attachment what;
};
struct detach_work {
  std::uint64_t number;
  room_id room;
};
struct send_work {
  std::uint64_t number;
  outgoing what;
  std::function<void()> when_drained;
};
struct close_work {
  std::uint64_t number;
  close_code code;
};
struct revoke_work {
  revocation what;
  std::shared_ptr<void> ended;
};
struct fail_work {
  room_id room;
};
using shard_work = std::variant<room_delivery, room_broadcast, attach_work, detach_work, send_work, close_work,
                                revoke_work, fail_work>;

/// Apart from `enqueue`, `context` and `stop_context` all members run on the shard's own thread.
class delivery_shard {
 public:
  /// `lease`: see delivery_hold.cpp.
  delivery_shard(std::uint32_t index, const config& settings, metrics& counts, const delivery_lease& lease,
                 std::unique_ptr<frame_sender> sender);
  ~delivery_shard();
  delivery_shard(const delivery_shard&) = delete;
  delivery_shard& operator=(const delivery_shard&) = delete;

  /// Any thread; one caller's calls keep their order. A broadcast above net.broadcast_queue is dropped.
  void enqueue(shard_work work);
  [[nodiscard]] boost::asio::io_context& context() { return context_; }
  /// The thread's body: returns after close_all() once every operation has ended, or after stop_context().
  void run();
  void stop_context() { context_.stop(); }

  // --- WebSocket connections ---

  /// `events` must stay until unregister_connection. `takes`: whether it takes compressed frames beside plain ones.
  connection_ref register_connection(outbound_layer& layer, connection_events& events,
                                     frame_form takes = frame_form::plain);
  /// Detaches it from all rooms; frames for it are dropped from here on. Unknown numbers are ignored.
  void unregister_connection(connection_ref ref);

  // --- For connections ---

  [[nodiscard]] frame_decoder& decoder() { return decoder_; }
  /// Made when it is first wanted.
  [[nodiscard]] message_inflater& inflater();
  [[nodiscard]] metrics& counts() { return counts_; }
  [[nodiscard]] overload_guard& overload() { return overload_; }
  /// False: what ended on other nodes is not known, or waits in the queue still: this connection's token perhaps.
  [[nodiscard]] bool knows_who_is_out(steady_time now);
  [[nodiscard]] const outbox_bounds& bounds() const { return bounds_; }
  /// Room for one TLS record or one read; free to use until the caller returns.
  [[nodiscard]] std::span<char> scratch() { return scratch_; }
  /// For connections from now on; null without TLS.
  void set_tls_context(shared_tls_context context) { tls_context_ = std::move(context); }
  [[nodiscard]] const shared_tls_context& tls_context() const { return tls_context_; }
  void add_layer(outbound_layer& layer);
  void remove_layer(outbound_layer& layer);
  /// The layer bears a WebSocket from here to its removal.
  void note_frames_begun() { ++frame_layers_; }
  /// Requests that wait for their answer: a drain waits for them.
  void note_request() { ++requests_owed_; }
  void note_answer() { --requests_owed_; }
  /// What layers have handed to the kernel since the flush began; counted for all when it ends.
  struct sent_totals {
    std::uint64_t bytes = 0, frames = 0;
  };
  [[nodiscard]] sent_totals& sent() { return sent_; }
  /// The layer has something to send; it is flushed when the work at hand is done.
  void mark_dirty(outbound_layer& layer);
  /// Tries this one's socket at once.
  void flush_now(outbound_layer& layer);
  /// Runs after the work at hand, before anything else of this shard.
  void run_after_work(std::function<void()> task);

  // --- The end ---

  /// Announces, then gives each WebSocket its turn, spread over nine tenths of the duration. `when_done` when nobody is
  /// owed an answer and every WebSocket's last bytes have arrived; some seconds after the last turn owed answers are
  /// given up, and peers that do not end are waited for as long as the draining lasts, within bounds. A second call, or
  /// a duration of 0, gives all their turn at once.
  void begin_drain(std::chrono::milliseconds duration, std::function<void()> when_done);
  /// Ends every connection and lets run() return.
  void close_all();
  /// No connection may begin any more.
  [[nodiscard]] bool is_closed() const { return closed_; }

 private:
  struct connection : attachable {
    outbound_layer* layer = nullptr;
    connection_events* events = nullptr;
    bool is_closing = false;
    bool takes_compressed = false;
    std::uint64_t number = 0;
    std::uint64_t answers_of_batch = 0;  ///< Equals batch_stamp_ while own_answers_ speaks of the batch at hand.
    std::uint32_t first_answer = 0;
    std::uint32_t last_answer = 0;
    answered_frames answers_due;  ///< To be told to its owner after the work at hand.
  };
  /// A drain under way: who is left, and when whose turn is.
  struct drain {
    explicit drain(boost::asio::io_context& context) : timer(context) {}
    boost::asio::steady_timer timer;
    std::chrono::steady_clock::time_point started, ends;
    std::chrono::steady_clock::duration ending_patience{};
    std::optional<std::chrono::steady_clock::time_point> settled;  ///< Nobody is owed anything since.
    std::vector<std::uint64_t> turns;  ///< Connections present at the beginning, in order of their turn.
    std::size_t next_turn = 0;
    std::vector<std::function<void()>> when_done;
    bool finished = false;
  };

  connection* find(std::uint64_t number);
  void work();
  void schedule_work();
  void take(shard_work& item);
  [[nodiscard]] static bool must_wait(const shard_work& item);
  void hold(shard_work&& item);
  void release_held();
  void drop_all();
  void look_at_lease_again();
  void handle(room_delivery& what);
  void handle(room_broadcast& what);
  void handle(attach_work& what);
  void handle(detach_work& what);
  void handle(send_work& what);
  void handle(close_work& what);
  void handle(revoke_work& what);
  void handle(fail_work& what);

  void index_answers(const room_delivery& what);
  void collect_answers(const connection& to, const room_delivery& what);
  static void fetch_ahead(const std::vector<room_attachment>& members, std::size_t place);
  void deliver_to(room_attachment& member, const room_delivery& what, std::uint32_t departs_at);
  void push_events(connection& to, const std::shared_ptr<const encoded_batch>& batch, std::uint32_t first,
                   std::uint32_t end);
  [[nodiscard]] std::shared_ptr<const compressed_frames::frames> compressed(const encoded_batch& batch);
  void push_answer(connection& to, const placed_answer& answer);
  void push(connection& to, outbound_slice slice);
  void note_answers(connection& to, const answered_frames& what);
  void note_closing(connection& of, close_code code);
  void detach_closing();
  void flush();
  void flush_some(std::span<outbound_layer* const> layers);
  void tell_owners();
  void announce_drain(std::chrono::milliseconds duration);
  void continue_drain();
  void give_turns(std::chrono::steady_clock::time_point now);
  [[nodiscard]] bool drain_is_over(std::chrono::steady_clock::time_point now);

  const std::uint32_t index_;
  const outbox_bounds bounds_;
  metrics& counts_;
  const delivery_lease& lease_;
  std::unique_ptr<frame_sender> sender_;
  overload_guard overload_;
  const std::size_t most_frame_bytes_;
  frame_decoder decoder_;
  std::unique_ptr<message_inflater> inflater_;  ///< These two only once a client has asked for compression.
  std::unique_ptr<frame_deflater> deflater_;
  shared_tls_context tls_context_;
  shard_queue<shard_work> queue_;
  const std::uint32_t most_broadcasts_;
  std::atomic<std::uint32_t> waiting_broadcasts_{0};
  std::uint64_t term_heard_ = 0;     ///< What ended before this term of the lease has been taken from the queue.
  std::deque<shard_work> held_;      ///< Until the lease holds again, in order.
  std::uint32_t held_presence_ = 0;  ///< How many of these are presence.
  bool looks_again_ = false;

  room_table rooms_;
  std::unordered_map<std::uint64_t, connection> connections_;
  std::unordered_set<outbound_layer*> layers_;
  std::size_t frame_layers_ = 0;  ///< Of WebSockets; some of them are only ending.
  std::size_t requests_owed_ = 0;

  bool in_work_ = false;
  bool work_posted_ = false;
  std::vector<outbound_layer*> dirty_, flushing_;
  std::vector<iovec> parts_;
  std::vector<send_job> jobs_;
  std::vector<outbound_layer*> job_layers_;
  sent_totals sent_;

  // The batch at hand.
  std::uint64_t batch_stamp_ = 0;
  std::vector<std::uint32_t> next_answer_;  ///< By answer: the same connection's next one.
  std::vector<connection*> answered_;       ///< Connections with answers in it.
  std::vector<const placed_answer*> own_answers_;
  std::vector<batch_piece> pieces_;
  std::vector<connection*> departed_;
  std::uint64_t compression_saved_ = 0;  ///< Bytes, of all recipients.

  // What the owners are told after the work.
  std::vector<std::uint64_t> credited_;
  std::vector<std::pair<std::uint64_t, close_code>> closing_;
  std::size_t detached_closing_ = 0;
  std::vector<std::function<void()>> after_work_;

  std::unique_ptr<drain> drain_;
  bool closed_ = false;
  std::atomic<bool> ended_{false};  ///< run() has returned; the tables are nobody's any more.
  std::array<char, 16 * 1024> scratch_{};

  // Last, so that it goes first: destroying it destroys the pending operations, and with them the connections, which
  // still speak to the tables above.
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};
};

}  // namespace parley
