// A node's actors on CAF's deterministic scheduler, with a store in memory, modelled shards and small sessions.
#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "actors/directory_actor.hpp"
#include "actors/read_pool.hpp"
#include "actors/reading_actor.hpp"
#include "actors/signal_exchange.hpp"
#include "actors/storage_actor.hpp"
#include "actors/storage_pool.hpp"
#include "actors/stream_reader_actor.hpp"
#include "actors/stream_writer_actor.hpp"
#include "fake_database.hpp"
#include "fakes.hpp"
#include "model_delivery.hpp"

namespace parley::testing {

/// What a test sees and steers of one session.
struct client {
  connection_ref connection;
  user_id user;
  room_id room;
  session_handle session;
  room_handle actor;     ///< Null until the room is held.
  bool go_live = false;  ///< Catch up as soon as the room is held, and page by page until attached.
  bool attached = false;
  bool is_member = false;
  sequence after = 0;  ///< Where catching up begins or goes on.
  std::uint32_t events_left = 200;
  std::uint64_t replay = 0;
  std::vector<catch_up_step::kind> steps;
  std::vector<std::string> news;               ///< `unknown CODE`, `failed POSITION`, `joined`, `left`, `token ended`.
  std::map<std::string, std::string> results;  ///< What became of a command by its frame id: `ok` or an error's code.
  std::vector<std::string> answered;
};

class actor_world {
 public:
  /// Over `store`, or over another one that outlives it.
  explicit actor_world(std::uint32_t shards = 2, database* other_store = nullptr);
  ~actor_world();
  actor_world(const actor_world&) = delete;
  actor_world& operator=(const actor_world&) = delete;

  /// Makes a session and its connection; the session registers with the directory. By default each user has one log-in.
  client& connect(user_id user, std::uint32_t shard = 0, std::optional<token_hash> log_in = {});
  /// The session asks the directory for the room.
  void hold(client& who, room_id room, bool go_live);
  void disconnect(client& who);
  /// Over the WebSocket; the session must hold the room.
  void post(client& who, const std::string& frame_id, durable_command command, bool wants_answer = true);
  void say(client& who, const std::string& frame_id, const std::string& content);
  /// By REST, through the directory. What became of it stands in rest_results[name].
  void post_by_rest(room_id room, user_id user, const std::string& name, durable_command command);
  void ask_catch_up(client& who, sequence after);

  /// Makes it one of several nodes. The stream outlives it.
  void join(event_stream& stream);
  /// The reader reads once.
  void hear();
  /// It will, when its turn comes.
  void wake_reader();
  /// Signals too. The bus outlives it.
  void join(signal_bus& bus);
  /// The subscriber listens once.
  void listen();

  /// Everything until nothing moves, oldest first.
  void run();
  /// The actors only; the shards do nothing.
  void run_actors();
  /// One step of an actor or a shard, whichever the dice say. False when nothing can move.
  bool step(std::mt19937& dice);
  [[nodiscard]] bool has_work() const { return !scheduler->jobs.empty() || !out.idle(); }
  void advance(std::chrono::milliseconds by);

  [[nodiscard]] const std::vector<std::string>& lines(const client& who) {
    return out.connections[who.connection].lines;
  }

  config settings;
  fake_clock time;
  counting_ids ids;
  line_encoder encoder;
  model_delivery out;
  metrics counts;
  fake_database store;
  database& source;  ///< What the actors use.
  std::unique_ptr<actor_services> services;
  std::map<std::string, std::string> rest_results;  ///< `ok SEQ`, `ok again SEQ`, or an error's code.

 private:
  caf::actor_system_config caf_settings_;

 public:
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;

 private:
  std::unique_ptr<storage_pool> storage_;
  std::unique_ptr<read_pool> reads_;
  std::unique_ptr<event_bus> bus_;
  stream_reader_handle stream_reader_;
  std::unique_ptr<signal_exchange> signals_;
  signal_subscriber_handle signal_subscriber_;
  std::vector<std::unique_ptr<client>> clients_;
  std::uint64_t last_number_ = 0;
};

}  // namespace parley::testing
