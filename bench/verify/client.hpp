// One device: a connection after another, to one node or another, that sends, reads, and keeps its place in each room.
#pragma once

#include <boost/json/object.hpp>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "verify/history.hpp"
#include "verify/ledger.hpp"
#include "verify/marker_view.hpp"
#include "verify/options.hpp"
#include "verify/position.hpp"
#include "verify/presence_view.hpp"
#include "verify/rest_exchange.hpp"
#include "verify/wire.hpp"

namespace parley::bench {

/// Of lists of rooms and users the history keeps the beginning.
constexpr std::size_t most_kept_of_long_frames = 160;

/// What all clients of a run share. Used from one thread.
struct load_state {
  using clock = std::chrono::steady_clock;

  explicit load_state(std::uint64_t seed) : random(seed) {}

  [[nodiscard]] double now() const { return std::chrono::duration<double>(clock::now() - began).count(); }
  bool chance(double share) { return std::bernoulli_distribution(share)(random); }
  std::size_t pick(std::size_t count) { return std::uniform_int_distribution<std::size_t>(0, count - 1)(random); }
  double between(double least, double most) { return std::uniform_real_distribution<double>(least, most)(random); }
  void reached(int room, std::int64_t seq) {
    auto& end = ends[static_cast<std::size_t>(room)];
    end = std::max(end, seq);
  }

  clock::time_point began = clock::now();
  std::mt19937_64 random;
  history log;
  findings found;
  ledger book{found};
  std::vector<support::target> nodes;
  std::string moderator;               ///< A moderator's token; empty where none could be made.
  std::vector<double> stopping_since;  ///< By node: asked to stop in good order; below 0: not.
  int dead_node = -1;                  ///< For good, as far as the clients are concerned: nobody comes to it.
  std::vector<std::string> room_ids;
  std::map<std::string, int, std::less<>> room_numbers;
  std::vector<std::string> user_ids;  ///< Whom everybody watches: of all users as many as one may.
  std::map<std::string, int, std::less<>> user_numbers;
  std::map<std::pair<int, int>, marker_view> markers;  ///< By user and room.
  std::vector<std::int64_t> ends;                      ///< By room: the highest seq that anybody was told.
  std::vector<std::deque<std::string>> seen_messages;  ///< By room, for reactions.
  std::map<std::string, std::uint64_t> errors;         ///< By code.
  std::map<std::string, std::uint64_t> connection_ends;
  std::uint64_t connections = 0;
  std::uint64_t operations = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t posts = 0;  ///< Sends by REST, each try of them.
  std::uint64_t posts_acknowledged = 0;
};

class client {
 public:
  struct identity {
    int number = 0;
    int user = 0;        ///< Which has up to two devices.
    int home = 0;        ///< The node it comes to first.
    bool stays = false;  ///< And comes back to, whatever happens.
    std::string token;
    std::vector<int> rooms;
  };

  client(load_state& state, identity who);

  /// The other device of the same user, which may send a key again.
  void set_sibling(client* sibling) { sibling_ = sibling; }

  [[nodiscard]] wire* connection() { return wire_.get(); }
  [[nodiscard]] int connection_number() const { return connection_; }
  [[nodiscard]] const std::vector<int>& rooms() const { return who_.rooms; }
  [[nodiscard]] int number() const { return who_.number; }
  [[nodiscard]] int user() const { return who_.user; }
  [[nodiscard]] const std::string& token() const { return who_.token; }
  [[nodiscard]] bool is_away() const { return is_away_; }
  /// What this connection was told of the users.
  [[nodiscard]] const presence_view& presence() const { return presence_; }
  [[nodiscard]] where here() const { return {who_.number, connection_, node_}; }

  /// The connection's descriptor is ready.
  void advance();
  /// What time brings: connecting, sending again, giving up on who says nothing.
  void tick();
  /// Sends, edits, deletes or reacts in that room, if it may; at random, mostly sends.
  bool act(int room);
  /// Ends the connection by itself.
  void leave();
  /// Ends it, and stays away.
  void go_away();

