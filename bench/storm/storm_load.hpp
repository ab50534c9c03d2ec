// Many clients of few rooms at two nodes, and a sender in each room that is never cut.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "across/wire_loop.hpp"
#include "report/course.hpp"
#include "storm/storm.hpp"
#include "storm/storm_client.hpp"

namespace parley::bench {

/// Users and rooms by REST.
struct storm_people {
  std::vector<std::string> user_tokens;    ///< User N is in room N modulo the rooms.
  std::vector<std::string> sender_tokens;  ///< By room.
  std::vector<std::string> room_ids;
};
storm_people make_storm_people(const storm_options& options, const std::vector<support::target>& nodes);

/// Used from one thread.
class storm_load {
 public:
  /// `watch` is read once a second.
  storm_load(const storm_options& options, std::vector<support::target> nodes, storm_people people, server_watch watch);

  /// Connects everybody, not all at once. Throws std::runtime_error when that does not work.
  void connect();
  /// One client of each user says that he has read what it has.
  void mark_read();
  /// Goes on sending, for so long.
  void run(double seconds);
  /// Cuts all clients, lets them come back all at once, each at the other node, and waits until all are live or that
  /// many seconds are over. Goes on sending.
  void cut_and_return(double most_seconds);
  /// `stop` tells the first node to stop and does not wait for it. Its clients come to the other node, each when it was
  /// told to; waits as cut_and_return() does. The senders must all be at the other node: storm_options::drain.
  void drain_and_return(const std::function<void()>& stop, double most_seconds);
  /// Sends no more and waits until everybody has everything, no longer than that.
  void settle(double most_seconds);

  struct tally {
    std::uint64_t sent = 0, unacknowledged = 0, refused = 0;
    std::uint64_t lost = 0;  ///< Seqs that a client lacks at the end, or that it was never sent.
    std::uint64_t doubled = 0;
    std::uint64_t replayed = 0;
    std::size_t not_live = 0;
    std::size_t unannounced = 0;        ///< Connections of a node that stopped which ended without its `drain`.
    std::vector<std::int64_t> back_ns;  ///< Of each client that came back: from the cut until it was live again.
    std::map<std::string, std::uint64_t> ends;  ///< Connections that ended by themselves, by how.
    latency_histogram deliveries;               ///< From a send to each client that was live.
    std::vector<load_part> course;
  };
  /// At the end.
  [[nodiscard]] tally judge();

 private:
  [[nodiscard]] bool is_sender(std::size_t number) const { return number >= clients_.size(); }
  [[nodiscard]] std::size_t room_of(std::size_t client) const;
  [[nodiscard]] std::size_t node_of(std::size_t client) const;
  [[nodiscard]] std::size_t node_of_sender(std::size_t room) const;
  void connect_client(std::size_t client);
  void on_frame(std::size_t number, std::string_view frame);
  void on_sender_frame(std::size_t room, std::string_view frame);
  void on_end(std::size_t number, const std::string& how);
  void note_event(std::string_view frame, bool is_live);
  void resume(std::size_t client);
  [[nodiscard]] bool has_begun() const { return turn_ > 0 || is_draining_; }
  void step();
  void send_what_is_due();
  void do_what_was_put_off();
  bool step_while(const std::function<bool()>& unfinished, double most_seconds);

  const storm_options& options_;
  std::vector<support::target> nodes_;
  storm_people people_;
  std::vector<storm_client> clients_;
  std::size_t live_ = 0;
  std::size_t ready_senders_ = 0;
  std::size_t turn_ = 0;  ///< Cuts so far: each sends the clients to the other node.
  std::int64_t cut_at_ns_ = 0;
  bool is_draining_ = false;
  std::vector<bool> leaves_;  ///< By client: it is at the node that stops,
  std::size_t leaving_ = 0;   ///< and how many of them are still there.
  std::size_t unannounced_ = 0;
  std::vector<std::int64_t> told_at_ns_;  ///< By client: when the node that stops told it to come back; 0: not told.
  std::multimap<std::int64_t, std::size_t> put_off_;  ///< Clients that try again, by when.
  bool is_sending_ = false;
  std::int64_t next_send_ns_ = 0;
  std::uint64_t sent_ = 0, acknowledged_ = 0, refused_ = 0;
  std::vector<std::uint64_t> room_ends_;
  std::vector<std::int64_t> live_at_ns_;
  std::map<std::string, std::uint64_t> ends_;
  std::vector<std::int64_t> sent_at_ns_;  ///< By message.
  latency_histogram deliveries_;
  server_watch watch_;
  load_course course_;
  wire_loop loop_;  ///< The clients, and behind them the senders.
};

}  // namespace parley::bench
