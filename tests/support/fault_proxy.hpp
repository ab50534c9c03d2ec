// A TCP proxy between Parley and PostgreSQL, or Redis, that breaks what passes through it in chosen ways.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace parley::support {

/// Listens on a free port of the loopback and passes everything on to the server. Runs on a thread of its own; the
/// faults are set from any.
class fault_proxy {
 public:
  /// Where connections are cut is chosen by the seed.
  explicit fault_proxy(std::uint16_t server_port, std::uint64_t seed = 20'261'126);
  ~fault_proxy();
  fault_proxy(const fault_proxy&) = delete;
  fault_proxy& operator=(const fault_proxy&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// The same URL with the proxy's port.
  [[nodiscard]] std::string url_through(const std::string& url, std::uint16_t server_port) const;

  /// Of the next commits so many lose their answer: the server commits, then the connection is cut.
  void lose_answers(int commits) { lost_answers_ = commits; }
  /// Of the next commits so many are lost themselves: the connection is cut before the server sees them.
  void lose_commits(int commits) { lost_commits_ = commits; }
  /// Of the next commits so many go silent half-way: the server gets a part of the client's words and nothing is
  /// closed.
  void interrupt_commits(int commits) { interrupted_commits_ = commits; }
  /// New connections are closed at once, until heal().
  void refuse() { refusing_ = true; }
  /// Nothing passes any more, and nothing is closed, until heal().
  void stall() { stalled_ = true; }
  /// What the server says passes a byte at a time and slowly, until heal().
  void trickle() { trickling_ = true; }
  /// Each connection is cut after some number of bytes, about so many, until heal().
  void cut_after(int bytes) { cut_after_ = bytes; }
  /// Those that are open now have their end too: after some number of bytes, about so many, until heal().
  void cut_open_after(int bytes) { cut_open_ = bytes; }
  /// Ends all that are open, with what they still held on its way, also while nothing passes; when it returns they are
  /// gone.
  void drop();
  void heal();

  /// How many connections have come, those that it refused too.
  [[nodiscard]] int connections() const { return connections_; }
  /// How many of them it has cut.
  [[nodiscard]] int cuts() const { return cuts_; }
  /// How often a client has begun to speak behind a server's words: what it says at once is one round trip.
  [[nodiscard]] int turns() const { return turns_; }

 private:
  class link;

  void run();
  void accept_into(std::vector<std::unique_ptr<link>>& links);
  /// Up to twice as many. Its own thread only.
  std::size_t about(int bytes);
  /// Takes one of that many, as long as there are some.
  static bool take(std::atomic<int>& left);

  std::uint16_t server_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> ended_{false};
  std::atomic<bool> stalled_{false};
  std::atomic<bool> dropping_{false};
  std::atomic<int> lost_answers_{0};
  std::atomic<int> lost_commits_{0};
  std::atomic<int> interrupted_commits_{0};
  std::atomic<bool> refusing_{false};
  std::atomic<bool> trickling_{false};
  std::atomic<int> cut_after_{0};
  std::atomic<int> cut_open_{0};
  std::atomic<int> healed_{0};
  std::atomic<int> connections_{0};
  std::atomic<int> turns_{0};
  std::atomic<int> cuts_{0};
  std::mt19937_64 random_;
  std::thread thread_;
};

}  // namespace parley::support
