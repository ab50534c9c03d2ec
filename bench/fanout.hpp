// `parley-bench fanout`: one sender a room, everybody in it receives; what does a delivery cost?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/server_process.hpp"

namespace parley::bench {

using support::client_socket;
using support::server_process;

struct fanout_options {
  std::uint32_t rooms = 1;
  std::uint32_t members = 1000;   ///< Receivers in each room, besides its sender.
  std::uint32_t payload = 128;    ///< Bytes of content.
  std::uint32_t outstanding = 1;  ///< Messages of one sender that wait for their ack.
  double seconds = 5;
};

struct fanout_figures {
  double seconds = 0;
  std::uint64_t sent = 0;                     ///< Acknowledged messages.
  std::uint64_t deliveries = 0;               ///< new_message frames that reached a receiver.
  double cpu_seconds = 0;                     ///< Of the server.
  double p50_ms = 0, p99_ms = 0, max_ms = 0;  ///< From send() to the receiver's read, over a sample of the receivers.
  double ack_p50_ms = 0, ack_p99_ms = 0;

  [[nodiscard]] double cpu_us_per_delivery() const {
    return deliveries == 0 ? 0 : cpu_seconds * 1e6 / static_cast<double>(deliveries);
  }
};

/// Connects everybody, runs for the given time after a warm-up, shows progress on standard error.
fanout_figures run_fanout(const server_process& server, const fanout_options& options);

void print(const std::string& name, const fanout_options& options, const fanout_figures& figures);

}  // namespace parley::bench
