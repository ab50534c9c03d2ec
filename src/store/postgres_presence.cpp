// Who is on, on PostgreSQL: a row for each node where somebody is, and the flag that is on while there is one.
#include <algorithm>

#include "store/postgres_reader.hpp"
#include "store/postgres_records.hpp"

namespace parley {

namespace {

/// The last one of each user, in order of the users, so that two nodes do not wait for each other.
std::vector<presence_record> last_of_each(std::span<const presence_record> users) {
  std::vector<presence_record> out(users.rbegin(), users.rend());
  std::stable_sort(out.begin(), out.end(), [](const auto& one, const auto& other) { return one.user < other.user; });
  const auto is_of_the_same = [](const auto& one, const auto& other) { return one.user == other.user; };
  out.erase(std::unique(out.begin(), out.end(), is_of_the_same), out.end());
  return out;
}

}  // namespace

/// A few statements for all of them: everybody comes on at once when a node has been away.
result<void> postgres_records::save_presence(std::span<const presence_record> users) {
  return record("saving presence", [&]() -> result<void> {
    const auto each = last_of_each(users);
    if (node_ != nullptr) {
      save_presence_here(each, node_->get());
      return {};
    }
    postgres_array<uuid> ids;
    postgres_array<std::int64_t> flags;
    postgres_array<timestamp> times;
    for (const auto& presence : each) {
      ids.add(presence.user);
      flags.add(presence.is_online ? 1 : 0);
      times.add(presence.last_seen);
    }
    connection_.query(
        "UPDATE tb_user_status s SET is_online = k.online, last_seen = coalesce(k.seen, s.last_seen)"
        " FROM unnest($1, $2, $3) k (user_id, online, seen) WHERE s.user_id = k.user_id",
        ids, flags, times);
    return {};
  });
}

/// Behind the locks of the users' rows, so that of two nodes one sees what the other has done.
void postgres_records::save_presence_here(std::span<const presence_record> users, const uuid& node) {
  postgres_array<uuid> all, on, off;
  postgres_array<timestamp> times, off_times;
  for (const auto& presence : users) {
    all.add(presence.user);
    times.add(presence.last_seen);
    (presence.is_online ? on : off).add(presence.user);
    if (!presence.is_online) off_times.add(presence.last_seen);
  }
  postgres_round_trip trip(connection_);
  trip.add("SELECT 1 FROM tb_user_status WHERE user_id = ANY($1) ORDER BY user_id FOR NO KEY UPDATE", all);
  if (!on.empty()) {
    trip.add(
        "INSERT INTO tb_presence (user_id, node_id, since)"
        " SELECT user_id, $2, now() FROM tb_user_status WHERE user_id = ANY($1) ON CONFLICT DO NOTHING",
        on, node);
  }
  if (!off.empty()) {
    trip.add("DELETE FROM tb_presence WHERE user_id = ANY($1) AND node_id = $2", off, node);
    // Also of one who is on elsewhere: that node may be dead, and then this was when he was last seen.
    trip.add(
        "UPDATE tb_user_status s SET last_seen = k.seen FROM unnest($1, $2) k (user_id, seen)"
        " WHERE s.user_id = k.user_id AND coalesce(k.seen > s.last_seen, s.last_seen IS NULL)",
        off, off_times);
  }
  const auto changes = trip.add(
      "UPDATE tb_user_status s SET is_online = k.online, last_seen = greatest(k.seen, s.last_seen),"
      " version = s.version + 1 FROM (SELECT u.user_id, u.seen,"
      " EXISTS (SELECT 1 FROM tb_presence p WHERE p.user_id = u.user_id)::int AS online"
      " FROM unnest($1, $2) u (user_id, seen)) k"
      " WHERE s.user_id = k.user_id AND s.is_online <> k.online"
      " RETURNING s.user_id, s.is_online, s.last_seen, s.version",
      all, times);
  const auto answers = trip.run();
  for (const auto& row : answers[changes]) {
    tell_nodes({row.id<user_id>(0), presence_stored{row.integer(1) != 0, row.optional_time(2), row.integer(3)}});
  }
}

result<void> postgres_records::clear_presence() {
  return record("clearing presence", [&]() -> result<void> {
    connection_.query("UPDATE tb_user_status SET is_online = 0 WHERE is_online = 1");
    return {};
  });
}

result<bool> postgres_records::forget_node(const uuid& node, timestamp silent_since) {
  return record("forgetting a node", [&]() -> result<bool> {
    // Its word is kept in microseconds, and known here in milliseconds.
    return connection_
               .query("DELETE FROM tb_node WHERE node_id = $1 AND heartbeat_at < $2 + interval '1 millisecond'", node,
                      silent_since)
               .changed() > 0;
  });
}

/// By the index of nodes, one step for each that has rows, not one for each row.
result<std::size_t> postgres_records::end_presence_of_nobody(timestamp last_seen, std::uint32_t limit) {
  return record("ending the presence of those on dead nodes", [&]() -> result<std::size_t> {
    return end_presence(
        connection_.query("WITH RECURSIVE k (node_id) AS ((SELECT node_id FROM tb_presence ORDER BY node_id LIMIT 1)"
                          " UNION ALL SELECT (SELECT p.node_id FROM tb_presence p WHERE p.node_id > k.node_id"
                          " ORDER BY p.node_id LIMIT 1) FROM k WHERE k.node_id IS NOT NULL)"
                          " SELECT p.user_id FROM k, LATERAL (SELECT user_id FROM tb_presence"
                          " WHERE node_id = k.node_id LIMIT $1) p WHERE k.node_id IS NOT NULL"
                          " AND NOT EXISTS (SELECT 1 FROM tb_node n WHERE n.node_id = k.node_id) LIMIT $1",
                          limit),
        last_seen);
  });
}

result<std::size_t> postgres_records::end_presence_on_no_node(timestamp last_seen, std::uint32_t limit) {
  return record("ending the presence of those on no node", [&]() -> result<std::size_t> {
    return end_presence(
        connection_.query("SELECT s.user_id FROM tb_user_status s WHERE s.is_online = 1"
                          " AND NOT EXISTS (SELECT 1 FROM tb_presence p WHERE p.user_id = s.user_id) LIMIT $1",
                          limit),
        last_seen);
  });
}

/// Behind the users' locks it is looked once more: a node may have entered since, under the identity that was unknown.
std::size_t postgres_records::end_presence(const postgres_rows& found, timestamp last_seen) {
  if (found.empty()) return 0;
  postgres_array<uuid> users;
  for (const auto& row : found) users.add(row.id(0));
  postgres_round_trip trip(connection_);
  trip.add("SELECT 1 FROM tb_user_status WHERE user_id = ANY($1) ORDER BY user_id FOR NO KEY UPDATE", users);
  trip.add(
      "DELETE FROM tb_presence p WHERE p.user_id = ANY($1)"
      " AND NOT EXISTS (SELECT 1 FROM tb_node n WHERE n.node_id = p.node_id)",
      users);
  const auto changes = trip.add(
      "UPDATE tb_user_status s SET is_online = 0, last_seen = greatest($2, s.last_seen), version = s.version + 1"
      " WHERE s.user_id = ANY($1) AND s.is_online = 1"
      " AND NOT EXISTS (SELECT 1 FROM tb_presence p WHERE p.user_id = s.user_id)"
      " RETURNING s.user_id, s.last_seen, s.version",
      users, last_seen);
  const auto answers = trip.run();
  for (const auto& row : answers[changes]) {
    tell_nodes({row.id<user_id>(0), presence_stored{false, row.optional_time(1), row.integer(2)}});
  }
  return static_cast<std::size_t>(found.size());
}

result<std::vector<presence_place>> postgres_reader::presence_places(user_id user) {
  return read("reading where somebody is on", [&](postgres_connection& open) -> result<std::vector<presence_place>> {
    const auto rows = open.query(
        "SELECT p.node_id, coalesce(n.name, ''), p.since, n.node_id IS NOT NULL,"
        " coalesce((extract(epoch FROM clock_timestamp() - n.heartbeat_at) * 1000)::bigint, 0)"
        " FROM tb_presence p LEFT JOIN tb_node n ON n.node_id = p.node_id WHERE p.user_id = $1 ORDER BY p.since",
        user);
    std::vector<presence_place> places;
    for (const auto& row : rows) {
      places.push_back({row.id(0), std::string(row.text(1)), row.time(2), row.integer(3) != 0,
                        std::chrono::milliseconds(std::max<std::int64_t>(0, row.integer(4)))});
    }
    return places;
  });
}

}  // namespace parley
