// An open loop: messages go out by a schedule, whether or not the server keeps up, and each latency counts from the
// moment when its message was due, so that what waits behind a stall counts as waiting.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "across/schedule.hpp"
#include "across/wire_loop.hpp"
#include "load/figures.hpp"
#include "load/world.hpp"
#include "report/server_watch.hpp"

namespace parley::bench {

/// All clients of the world on one thread.
class open_load {
 public:
  /// `world` outlives it. `on_part` is told the course while it runs.
  open_load(const load_world& world, std::size_t content_size, load_course::part_handler on_part);

  /// Throws std::runtime_error when somebody cannot.
  void connect(const support::target& node);
  /// Runs the schedule, and waits until each message has an answer and is with everybody, or until that is no longer to
  /// be expected.
  load_figures run(double rate, double warm_up_seconds, double seconds, const server_watch& server);
  /// A client with so many messages unanswered leaves out what is due: an open loop over a queue that grows for ever
  /// measures the tool's own buffers. 0: sends whatever is due.
  void leave_out_above(std::size_t unanswered) { most_unanswered_ = unanswered; }

 private:
  [[nodiscard]] bool is_measured(std::uint64_t number) const;
  [[nodiscard]] bool is_over() const;
  [[nodiscard]] std::size_t room_of(std::size_t number) const { return number % world_.rooms.size(); }
  [[nodiscard]] std::size_t sender_of(std::size_t number) const;
  [[nodiscard]] std::size_t receivers_of(std::size_t number) const;
  void note_answer(std::uint64_t number);
  void send_due();
  void send(std::size_t number);
  void on_frame(std::size_t client, std::string_view frame);
  void on_delivery(std::string_view frame);
  void on_ack(std::string_view frame);
  void on_refusal(std::string_view frame);

  const load_world& world_;
  std::size_t content_size_;
  load_course course_;
  std::string run_;  ///< Begins each message's key.
  wire_loop loop_;
  std::size_t ready_ = 0;
  std::vector<seq_watch> seen_;  ///< By client.
  std::size_t most_unanswered_ = 0;
  std::vector<std::size_t> unanswered_;  ///< By client.
  std::uint64_t first_number_ = 0;       ///< Messages are numbered over all runs.

  // Of the run under way.
  send_schedule schedule_{1, 0, 0, 0};
  load_figures figures_;
  std::size_t sent_ = 0;
  std::uint64_t answered_ = 0, due_deliveries_ = 0, delivered_ = 0;
};

}  // namespace parley::bench
