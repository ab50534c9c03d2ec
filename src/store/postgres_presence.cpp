// Who is on, on PostgreSQL: a row for each node where somebody is, and the flag that is on while there is one.
#include <algorithm>

#include "store/postgres_reader.hpp"
#include "store/postgres_records.hpp"

namespace parley {

result<void> postgres_records::save_presence(std::span<const presence_record> users) {
  return record("saving presence", [&]() -> result<void> {
    // One by one, since a user may stand in it twice and the last counts; in one round trip all the same. In order, so
    // that two nodes do not wait for each other.
    std::vector<presence_record> ordered(users.begin(), users.end());
    std::stable_sort(ordered.begin(), ordered.end(),
                     [](const auto& one, const auto& other) { return one.user < other.user; });
    if (node_ != nullptr) {
      for (const auto& presence : ordered) save_presence_here(presence, node_->get());
      return {};
    }
    postgres_round_trip trip(connection_);
    for (const auto& presence : ordered) {
      trip.add(
          "UPDATE tb_user_status SET is_online = $2::boolean::int, last_seen = coalesce($3, last_seen)"
          " WHERE user_id = $1",
          presence.user, presence.is_online, presence.last_seen);
    }
    trip.run();
    return {};
  });
}

/// Behind the lock of the user's row, so that of two nodes one sees what the other has done.
void postgres_records::save_presence_here(const presence_record& presence, const uuid& node) {
  postgres_round_trip trip(connection_);
  trip.add("SELECT 1 FROM tb_user_status WHERE user_id = $1 FOR NO KEY UPDATE", presence.user);
  if (presence.is_online) {
    trip.add("INSERT INTO tb_presence (user_id, node_id, since) VALUES ($1, $2, now()) ON CONFLICT DO NOTHING",
             presence.user, node);
  } else {
    trip.add("DELETE FROM tb_presence WHERE user_id = $1 AND node_id = $2", presence.user, node);
  }
  const auto change = trip.add(
      "UPDATE tb_user_status s SET is_online = n.online, last_seen = coalesce($2, s.last_seen), version = s.version + 1"
      " FROM (SELECT EXISTS (SELECT 1 FROM tb_presence WHERE user_id = $1)::int AS online) n"
      " WHERE s.user_id = $1 AND s.is_online <> n.online RETURNING s.is_online, s.last_seen, s.version",
      presence.user, presence.last_seen);
  const auto answers = trip.run();
  for (const auto& row : answers[change]) {
    tell_nodes({presence.user, presence_stored{row.integer(0) != 0, row.optional_time(1), row.integer(2)}});
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

/// A node that comes back has another identity, so that what stands under the old one stays nobody's.
result<std::size_t> postgres_records::end_presence_of_nobody(timestamp last_seen, std::uint32_t limit) {
  return record("ending the presence of those on dead nodes", [&]() -> result<std::size_t> {
    const auto orphans = connection_.query(
        "SELECT p.user_id, p.node_id FROM tb_presence p WHERE NOT EXISTS"
        " (SELECT 1 FROM tb_node n WHERE n.node_id = p.node_id) ORDER BY p.user_id LIMIT $1",
        limit);
    if (orphans.empty()) return std::size_t{0};
    postgres_array<uuid> users, nodes;
    for (const auto& row : orphans) {
      users.add(row.id(0));
      nodes.add(row.id(1));
    }
    postgres_round_trip trip(connection_);
    trip.add("SELECT 1 FROM tb_user_status WHERE user_id = ANY($1) ORDER BY user_id FOR NO KEY UPDATE", users);
    trip.add(
        "DELETE FROM tb_presence p USING unnest($1, $2) AS o (user_id, node_id)"
        " WHERE p.user_id = o.user_id AND p.node_id = o.node_id",
        users, nodes);
    const auto changes = trip.add(
        "UPDATE tb_user_status s SET is_online = 0, last_seen = greatest($2, s.last_seen),"
        " version = s.version + 1"
        " WHERE s.user_id = ANY($1) AND s.is_online = 1"
        " AND NOT EXISTS (SELECT 1 FROM tb_presence p WHERE p.user_id = s.user_id) RETURNING s.user_id, s.last_seen,"
        " s.version",
        users, last_seen);
    const auto answers = trip.run();
    for (const auto& row : answers[changes]) {
      tell_nodes({row.id<user_id>(0), presence_stored{false, row.optional_time(1), row.integer(2)}});
    }
    return static_cast<std::size_t>(orphans.size());
  });
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
