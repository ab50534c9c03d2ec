// The one table of configuration keys: each key's field and the range it allows.
#pragma once

#include "parley/config.hpp"

namespace parley {

/// Calls visit(key, field, least, most) for every number and visit(key, field) for everything else.
template <class Config, class Visitor>
void for_each_field(Config& c, Visitor&& visit) {
  constexpr double million = 1e6;
  constexpr double gib = 1024.0 * 1024 * 1024;
  visit("net.listen", c.net.listen);
  visit("net.threads", c.net.threads, 0, 256);
  visit("net.allowed_origins", c.net.allowed_origins);
  visit("net.trusted_proxies", c.net.trusted_proxies);
  visit("net.tls_certificate", c.net.tls_certificate);
  visit("net.tls_key", c.net.tls_key);
  visit("net.heartbeat_ms", c.net.heartbeat_ms, 100, 3'600'000);
  visit("net.request_deadline_ms", c.net.request_deadline_ms, 50, 600'000);
  visit("net.max_connections", c.net.max_connections, 1, 10 * million);
  visit("net.max_rest_in_flight", c.net.max_rest_in_flight, 1, million);
  visit("net.broadcast_queue", c.net.broadcast_queue, 1, 10 * million);
  visit("net.send", c.net.send);
  visit("net.compression", c.net.compression);
  visit("store.url", c.store.url);
  visit("store.workers", c.store.workers, 0, 256);
  visit("store.readers", c.store.readers, 1, 256);
  visit("store.batch_commands", c.store.batch_commands, 1, 100'000);
  visit("store.batch_bytes", c.store.batch_bytes, 1024, gib);
  visit("store.connect_ms", c.store.connect_ms, 100, 60'000);
  visit("store.statement_ms", c.store.statement_ms, 100, 600'000);
  visit("store.lock_ms", c.store.lock_ms, 100, 600'000);
  visit("store.wal_bytes", c.store.wal_bytes, 1024 * 1024, 1024 * gib);
  visit("store.cache_bytes", c.store.cache_bytes, 256 * 1024, 1024 * gib);
  visit("store.queue_commands", c.store.queue_commands, 1, 10 * million);
  visit("store.read_queue", c.store.read_queue, 1, 10 * million);
  visit("bus.url", c.bus.url);
  visit("bus.partitions", c.bus.partitions, 1, 1'024);
  visit("bus.stream_entries", c.bus.stream_entries, 100, 100 * million);
  visit("bus.connect_ms", c.bus.connect_ms, 50, 60'000);
  visit("bus.answer_ms", c.bus.answer_ms, 50, 60'000);
  visit("bus.backlog_bytes", c.bus.backlog_bytes, 64 * 1024, 1024 * gib);
  visit("bus.news_bytes", c.bus.news_bytes, 64 * 1024, 1024 * gib);
  visit("bus.hole_wait_ms", c.bus.hole_wait_ms, 0, 10'000);
  visit("bus.sweep_seconds", c.bus.sweep_seconds, 0.1, 3'600);
  visit("bus.tail_entries", c.bus.tail_entries, 0, 10'000);
  visit("bus.tail_hours", c.bus.tail_hours, 1, 8'760);
  visit("bus.tail_queue", c.bus.tail_queue, 1, million);
  visit("bus.session_seconds", c.bus.session_seconds, 0, 86'400);
  visit("bus.signal_queue", c.bus.signal_queue, 1, million);
  visit("bus.signal_rooms", c.bus.signal_rooms, 1, 10 * million);
  visit("node.name", c.node.name);
  visit("replay.limit", c.replay.limit, 1, 10'000);
  visit("replay.ring_events", c.replay.ring_events, 1, million);
  visit("replay.ring_bytes", c.replay.ring_bytes, 1024, gib);
  visit("replay.ring_budget_bytes", c.replay.ring_budget_bytes, 1024, 1024 * gib);
  visit("room.queue_commands", c.room.queue_commands, 1, million);
  visit("room.batch_commands", c.room.batch_commands, 1, 100'000);
  visit("room.batch_bytes", c.room.batch_bytes, 1024, gib);
  visit("room.idle_seconds", c.room.idle_seconds, 1, 86'400);
  visit("limits.frame_bytes", c.limits.frame_bytes, 1024, 16.0 * 1024 * 1024);
  visit("limits.content_bytes", c.limits.content_bytes, 1, 8.0 * 1024 * 1024);
  visit("limits.emoji_bytes", c.limits.emoji_bytes, 4, 256);
  visit("limits.body_bytes", c.limits.body_bytes, 1024, 16.0 * 1024 * 1024);
  visit("limits.send_rate_per_second", c.limits.send_rate_per_second, 0, million);
  visit("limits.send_burst", c.limits.send_burst, 0, million);
  visit("limits.login_rate_per_minute", c.limits.login_rate_per_minute, 0, million);
  visit("limits.login_account_rate_per_minute", c.limits.login_account_rate_per_minute, 0, million);
  visit("limits.login_address_rate_per_minute", c.limits.login_address_rate_per_minute, 0, million);
  visit("limits.register_rate_per_minute", c.limits.register_rate_per_minute, 0, million);
  visit("limits.changes_per_second", c.limits.changes_per_second, 0, million);
  visit("limits.changes_burst", c.limits.changes_burst, 0, million);
  visit("limits.frames_per_second", c.limits.frames_per_second, 0, million);
  visit("limits.bad_frames_per_minute", c.limits.bad_frames_per_minute, 0, million);
  visit("limits.unanswered_sends", c.limits.unanswered_sends, 1, 100'000);
  visit("limits.overload_ms", c.limits.overload_ms, 0, 60'000);
  visit("limits.rooms_per_user", c.limits.rooms_per_user, 1, 100'000);
  visit("limits.room_members", c.limits.room_members, 2, million);
  visit("limits.reactions_per_message", c.limits.reactions_per_message, 1, 10'000);
  visit("limits.read_receipt_members", c.limits.read_receipt_members, 0, million);
  visit("limits.friends_per_user", c.limits.friends_per_user, 1, 100'000);
  visit("limits.open_reports_per_user", c.limits.open_reports_per_user, 1, 100'000);
  visit("limits.tokens_per_user", c.limits.tokens_per_user, 1, 1'000'000);
  visit("limits.watched_users", c.limits.watched_users, 0, 100'000);
  visit("limits.watches_per_second", c.limits.watches_per_second, 0, million);
  visit("limits.outbox_bytes", c.limits.outbox_bytes, 4096, gib);
  visit("limits.outbox_frames", c.limits.outbox_frames, 1, million);
  visit("limits.file_bytes", c.limits.file_bytes, 1, 64 * gib);
  visit("limits.file_quota_bytes", c.limits.file_quota_bytes, 0, 1024 * 1024 * gib);
  visit("limits.files_per_user", c.limits.files_per_user, 1, 10 * million);
  visit("limits.transfers_per_user", c.limits.transfers_per_user, 1, 100'000);
  visit("limits.uploads_per_user", c.limits.uploads_per_user, 1, 1'000);
  visit("limits.typing_interval_ms", c.limits.typing_interval_ms, 0, 600'000);
  visit("limits.read_interval_ms", c.limits.read_interval_ms, 0, 600'000);
  visit("files.url", c.files.url);
  visit("files.shared", c.files.shared);
  visit("files.threads", c.files.threads, 1, 256);
  visit("files.transfers", c.files.transfers, 1, 100'000);
  visit("files.upload_seconds", c.files.upload_seconds, 1, 86'400);
  visit("files.download_seconds", c.files.download_seconds, 1, 86'400);
  visit("files.sign_seconds", c.files.sign_seconds, 1, 86'400);
  visit("files.unsent_hours", c.files.unsent_hours, 0, 100'000);
  visit("files.sweep_seconds", c.files.sweep_seconds, 1, 86'400);
  visit("presence.ttl_seconds", c.presence.ttl_seconds, 3, 3'600);
  visit("presence.grace_seconds", c.presence.grace_seconds, 0, 3'600);
  visit("drain.seconds", c.drain.seconds, 0, 3'600);
  visit("drain.ready_seconds", c.drain.ready_seconds, 0, 3'600);
  visit("auth.token_days", c.auth.token_days, 1, 3'650);
  visit("auth.token_max_days", c.auth.token_max_days, 0, 36'500);
  visit("auth.password_memory_kib", c.auth.password_memory_kib, 8, 4.0 * 1024 * 1024);
  visit("auth.password_passes", c.auth.password_passes, 1, 100);
  visit("auth.password_threads", c.auth.password_threads, 1, 64);
  visit("auth.password_queue", c.auth.password_queue, 1, 100'000);
  visit("admin.socket", c.admin.socket);
  visit("log.level", c.log.level);
  visit("log.format", c.log.format);
}

}  // namespace parley
