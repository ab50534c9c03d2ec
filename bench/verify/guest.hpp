// Somebody who is let in and turned out again and again: what he may do and see must be over when that is answered.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "rest.hpp"
#include "verify/accounts.hpp"
#include "verify/client.hpp"
#include "verify/history.hpp"
#include "verify/wire.hpp"

namespace parley::bench {

/// How a guest is turned out.
enum class way_out { log_out, removal, suspension };

/// What guests did and found.
struct guest_report {
  std::uint64_t log_outs = 0;
  std::uint64_t removals = 0;
  std::uint64_t tries = 0;   ///< Frames, posts and calls that were begun when one of these had been answered.
  std::uint64_t closed = 0;  ///< Connections that a log-out closed with 4401, or that had ended before.
  std::vector<violation> found;
  std::vector<history_entry> lines;  ///< What happened before, when something was found.
  std::uint64_t suspensions = 0;
  std::uint64_t closed_by_suspensions = 0;          ///< With 4403, or ended before.
  std::map<std::string, std::uint64_t> outlived{};  ///< How often each check found something.

  void add(const guest_report& other);
};

/// One user with one device, in a room with a host who posts in it, on a thread of its own: calls block, and a node
/// that stands still must not hold up the others. He comes to any node, sends, and is then logged out, removed by the
/// host, or suspended by a moderator (where there is one), by any node. From the answer on
///   - no frame of his that is written then is acknowledged, nor stored behind a log-out or a suspension,
///   - nothing that is posted in the room then reaches his connection,
///   - behind a removal no node tells him what stands in the room,
///   - and behind a log-out or a suspension no node takes his token, and his connection is closed, with no other code
///     than is due.
/// None of this reads a clock of a node: whatever counts as later was begun when the answer had come. Behind all but
/// some removals his connection stays open for some seconds, so that a node that was stopped meanwhile finds his frames
/// when it goes on. Who was suspended is reinstated before he comes in again.
/// guest.cpp has his turns, guest_tries.cpp what he tries when he is out.
class guest {
 public:
  /// Makes both accounts and the room. Throws std::runtime_error when a call fails. The number is that of a client, in
  /// what is told.
  guest(const load_state& state, int number, std::uint64_t seed);
  ~guest();
  guest(const guest&) = delete;
  guest& operator=(const guest&) = delete;

  void start();
  /// No more turns. Everything is healed: he must be able to come in once more within `bound` seconds.
  void finish(double bound);
  [[nodiscard]] bool is_done() const { return is_done_; }
  /// Waits for his end. Call finish() before.
  guest_report report();

 private:
  static constexpr int call_patience_ms = 3'000;
  static constexpr int pace_ms = 50;
  static constexpr std::size_t most_outlived = 100;          ///< All are counted by their checks, and so many kept.
  static constexpr const char* said_afterwards = "though ";  ///< Begins what he sends when his log-in is over.
  static bool is_good(int status) { return status >= 200 && status < 300; }

  void run();
  void turn();
  /// Is reinstated, logs in, has himself invited, connects, and sends until that is acknowledged. False when it is too
  /// late.
  bool come_in();
  bool is_late() const;
  bool has_access();
  bool has_account();
  bool has_membership();
  void connect();
  void send();
  /// Takes what comes, for so many milliseconds at most.
  void take(int milliseconds);
  void on_frame(std::string_view payload);
  /// True once it is answered that it is done; by a repeat after a lost answer only when it must be known everywhere.
  bool end_access(way_out how);
  void set_out(way_out how);
  int ask_to_end(way_out how);
  void on_closed(int code);
  void count_closed();
  void note(const std::string& text);
  /// The status; 0 without an answer.
  int ask(const std::string& method, const std::string& path, const std::string& token, const std::string& body = {});
  /// By the moderator: what becomes of the account.
  int change_account(const char* flag);
  [[nodiscard]] int any_node() { return std::uniform_int_distribution<int>(0, node_count() - 1)(random_); }
  [[nodiscard]] int node_count() const { return static_cast<int>(state_.nodes.size()); }
  double between(double least, double most) { return std::uniform_real_distribution<double>(least, most)(random_); }
  void tell(broken kind, const std::string& text);

  void try_afterwards(way_out how);
  void try_token(const std::string& token);
  void try_to_connect(const std::string& token);
  void try_to_read();
  void look_at_log();
  /// By a check, whose finds are counted. True while they are kept, too.
  bool tell_outlived(const char* check, const std::string& text);

  const load_state& state_;  ///< Of it only what does not change once the run has begun.
  const int number_;
  const std::string name_;
  int turns_ = 0;
  std::mt19937_64 random_;
  account self_;
  std::string host_token_;
  std::vector<std::string> rooms_;  ///< The last one is in use.

  std::string token_;
  bool is_member_ = true;
  /// An invitation or a removal that nobody answered, or that was `unavailable`, may still be done at any time: then he
  /// gets another room.
  bool is_room_clear_ = true;
  bool is_suspended_ = false;
  /// The same of a suspension or a reinstatement: then he gets another account.
  bool is_account_clear_ = true;
  int accounts_ = 1;  ///< They are counted.
  int asked_ = 0;     ///< The node that the last call went to.
  std::unique_ptr<wire> wire_;
  int connection_ = 0;  ///< They are counted.
  int node_ = 0;        ///< Of the connection.
  bool is_ready_ = false;
  double heard_at_ = 0;
  std::uint64_t next_id_ = 0;
  std::uint64_t acknowledged_ = 0;  ///< The last frame's id.
  /// While he is out: how that came, and the id of the first frame behind it.
  std::string out_by_;
  std::uint64_t out_from_ = 0;
  std::uint64_t answered_out_ = 0;  ///< Frames since then, by whatever,
  std::string last_error_;          ///< such as this code.
  std::size_t outlived_ = 0;        ///< Of what checks found so much is kept.

  guest_report report_;
  std::deque<history_entry> lines_;
  std::atomic<bool> is_done_{false};
  std::atomic<bool> is_finishing_{false};
  std::atomic<double> bound_{0};
  std::atomic<double> latest_{0};  ///< When he gives up, once he is to finish.
  std::thread thread_;
};

}  // namespace parley::bench
