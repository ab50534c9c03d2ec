// What a node counts. Plain atomics here, so that every folder may count; src/core/metrics.cpp gives them to
// Prometheus.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "parley/message_trace.hpp"

namespace parley {

/// Only grows. Relaxed: a count orders nothing.
class counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class gauge {
 public:
  void add(std::int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  void set(std::int64_t n) { value_.store(n, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Fixed buckets, doubling from `first`: bucket i counts values up to first × 2^i; the last takes the rest.
class histogram {
 public:
  static constexpr std::size_t bucket_count = 20;

  explicit histogram(double first) : first_(first) {}
  void observe(double value);
  [[nodiscard]] double upper_bound(std::size_t bucket) const;
  [[nodiscard]] std::uint64_t count_in(std::size_t bucket) const {
    return buckets_[bucket].load(std::memory_order_relaxed);
  }
  [[nodiscard]] double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  double first_;
  std::array<std::atomic<std::uint64_t>, bucket_count + 1> buckets_{};
  std::atomic<double> sum_{0};
};

/// One for a node, owned by it; everybody else holds a reference. Names in Prometheus: parley_ + field name.
struct metrics {
  // net
  gauge connections;  ///< Open sockets, HTTP and WebSocket.
  gauge websocket_connections;
  counter connections_total;
  counter connections_refused_total;  ///< Over net.max_connections.
  counter frames_received_total;
  counter bad_frames_total;
  counter frames_sent_total;
  counter bytes_sent_total;
  counter socket_writes_total;            ///< System calls; frames_sent / writes shows the gathering.
  counter bytes_compressed_total;         ///< Of events, before it: once a batch, however many receive it.
  counter compression_saved_bytes_total;  ///< What all recipients together did not have to be sent for it.
  counter bytes_inflated_total;           ///< Of clients' messages, after it.
  counter ephemeral_dropped_total;
  counter closed_too_slow_total;
  counter rate_limited_total;
  counter overload_refused_total;
  counter http_requests_total;
  gauge rest_in_flight;
  gauge reads_paused;     ///< Connections not read for want of credit.
  gauge broadcast_queue;  ///< Ephemeral broadcasts waiting for I/O threads.
  // rooms and sessions
  gauge sessions;
  gauge rooms_active;
  gauge ring_bytes;
  gauge room_queue;                ///< Commands waiting in rooms.
  counter room_busy_total;         ///< Commands refused since a room's queue was full.
  counter events_delivered_total;  ///< Durable events handed to shards (once an event, not a recipient).
  counter replay_events_ring_total;
  counter replay_events_tail_total;
  counter replay_events_store_total;
  counter replay_pages_store_total;  ///< Questions to the store for a page of a replay.
  counter actors_restarted_total;    ///< Rooms and storage actors made anew after a death.
  gauge presence_online;
  // store
  gauge storage_queue;  ///< Commands and jobs waiting for a worker.
  gauge storage_held;   ///< Of these, commands whose rooms somebody else has locked.
  counter events_stored_total;
  counter duplicates_total;
  counter commands_refused_total;
  counter commits_total;
  counter commit_failures_total;
  histogram batch_commands{1};
  histogram commit_seconds{0.0001};
  histogram read_seconds{0.0001};
  gauge read_queue;
  counter store_busy_total;
  counter store_reconnects_total;  ///< PostgreSQL: connections made anew, for writing and for reading.
  counter store_retries_total;     ///< PostgreSQL: transactions run again, after a deadlock or a lost connection.
  counter store_in_doubt_total;    ///< PostgreSQL: commits without an answer that were settled by looking.
  // the bus between nodes
  gauge buses_up;              ///< URLs of the bus from which news can be read.
  gauge stream_backlog_bytes;  ///< This node's events that wait to go out.
  gauge buses_writable;        ///< URLs of the bus that took this node's last news.
  gauge stream_news_bytes;     ///< Other nodes' events that wait in rooms.
  counter stream_batches_written_total;
  counter stream_batches_read_total;
  counter stream_write_failures_total;
  counter stream_read_failures_total;
  counter stream_gaps_announced_total;  ///< Times that something was dropped for want of room.
  counter stream_gaps_heard_total;      ///< Times that something may have been missed.
  counter stream_unreadable_total;
  gauge stream_lag_ms;       ///< How old the last news were when heard, and how long none could be heard since.
  gauge resynced_at_ms;      ///< When rooms were last compared with the store for want of news, since 1970; 0: never.
  gauge nodes_alive;         ///< That have lately said so, this one too.
  counter nodes_dead_total;  ///< That this one was the first to take for dead; none that took leave.
  gauge deliveries_held;     ///< Calls that wait in the shards until the control log can be read again.
  counter control_events_total;    ///< Read from the control log.
  counter control_failures_total;  ///< Times that it could not be read.
  counter control_unreadable_total;
  histogram control_wait_seconds{0.001};  ///< Of the ends of sessions, for every node that may deliver.
  gauge tail_queue;                       ///< Pages that wait for rooms' tails in Redis.
  counter tail_pages_total;               ///< Found there.
  counter tail_misses_total;              ///< Not there, or behind, or no room in the queue: read from the store.
  counter tail_failures_total;            ///< Likewise, since Redis did not answer.
  gauge session_cache_queue;              ///< Tokens to be looked up in Redis, or to be kept there.
  counter session_cache_hits_total;       ///< Tokens that another node had read.
  counter session_cache_misses_total;     ///< Not there, or changed since: read from the store.
  counter session_cache_failures_total;   ///< Round trips that Redis did not answer.
  counter sweeps_total;
  counter rooms_found_behind_total;  ///< By a sweep.
  gauge signal_buses_up;             ///< URLs of the bus from which signals can be heard.
  gauge signal_rooms;                ///< Rooms whose signals come here.
  gauge signal_queue;                ///< Signals that wait to go out, or in rooms.
  counter signals_published_total;
  counter signals_heard_total;
  counter signals_dropped_total;  ///< For want of room or of the bus, going out or coming in.
  counter signals_unreadable_total;
  counter hints_heard_total;
  counter roster_failures_total;  ///< Times that the list of rooms in use could not be written or read.
  // search
  gauge search_rooms_behind;           ///< Rooms with events that the index has not taken yet.
  histogram search_lag_seconds{0.01};  ///< From a room's news to its place in the index.
  // accounts
  counter logins_total;
  counter login_failures_total;
  counter logins_throttled_total;
  gauge password_queue;
  // files
  gauge uploads;         ///< Under way.
  gauge file_transfers;  ///< Uploads and downloads that hold one of files.transfers.
  counter files_stored_total;
  counter files_swept_total;
  counter file_bytes_received_total;
  counter file_bytes_sent_total;

  // moderation
  counter reports_total;
  gauge removals;  ///< Of messages of people who were banned, under way.
  counter removed_messages_total;

  message_trace last_messages;  ///< Not for Prometheus: parleyctl asks for one.
};

/// Prometheus' text exposition format, version 0.0.4.
std::string to_prometheus(const metrics& values);

}  // namespace parley