  /// Connected, and every room is live.
  [[nodiscard]] bool is_live() const;
  [[nodiscard]] bool has(int room, std::int64_t seq) const { return places_.at(room).received.contiguous() >= seq; }
  [[nodiscard]] const seq_set& received(int room) const { return places_.at(room).received; }
  [[nodiscard]] bool is_waiting(int room) const;
  /// Keys without an ack, with their rooms.
  [[nodiscard]] std::vector<std::pair<std::string, int>> unanswered() const;

 private:
  struct own_message {
    std::string key, message;
    int version = 0;
  };
  struct room_place {
    seq_set received;        ///< Over all connections since it last began afresh.
    room_position position;  ///< On this connection.
    double resume_at = -1;   ///< When to ask (again) for what is missing.
    std::vector<own_message> own;
    std::pair<std::uint64_t, std::int64_t> last_sent{
        0, 0};  ///< On this connection: the last new message's number and seq.
    std::int64_t last_read = 0;
    std::map<std::string, std::int64_t, std::less<>>
        shown_readers;  ///< On this connection: where each was shown to be.
  };
  struct pending_send {
    int room = 0;
    double again_at = 0;
    bool is_under_way = false;  ///< On this connection, or
    bool is_by_rest = false;    ///< beside it.
  };
  /// A send by REST that is under way.
  struct post {
    std::string key;
    int room = 0;
    int node = 0;
    double began = 0;
    std::unique_ptr<rest_exchange> exchange;
  };
  enum class verb { send, edit, remove, react, read, resume, watch, ping };
  struct command {
    verb what = verb::ping;
    int room = -1;
    std::uint64_t number = 0;
    std::string key;  ///< Of the message that is sent or edited.
    std::string message;
    int version = 0;
    std::map<int, std::int64_t> resumes;
    double sent_at = 0;
    std::int64_t seq = 0;  ///< Read up to there.
  };

  void connect();
  void ended(const std::string& how, int code, bool by_itself);
  void choose_node();
  void write(command what, const std::string& type, const std::string& data);
  /// By a frame, or by REST.
  void send_key(const std::string& key, pending_send& pending);
  void send_later(const std::string& key, double again_at);
  void post_key(const std::string& key, int room);
  void advance_posts();
  void on_post_over(const post& what);
  void resume(const std::vector<int>& rooms);
  void watch();
  bool edit_own(int room, bool removes);
  bool react(int room);
  void read(int room);

  void on_frame(std::string_view payload);
  void on_ready(const boost::json::object& data);
  void on_ack(const std::string& id, const boost::json::object& data);
  void on_error(const std::string& id, const boost::json::object& data, std::string_view payload);
  void on_event(const std::string& type, int room, std::int64_t seq, const boost::json::object& data,
                const shared_text& text);
  void on_watch_ack(const boost::json::object& data);
  void on_presence(const boost::json::object& data);
  void on_replay_end(int room, std::int64_t seq, bool more);
  void on_read(int room, std::int64_t seq, const boost::json::object& data);
  void on_read_ack(const command& what, std::int64_t seq);
  void on_send_ack(const command& what, const boost::json::object& data, std::int64_t seq);
  void note_sent(int room, const std::string& key, const ledger::send_ack& ack);
  void take(int room, std::int64_t seq, const order_step& step);
  void record(char way, int room, std::int64_t seq, std::string_view text);
  void complain(broken kind, int room, std::int64_t seq, const std::string& text);

  load_state& state_;
  identity who_;
  client* sibling_ = nullptr;
  std::unique_ptr<wire> wire_;
  int node_ = 0;
  int connection_ = 0;
  bool is_fresh_ = true;  ///< With ?replay=unread, as a device that remembers nothing.
  bool is_ready_ = false;
  double connected_at_ = 0;
  double heard_at_ = 0;
  double ready_at_ = 0;
  double connect_at_ = 0;
  double watch_at_ = -1;  ///< When to ask (again) who is on.
  presence_view presence_;
  bool is_away_ = false;
  bool is_pinged_ = false;
  std::uint64_t next_id_ = 0;
  std::uint64_t next_key_ = 0;
  std::map<int, room_place> places_;
  std::map<std::string, pending_send> pending_;
  std::vector<post> posts_;
  std::map<std::string, command> commands_;  ///< By frame id, until they are answered.
};

}  // namespace parley::bench
