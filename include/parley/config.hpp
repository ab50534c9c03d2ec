// The one configuration: a field for each key of the TOML file, with its default and its unit; read once at the start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parley/error.hpp"

namespace parley {

struct net_config {
  std::string listen = "127.0.0.1:8000";
  std::uint32_t threads = 0;  ///< I/O threads, which are the delivery shards; 0 = one a core.
  std::vector<std::string> allowed_origins;
  std::vector<std::string> trusted_proxies;  ///< Addresses or networks ("10.0.0.0/8") whose X-Forwarded-For counts.
  std::string tls_certificate, tls_key;      ///< PEM files; both or neither.
  std::uint32_t heartbeat_ms = 30'000;
  std::uint32_t request_deadline_ms = 10'000;  ///< For a request's header and body, and a TLS handshake.
  std::uint32_t max_connections = 100'000;
  std::uint32_t max_rest_in_flight = 1'024;
  std::uint32_t broadcast_queue =
      10'000;                 ///< Ephemeral broadcasts waiting for one I/O thread; further ones are dropped.
  std::string send = "auto";  ///< How frames leave: "uring", "plain" (a system call a socket), or whichever works.
  std::string compression = "off";  ///< permessage-deflate: "off", or "shared" by all who receive a batch.
};

struct store_config {
  std::string url = "sqlite:parley.db";
  std::uint32_t workers = 0;  ///< 0 = one for each four cores, up to 8.
  std::uint32_t readers = 2;
  std::uint32_t batch_commands = 1'000;  ///< Most commands in one transaction.
  std::uint32_t batch_bytes = 4 * 1024 * 1024;
  std::uint32_t connect_ms = 3'000;    ///< PostgreSQL: for making a connection.
  std::uint32_t statement_ms = 5'000;  ///< PostgreSQL: for one statement; an answer later than that and a second
                                       ///< more costs the connection.
  std::uint32_t lock_ms = 3'000;       ///< PostgreSQL: for a lock that another node holds.
  /// SQLite's write-ahead log: when it is larger, commits wait for readers to come out of it.
  std::uint64_t wal_bytes = 64ULL * 1024 * 1024;
  std::uint64_t cache_bytes = 64ULL * 1024 * 1024;  ///< Pages the writer keeps in memory; each reader a quarter of it.
  std::uint32_t queue_commands = 50'000;            ///< Waiting for one worker; then `busy`.
  std::uint32_t read_queue = 10'000;                ///< Reads waiting for one reader; then `busy`.
};

struct bus_config {
  std::string url;                         ///< Empty: one node. Several, separated by commas, share the partitions.
  std::uint32_t partitions = 16;           ///< Streams over which rooms are spread; the same on every node.
  std::uint32_t stream_entries = 100'000;  ///< Kept in one partition, about: what a node may be behind.
  std::uint32_t connect_ms = 1'000;
  std::uint32_t answer_ms = 2'000;                    ///< For an answer; a later one costs the connection.
  std::uint64_t backlog_bytes = 64ULL * 1024 * 1024;  ///< Of events that wait to go out; the rest is left to the store.
  std::uint64_t news_bytes = 64ULL * 1024 * 1024;     ///< Of others' events that wait in rooms; then no more are read.
  std::uint32_t hole_wait_ms = 20;                    ///< Before missing events are read from the store.
  double sweep_seconds = 5;                           ///< Between two comparisons of the rooms in use with the store.
  std::uint32_t tail_entries = 1'000;  ///< Newest events of a room kept in Redis for replay, about; 0 = none.
  double tail_hours = 24;              ///< A room's tail goes so long after its last event; older texts are not served.
  std::uint32_t tail_queue = 10'000;   ///< Pages waiting for one URL; further ones are read from the store.
  std::uint32_t session_seconds = 600;   ///< What a node read of a token spares the others the reading; 0 = nothing.
  std::uint32_t signal_queue = 10'000;   ///< Signals that wait for one URL, and as many for rooms; the rest is dropped.
  std::uint32_t signal_rooms = 100'000;  ///< Most rooms whose signals are asked for at one URL.
};

struct node_config {
  std::string name = "parley";
};

struct replay_config {
  std::uint32_t limit = 200;        ///< Events a room and request.
  std::uint32_t ring_events = 256;  ///< Kept in memory a room.
  std::uint32_t ring_bytes = 256 * 1024;
  std::uint64_t ring_budget_bytes = 256ULL * 1024 * 1024;  ///< For all rooms of the node.
};

struct room_config {
  std::uint32_t queue_commands = 4'096;    ///< Waiting in one room; then `busy`.
  std::uint32_t batch_commands = 500;      ///< Most commands a room hands to the store at once.
  std::uint32_t batch_bytes = 512 * 1024;  ///< So that a batch fits an outbox; about, the last command may exceed it.
  std::uint32_t idle_seconds = 120;        ///< Without attachments or commands; then the actor is passivated.
};

struct limits_config {
  std::uint32_t frame_bytes = 64 * 1024;
  std::uint32_t content_bytes = 8 * 1024;
  std::uint32_t emoji_bytes = 32;
  std::uint32_t body_bytes = 64 * 1024;       ///< A REST request's body (files have their own).
  double send_rate_per_second = 20;           ///< 0 = no limit.
  double send_burst = 40;                     ///< 0 = no limit.
  double login_rate_per_minute = 5;           ///< Failed log-ins for an account and address; 0 = no limit on any.
  double login_account_rate_per_minute = 20;  ///< For an account, from addresses it never logged in at.
  double login_address_rate_per_minute = 60;  ///< For an address, over accounts that never logged in there.
  double register_rate_per_minute = 0;        ///< Registrations of an address; 0 = no limit.
  double changes_per_second =
      2;                       ///< Of friendships, members removed, names, profiles; a session (token). 0 = no limit.
  double changes_burst = 100;  ///< 0 = no limit.
  std::uint32_t frames_per_second = 100;  ///< Of any kind, a connection; 0 = no limit.
  std::uint32_t bad_frames_per_minute = 10;
  std::uint32_t unanswered_sends = 64;  ///< A connection; then its socket is not read.
  std::uint32_t overload_ms =
      500;  ///< Under overload, what would wait longer for its answer is `busy`. 0 = nothing is.
  std::uint32_t rooms_per_user = 1'000;
  std::uint32_t room_members = 10'000;
  std::uint32_t reactions_per_message = 100;  ///< Distinct emojis, whoever uses them.
  std::uint32_t read_receipt_members = 200;
  std::uint32_t tokens_per_user = 1'000;  ///< Log-ins of one user; a further one ends the one that expires first.
  std::uint32_t watched_users = 500;
  std::uint32_t friends_per_user = 1'000;    ///< Accepted ones and requests of one's own.
  std::uint32_t open_reports_per_user = 50;  ///< Reports of one user that nobody has decided.
  std::uint32_t watches_per_second = 5;      ///< watch_presence frames of a connection; 0 = no limit.
  std::uint32_t outbox_bytes =
      1024 * 1024;  ///< Queued to a connection; then ephemeral frames are dropped; past twice that: 4408.
  std::uint32_t outbox_frames = 1'000;
  std::uint64_t file_bytes = 16ULL * 1024 * 1024;          ///< Of one file.
  std::uint64_t file_quota_bytes = 1024ULL * 1024 * 1024;  ///< Of all files of a user; 0 = no limit.
  std::uint32_t files_per_user = 10'000;
  std::uint32_t transfers_per_user = 32;  ///< Uploads and downloads at once, on one node.
  std::uint32_t uploads_per_user = 4;     ///< At once, on one node.
  std::uint32_t typing_interval_ms = 3'000;
  std::uint32_t read_interval_ms = 1'000;
};

struct files_config {
  /// "dir:FOLDER", "store:" (in the database), or "auto": a folder beside SQLite's file, the database with PostgreSQL.
  std::string url = "auto";
  bool shared = false;                 ///< All nodes see the folder of "dir:"; required with PostgreSQL.
  std::uint32_t threads = 2;           ///< For a folder's bytes.
  std::uint32_t transfers = 256;       ///< Uploads and downloads at once; then `busy`. Each holds two blocks in memory.
  std::uint32_t upload_seconds = 600;  ///< For one upload, however it trickles.
  std::uint32_t download_seconds = 1'800;
  std::uint32_t sign_seconds = 600;   ///< For how long a signed address is good, at least; at most twice that.
  double unsent_hours = 24;           ///< A file that no message has for so long is deleted.
  std::uint32_t sweep_seconds = 600;  ///< How often such files are looked for.
};

struct presence_config {
  std::uint32_t ttl_seconds = 30;
  std::uint32_t grace_seconds = 5;
};

struct drain_config {
  double seconds = 10;
  double ready_seconds = 0;  ///< Unready but still accepting, for load balancers that notice late.
};

struct auth_config {
  std::uint32_t token_days = 30;       ///< A token ends when it was not used for so long.
  std::uint32_t token_max_days = 365;  ///< And so long after the log-in; 0 = never.
  std::uint32_t password_memory_kib = 19 * 1024;
  std::uint32_t password_passes = 2;
  std::uint32_t password_threads = 1;
  std::uint32_t password_queue = 64;  ///< Log-ins and registrations waiting; then `busy`.
};

/// In bytes; sockaddr_un has no room for more.
inline constexpr std::size_t longest_admin_socket_path = 107;

struct admin_config {
  /// The admin socket of parleyctl, a file; "auto": beside SQLite's file, none with PostgreSQL. Empty: none.
  std::string socket = "auto";
};

struct log_config {
  std::string level = "info";   ///< trace, debug, info, warn, error
  std::string format = "text";  ///< text, json
};

struct config {
  net_config net;
  store_config store;
  bus_config bus;
  node_config node;
  replay_config replay;
  room_config room;
  limits_config limits;
  files_config files;
  presence_config presence;
  drain_config drain;
  auth_config auth;
  admin_config admin;
  log_config log;
  bool dev = false;  ///< --dev; never in a file.
};

/// `key = value` from one source, for messages that name it.
struct config_setting {
  std::string key;     ///< "net.listen"
  std::string value;   ///< As written: a TOML value, or a bare string.
  std::string source;  ///< "--set", "PARLEY_NET_LISTEN", …
};

/// Defaults, then the TOML text, then the settings in order. Errors name the key and the source.
result<config> load_config(const std::string& toml_text, const std::string& source,
                           const std::vector<config_setting>& settings);
/// What the PARLEY_… variables say: PARLEY_NET_LISTEN becomes net.listen.
struct environment_settings {
  std::vector<config_setting> settings;
  std::vector<std::string> unknown;  ///< To warn about, not to fail on: orchestrators set PARLEY_… names of their own.
};
environment_settings settings_from_environment(char** environment);
/// Splits "host:port" or "[v6]:port".
struct listen_address {
  std::string host;
  std::uint16_t port = 0;
};
result<listen_address> parse_listen_address(const std::string& text);
/// The addresses of bus.url, in their order.
std::vector<std::string> bus_urls(const config& value);
/// localhost, 127.0.0.0/8 in figures, or ::1 (without brackets).
bool is_loopback_host(const std::string& host);
/// The text of a regular file; errors name it.
result<std::string> read_config_file(const std::string& path);
/// Rules between fields: ranges, TLS pair, development mode only on loopback, URL schemes.
result<void> validate(const config& value);
/// TOML of every key as it stands; a password in a URL is masked.
std::string to_toml(const config& value);

}  // namespace parley
