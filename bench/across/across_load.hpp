// A sender at one node and a receiver at the other for each room; the senders in one thread, the receivers in another.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "across/background.hpp"
#include "across/schedule.hpp"
#include "across/tally.hpp"
#include "across/wire_loop.hpp"
#include "report/course.hpp"

namespace parley::bench {

struct across_room {
  std::string id;
  std::string sender_token, receiver_token;
};

/// Accounts and rooms by REST. Throws std::runtime_error when a call fails.
std::vector<across_room> make_across_rooms(const support::target& senders_node, const support::target& receivers_node,
                                           std::size_t count);

class across_load {
 public:
  /// `watch` is read once a second by the receivers' thread.
  across_load(std::vector<across_room> rooms, std::size_t content_size, server_watch watch);

  /// Throws std::runtime_error when somebody cannot.
  void connect(const support::target& senders_node, const support::target& receivers_node);
  /// Begins the schedule's messages, of which the first is due a little later. Messages are numbered over all runs.
  void begin(const send_schedule& schedule);
  /// Waits until each is acknowledged and delivered, or until that is no longer to be expected.
  across_tally finish();
  /// Of the run that is finished.
  [[nodiscard]] std::vector<load_part> take_course() { return course_.take(); }

 private:
  /// One side's frames, by message: when they came.
  struct side {
    std::vector<std::int64_t> came_at_ns;
    std::size_t came = 0;
    std::size_t doubled = 0, reordered = 0;
    std::vector<std::uint64_t> last;  ///< The greatest number of each room; empty for acks, which may cross.
    std::string broken;
  };

  void send_all();
  void send(std::size_t number);
  void receive_all();
  void on_sender_frame(std::string_view frame);
  void on_receiver_frame(std::size_t client, std::string_view frame);
  void on_end(side& of, const std::string& how);
  bool note(side& of, std::uint64_t number);
  void keep_course();
  [[nodiscard]] double end_seconds() const;
  [[nodiscard]] bool may_go_on() const;

  std::vector<across_room> rooms_;
  std::size_t content_size_;
  std::string run_;
  std::size_t ready_ = 0;
  std::uint64_t first_number_ = 0;  ///< Of this run.
  send_schedule schedule_{1, 0, 0, 0};
  std::atomic<bool> is_broken_ = false;

  // Of the senders' thread while it runs.
  side acks_;
  std::vector<std::int64_t> sent_at_ns_;
  std::string first_refusal_;
  std::atomic<std::size_t> sent_ = 0, acknowledged_ = 0, refused_ = 0;  ///< Which the other thread shows.
  // Of the receivers' thread while it runs.
  side deliveries_;
  server_watch watch_;
  load_course course_;
  std::size_t shown_sent_ = 0, shown_acknowledged_ = 0, shown_refused_ = 0;  ///< Of those the course has been told.

  wire_loop senders_, receivers_;
  std::unique_ptr<background> sending_, receiving_;
};

}  // namespace parley::bench
