// `parley-bench durable`: keyed sends that count when they are acknowledged, and so stored; what does one cost?
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "report/course.hpp"
#include "report/latency_histogram.hpp"
#include "report/report.hpp"
#include "support/postgres_server.hpp"
#include "support/server_process.hpp"

namespace parley::bench {

using support::postgres_server;
using support::server_process;

struct durable_options {
  std::uint32_t rooms = 100;
  std::uint32_t senders =
      1000;  ///< In turns in the rooms; each is a member of one, and gets what the others send there.
  std::uint32_t outstanding = 1;  ///< Messages of one sender that wait for their ack.
  double seconds = 10;
};

struct durable_figures {
  double seconds = 0;
  std::uint64_t acknowledged = 0;
  double p50_ms = 0, p99_ms = 0, p999_ms = 0;  ///< From send() to the ack's read.
  double server_cpu_seconds = 0;
  double database_cpu_seconds = 0;  ///< Of all processes of PostgreSQL; 0 for SQLite, which is a part of the server.
  double commits = 0;
  double batch_commands = 0;  ///< Commands in all these commits.
  double commit_seconds = 0;  ///< The time of all commits together; workers commit side by side.
  double client_cpu_seconds = 0;
  latency_histogram acks;  ///< The same times as the percentiles.
  load_troubles troubles;  ///< Of all messages, those of the warm-up among them.
  std::vector<load_part> course;
};

/// Connects everybody and runs for the given time after a warm-up; then nothing is sent any more, and what is under way
/// is waited for. `database` is where the server stores, null for SQLite.
durable_figures run_durable(const server_process& server, const postgres_server* database,
                            const durable_options& options);

}  // namespace parley::bench
