// The same load for every server: one member of each room keeps so many messages unanswered.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "peers/peer.hpp"
#include "report/course.hpp"
#include "report/latency_histogram.hpp"

namespace parley::bench {

/// What is measured.
struct peer_work {
  std::string name;   ///< As --work has it.
  std::string title;  ///< As a report has it.
  std::uint32_t rooms = 1;
  std::uint32_t members = 1000;   ///< Of each room, its sender among them.
  std::uint32_t outstanding = 1;  ///< Messages of a sender that wait for their ack or echo.
  std::uint32_t size = 128;       ///< Bytes of content.
};

struct load_times {
  double warm_up = 1;
  double seconds = 5;
  double join = 60;  ///< At most, until everybody is in its room.
  double quiet = 3;  ///< At most, after the last message, until everybody has everything.
};

struct peer_figures {
  double seconds = 0;
  std::uint64_t messages = 0;    ///< Answered.
  std::uint64_t deliveries = 0;  ///< Messages that reached a member, and answers that reached a sender.
  cpu_times cpu;
  latency_histogram delivery;  ///< From the send to the receiver's read, over a sample of the receivers.
  latency_histogram answer;    ///< From the send to the sender's ack or echo.
  /// Of the whole run: what never reached a member, what came there more often than it was sent, and what came there,
  /// of the sample, after a later one.
  std::uint64_t lost = 0, repeated = 0, reordered = 0;
  std::vector<load_part> course;  ///< CPU is that of server and database together.

  [[nodiscard]] double deliveries_per_second() const { return static_cast<double>(deliveries) / seconds; }
  [[nodiscard]] double server_us() const { return cpu.server * 1e6 / static_cast<double>(deliveries); }
  [[nodiscard]] double database_us() const { return cpu.database * 1e6 / static_cast<double>(deliveries); }
  [[nodiscard]] double total_us() const { return server_us() + database_us(); }
};

/// Connects everybody, runs, and waits until all has come. `show` gets a line about what goes on now and then. Throws
/// std::runtime_error when the server refuses, hangs up or answers nothing.
peer_figures run_closed_load(const peer_server& server, const peer_work& work, const load_times& times,
                             const std::function<void(const std::string&)>& show);

}  // namespace parley::bench
