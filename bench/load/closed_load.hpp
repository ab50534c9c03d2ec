// A closed loop: in each room a fixed number of messages is on its way, and each ack sends the next. It shows what a
// delivery costs at the rate that the server itself sets; for latencies see open_load.hpp.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "across/wire_loop.hpp"
#include "load/world.hpp"
#include "report/report.hpp"

namespace parley::bench {

struct closed_options {
  std::size_t outstanding = 1;  ///< Unacknowledged messages of a room.
  std::size_t size = 128;       ///< Bytes of content.
  bool in_turn = false;         ///< Every member sends; else the first one only, who is nobody's receiver.
  bool has_seqs = true;         ///< The server numbers each room's messages.
};

struct closed_figures {
  double seconds = 0;
  std::uint64_t acknowledged = 0, deliveries = 0;  ///< In the measured time.
  load_troubles troubles;                          ///< Of all messages.
  latency_histogram delivery, ack;    ///< From send() to the read; deliveries of a sample of the receivers.
  std::optional<double> cpu_seconds;  ///< Of the server in the measured time.
  double tool_cpu_seconds = 0;
  std::vector<load_part> course;

  /// 0 when nothing is known.
  [[nodiscard]] double cpu_us_per_delivery() const {
    return deliveries == 0 ? 0 : cpu_seconds.value_or(0) * 1e6 / static_cast<double>(deliveries);
  }
};

/// All clients of the world on one thread.
class closed_load {
 public:
  /// `world` outlives it. Connects everybody; throws std::runtime_error when somebody cannot.
  closed_load(const support::target& node, const load_world& world, const closed_options& options,
              load_course::part_handler on_part);

  /// At the end nothing is sent any more and everything is waited for, so that what was lost is known.
  closed_figures run(double warm_up_seconds, double seconds, const server_watch& server);

 private:
  struct sending {
    std::deque<std::int64_t> sent_at_ns;  ///< Acks come in the order of the sends.
    std::size_t turn = 0;                 ///< Who sends next.
  };

  void connect(const support::target& node);
  void run_until(std::int64_t time_ns, const server_watch& server);
  void send(std::size_t room);
  void on_frame(std::size_t client, std::string_view frame);
  void on_ack(std::size_t client);
  [[nodiscard]] bool is_over() const;

  const load_world& world_;
  closed_options options_;
  load_course course_;
  wire_loop loop_;
  std::size_t ready_ = 0;
  std::vector<seq_watch> seen_;         ///< By client.
  std::vector<sending> rooms_;          ///< By room.
  std::vector<std::int64_t> times_ns_;  ///< By message: when it was sent.
  bool is_sending_ = false;
  bool is_measuring_ = false;
  std::uint64_t answered_ = 0, due_deliveries_ = 0, delivered_ = 0;
  closed_figures figures_;
};

}  // namespace parley::bench
