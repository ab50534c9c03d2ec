// A room under load for fault tests: senders that send again what was not acknowledged, receivers that resume.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fault/stored_log.hpp"
#include "support/checker.hpp"
#include "support/client_socket.hpp"

namespace parley::support {

/// Everything on one thread; the server may die at any moment. Connections are made by /ws/{room}/{user} of the
/// development mode, so that users and the room come into being by themselves.
class chat_load {
 public:
  /// `log` is asked by judge() only.
  chat_load(target server, stored_log log, std::string room, int senders, int receivers)
      : chat_load(std::vector{std::move(server)}, std::move(log), std::move(room), senders, receivers) {}
  /// The clients in turns at several nodes. Where no bus connects them, a node tells of another's events with its own
  /// next one: so settle() waits for acknowledgements alone, and nobody claims to have seen the end.
  chat_load(std::vector<target> servers, stored_log log, std::string room, int senders, int receivers);

  /// Sends and receives until so many more messages were acknowledged. False when `seconds` pass before that.
  bool run_until_acknowledged(std::uint64_t more, double seconds);
  /// The server was killed or restarted: connects everybody again, resumes, and sends again what is open.
  void reconnect();
  /// Sends no new messages; waits until all is acknowledged and every receiver has the last seq. False on time-out.
  bool settle(double seconds);
  /// Reads the log from the store and lets the checker judge.
  verdict judge();
  /// How many errors of that code the senders were told.
  [[nodiscard]] std::uint64_t errors(const std::string& code) const;
  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  /// Sends and receives while `unfinished`. False when `seconds` pass before that ends.
  bool run_while(const std::function<bool()>& unfinished, double seconds);

 private:
  struct client {
    std::string name;
    bool is_sender = false;
    std::size_t server = 0;
    std::unique_ptr<client_socket> socket;
    std::int64_t position = -1;  ///< The last seq this client has; -1 before its first connection.
    std::int64_t resumed_from = 0;
    std::deque<std::string> unacknowledged;  ///< Keys in the order sent.
    std::uint64_t sent = 0;
    std::vector<std::string> refused;  ///< Told an error; sent again a little later.
    bool resumed = false;              ///< The resume after a reconnect was acknowledged.
  };

  bool connect(client& c);
  void send_key(client& c, const std::string& key);
  static void move_to(client& c, std::int64_t seq);
  void resume(client& c);
  void fill(client& c);
  void pump(client& c);
  void on_frame(client& c, std::string_view payload);
  void step(int timeout_ms);
  void send_refused_again();
  [[nodiscard]] bool has_unacknowledged() const;

  std::vector<target> servers_;
  stored_log log_;
  std::string room_;
  std::string room_id_;
  std::vector<std::unique_ptr<client>> clients_;
  checker checker_;
  std::uint64_t acknowledged_ = 0;
  std::int64_t last_acknowledged_seq_ = 0;
  bool sending_ = true;
  std::map<std::string, std::uint64_t> errors_;
  std::chrono::steady_clock::time_point again_at_{};
};

}  // namespace parley::support
