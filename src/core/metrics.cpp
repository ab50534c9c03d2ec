// The node's counts in Prometheus' text format, by prometheus-cpp's serializer.
#include "parley/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include "parley/version.hpp"

namespace parley {
namespace {

using families = std::vector<prometheus::MetricFamily>;

prometheus::MetricFamily& family(families& out, const char* name, const char* help, prometheus::MetricType type) {
  prometheus::MetricFamily made;
  made.name = std::string("parley_") + name;
  made.help = help;
  made.type = type;
  made.metric.emplace_back();
  return out.emplace_back(std::move(made));
}

void put(families& out, const char* name, const char* help, const counter& value) {
  family(out, name, help, prometheus::MetricType::Counter).metric[0].counter.value = static_cast<double>(value.value());
}

void put(families& out, const char* name, const char* help, const gauge& value) {
  family(out, name, help, prometheus::MetricType::Gauge).metric[0].gauge.value = static_cast<double>(value.value());
}

void put(families& out, const char* name, const char* help, const histogram& value) {
  auto& metric = family(out, name, help, prometheus::MetricType::Histogram).metric[0].histogram;
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i <= histogram::bucket_count; ++i) {
    cumulative += value.count_in(i);
    prometheus::ClientMetric::Bucket bucket;
    bucket.cumulative_count = cumulative;
    bucket.upper_bound = i < histogram::bucket_count ? value.upper_bound(i) : INFINITY;
    metric.bucket.push_back(bucket);
  }
  metric.sample_count = cumulative;
  metric.sample_sum = value.sum();
}

void put_net(families& out, const metrics& m) {
  put(out, "connections", "Open sockets, HTTP and WebSocket", m.connections);
  put(out, "websocket_connections", "Open WebSocket connections", m.websocket_connections);
  put(out, "connections_total", "Sockets accepted", m.connections_total);
  put(out, "connections_refused_total", "Sockets refused for want of room (net.max_connections)",
      m.connections_refused_total);
  put(out, "frames_received_total", "WebSocket frames received from clients", m.frames_received_total);
  put(out, "bad_frames_total", "Frames that were no known request", m.bad_frames_total);
  put(out, "frames_sent_total", "WebSocket frames handed to sockets", m.frames_sent_total);
  put(out, "bytes_sent_total", "Bytes written to sockets", m.bytes_sent_total);
  put(out, "socket_writes_total", "Writes on sockets; by io_uring many are one system call", m.socket_writes_total);
  put(out, "bytes_compressed_total", "Bytes of events before they were compressed, once for all who receive them",
      m.bytes_compressed_total);
  put(out, "compression_saved_bytes_total", "Bytes that compression spared all recipients together",
      m.compression_saved_bytes_total);
  put(out, "bytes_inflated_total", "Bytes of clients' compressed messages, inflated", m.bytes_inflated_total);
  put(out, "ephemeral_dropped_total", "Ephemeral frames dropped at a full outbox", m.ephemeral_dropped_total);
  put(out, "closed_too_slow_total", "Connections closed with 4408", m.closed_too_slow_total);
  put(out, "overload_refused_total",
      "Durable frames refused with busy, as answers took longer than limits.overload_ms, or would have",
      m.overload_refused_total);
  put(out, "rate_limited_total", "Requests refused by a rate limit", m.rate_limited_total);
  put(out, "http_requests_total", "HTTP requests answered", m.http_requests_total);
  put(out, "rest_in_flight", "REST calls waiting for their answer", m.rest_in_flight);
  put(out, "reads_paused", "Connections not read for want of credit", m.reads_paused);
  put(out, "broadcast_queue", "Ephemeral broadcasts waiting for I/O threads", m.broadcast_queue);
}

void put_actors(families& out, const metrics& m) {
  put(out, "sessions", "Session actors", m.sessions);
  put(out, "rooms_active", "Room actors", m.rooms_active);
  put(out, "ring_bytes", "Bytes of recent events kept in memory for replay", m.ring_bytes);
  put(out, "room_queue", "Commands waiting in rooms", m.room_queue);
  put(out, "room_busy_total", "Commands refused at a full room queue", m.room_busy_total);
  put(out, "events_delivered_total", "Durable events handed to the delivery shards", m.events_delivered_total);
  put(out, "replay_events_ring_total", "Events replayed from memory", m.replay_events_ring_total);
  put(out, "replay_events_tail_total", "Events replayed from rooms' tails in Redis", m.replay_events_tail_total);
  put(out, "replay_events_store_total", "Events replayed from the store", m.replay_events_store_total);
  put(out, "replay_pages_store_total", "Pages of a replay that the store was asked for", m.replay_pages_store_total);
  put(out, "actors_restarted_total", "Room and storage actors made anew after a failure", m.actors_restarted_total);
  put(out, "presence_online", "Users online on this node", m.presence_online);
  put(out, "logins_total", "Successful log-ins", m.logins_total);
  put(out, "login_failures_total", "Failed log-ins", m.login_failures_total);
  put(out, "logins_throttled_total", "Log-ins refused by the throttle", m.logins_throttled_total);
  put(out, "password_queue", "Password hashes waiting", m.password_queue);
}

void put_store(families& out, const metrics& m) {
  put(out, "storage_queue", "Commands and jobs waiting for a storage worker", m.storage_queue);
  put(out, "storage_held", "Commands waiting for rooms that somebody else has locked", m.storage_held);
  put(out, "events_stored_total", "Durable events committed", m.events_stored_total);
  put(out, "duplicates_total", "Commands answered from an earlier one with the same key", m.duplicates_total);
  put(out, "commands_refused_total", "Commands refused by the store's rules", m.commands_refused_total);
  put(out, "commits_total", "Transactions committed", m.commits_total);
  put(out, "commit_failures_total", "Transactions that failed, and looks that found the store gone",
      m.commit_failures_total);
  put(out, "batch_commands", "Commands in one transaction", m.batch_commands);
  put(out, "commit_seconds", "Duration of one transaction with its fsync", m.commit_seconds);
  put(out, "read_seconds", "Duration of one read job", m.read_seconds);
  put(out, "read_queue", "Reads waiting for a reader", m.read_queue);
  put(out, "store_busy_total", "Requests refused at a full storage queue", m.store_busy_total);
  put(out, "store_reconnects_total", "Connections to PostgreSQL made anew", m.store_reconnects_total);
  put(out, "store_retries_total", "Transactions run again after a deadlock or a lost connection",
      m.store_retries_total);
  put(out, "store_in_doubt_total", "Commits without an answer that were settled by looking", m.store_in_doubt_total);
}

void put_bus(families& out, const metrics& m) {
  put(out, "buses_up", "URLs of the bus from which news can be read", m.buses_up);
  put(out, "buses_writable", "URLs of the bus that took this node's last news", m.buses_writable);
  put(out, "stream_backlog_bytes", "This node's events that wait to go out to the bus, in bytes",
      m.stream_backlog_bytes);
  put(out, "stream_news_bytes", "Other nodes' events that wait in rooms, in bytes", m.stream_news_bytes);
  put(out, "stream_batches_written_total", "Batches of events that went out to the bus",
      m.stream_batches_written_total);
  put(out, "stream_batches_read_total", "Batches of events that came in from other nodes", m.stream_batches_read_total);
  put(out, "stream_write_failures_total", "Tries to write to the bus that failed", m.stream_write_failures_total);
  put(out, "stream_read_failures_total", "Tries to read from the bus that failed", m.stream_read_failures_total);
  put(out, "stream_gaps_announced_total", "Times that this node dropped news for want of room and said so",
      m.stream_gaps_announced_total);
  put(out, "stream_gaps_heard_total",
      "Times that something may have been missed, so that rooms were compared with the store",
      m.stream_gaps_heard_total);
  put(out, "stream_unreadable_total", "Entries of the bus that were skipped, of an unknown version or broken",
      m.stream_unreadable_total);
  put(out, "stream_lag_ms",
      "How old the last news of other nodes were when they were heard, and how long none could be heard since, in"
      " milliseconds; the most of all streams",
      m.stream_lag_ms);
  put(out, "resynced_at_ms",
      "When rooms were last compared with the store for want of news, in milliseconds since 1970", m.resynced_at_ms);
  put(out, "nodes_alive", "Nodes that have said so within the last second, this one too", m.nodes_alive);
  put(out, "nodes_dead_total", "Nodes that this one was the first to take for dead", m.nodes_dead_total);
  put(out, "deliveries_held", "Deliveries that wait until the control log can be read again", m.deliveries_held);
  put(out, "control_events_total", "Events read from the control log", m.control_events_total);
  put(out, "control_failures_total", "Times that the control log could not be read", m.control_failures_total);
  put(out, "control_unreadable_total", "Events of the control log of a kind that this build does not know",
      m.control_unreadable_total);
  put(out, "control_wait_seconds", "How long the end of a session waited for every node that may deliver to it",
      m.control_wait_seconds);
  put(out, "tail_queue", "Pages of a replay that wait for rooms' tails in Redis", m.tail_queue);
  put(out, "tail_pages_total", "Pages of a replay found in rooms' tails", m.tail_pages_total);
  put(out, "tail_misses_total", "Pages of a replay that rooms' tails did not have, so that the store was asked",
      m.tail_misses_total);
  put(out, "tail_failures_total", "Pages of a replay for which Redis did not answer, so that the store was asked",
      m.tail_failures_total);
  put(out, "session_cache_queue", "Tokens to be looked up in Redis, or to be kept there", m.session_cache_queue);
  put(out, "session_cache_hits_total", "Tokens found in Redis, as another node had read them",
      m.session_cache_hits_total);
  put(out, "session_cache_misses_total", "Tokens that Redis did not have as they are now, so that the store was asked",
      m.session_cache_misses_total);
  put(out, "session_cache_failures_total", "Round trips for tokens that Redis did not answer",
      m.session_cache_failures_total);
  put(out, "sweeps_total", "Comparisons of the rooms in use with the store", m.sweeps_total);
  put(out, "rooms_found_behind_total", "Rooms that such a comparison found behind the store",
      m.rooms_found_behind_total);
  put(out, "signal_buses_up", "URLs of the bus from which signals can be heard", m.signal_buses_up);
  put(out, "signal_rooms", "Rooms whose signals come here from other nodes", m.signal_rooms);
  put(out, "signal_queue", "Signals that wait to go out to the bus, or in rooms", m.signal_queue);
  put(out, "signals_published_total", "Signals that went out to the bus", m.signals_published_total);
  put(out, "signals_heard_total", "Signals that came in from other nodes", m.signals_heard_total);
  put(out, "signals_dropped_total", "Signals dropped for want of room or of the bus, going out or coming in",
      m.signals_dropped_total);
  put(out, "signals_unreadable_total", "Signals that were skipped, of an unknown version or broken",
      m.signals_unreadable_total);
  put(out, "hints_heard_total", "Times that this node was to look whether there is something for it",
      m.hints_heard_total);
  put(out, "roster_failures_total",
      "Times that the list of rooms in use could not be written to the bus or read from it", m.roster_failures_total);
}

void put_search(families& out, const metrics& m) {
  put(out, "search_rooms_behind", "Rooms with events that the search index has not taken yet", m.search_rooms_behind);
  put(out, "search_lag_seconds", "From a room's news to its place in the search index, or so far",
      m.search_lag_seconds);
}

void put_files(families& out, const metrics& m) {
  put(out, "uploads", "Uploads under way", m.uploads);
  put(out, "file_transfers", "Uploads and downloads under way, of at most files.transfers", m.file_transfers);
  put(out, "files_stored_total", "Files uploaded to their end", m.files_stored_total);
  put(out, "files_swept_total", "Files deleted since no message had them", m.files_swept_total);
  put(out, "file_bytes_received_total", "Bytes of files received", m.file_bytes_received_total);
  put(out, "file_bytes_sent_total", "Bytes of files sent", m.file_bytes_sent_total);
  put(out, "reports_total", "Messages reported", m.reports_total);
  put(out, "removals", "Bans whose messages are being removed", m.removals);
  put(out, "removed_messages_total", "Messages removed with a ban", m.removed_messages_total);
}

/// Always 1: what it has to say is in its labels.
void put_build(families& out) {
  auto& build = family(out, "build_info", "The version that runs", prometheus::MetricType::Gauge);
  build.metric[0].label.push_back({"version", std::string(version())});
  build.metric[0].gauge.value = 1;
}

/// As Prometheus' own clients have them, but for the first word.
void put_process(families& out) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  auto& cpu = family(out, "process_cpu_seconds_total", "User and system time of the process, in seconds",
                     prometheus::MetricType::Counter);
  cpu.metric[0].counter.value = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  double pages = 0;
  double resident_pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident_pages;
  auto& memory = family(out, "process_resident_memory_bytes", "Resident memory of the process, in bytes",
                        prometheus::MetricType::Gauge);
  memory.metric[0].gauge.value = resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

void histogram::observe(double value) {
  std::size_t bucket = 0;
  for (double bound = first_; bucket < bucket_count && value > bound; bound *= 2) ++bucket;
  buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  double sum = sum_.load(std::memory_order_relaxed);
  while (!sum_.compare_exchange_weak(sum, sum + value, std::memory_order_relaxed)) {
  }
}

double histogram::upper_bound(std::size_t bucket) const { return std::ldexp(first_, static_cast<int>(bucket)); }

std::string to_prometheus(const metrics& values) {
  families out;
  put_net(out, values);
  put_actors(out, values);
  put_store(out, values);
  put_bus(out, values);
  put_search(out, values);
  put_files(out, values);
  put_build(out);
  put_process(out);
  return prometheus::TextSerializer().Serialize(out);
}

}  // namespace parley
