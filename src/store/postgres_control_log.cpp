// The control log by position, and the nodes beside it.
#include "store/postgres_control_log.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "parley/left_node.hpp"
#include "store/control_rows.hpp"
#include "store/postgres_reader.hpp"

namespace parley {
namespace {

#define NODES                                                                                                         \
  "SELECT node_id, name, version, started_at, array_to_string(confirmed, ','), connections, rooms,"                   \
  " stream_backlog_bytes, stream_lag_ms, resynced_at,"                                                                \
  " (extract(epoch FROM clock_timestamp() - heartbeat_at) * 1000)::bigint, heartbeat_at FROM tb_node ORDER BY name, " \
  "started_at"

/// Of one partition in one reading. Behind one that failed, which may have been too much for the time it has, fewer,
/// until there is no backlog any more.
constexpr std::int64_t most_events = 500, least_events = 4;

control_positions positions_of(const postgres_rows& rows) {
  control_positions found{};
  for (const auto& row : rows) {
    const auto partition = static_cast<std::size_t>(row.integer(0));
    if (partition < found.size()) found[partition] = row.integer(1);
  }
  return found;
}

/// Numbers with commas between them.
control_positions parse_positions(std::string_view text) {
  control_positions found{};
  const auto* at = text.data();
  const auto* end = text.data() + text.size();
  for (auto& position : found) {
    const auto [rest, fault] = std::from_chars(at, end, position);
    if (fault != std::errc{} || rest == end) break;
    at = rest + 1;
  }
  return found;
}

control_row read_row(const postgres_row& row) {
  control_row found{row.text(3)};
  found.room = row.optional_id<room_id>(4);
  if (!row.is_null(5)) found.room_seq = row.integer(5);
  found.other = row.optional_id<user_id>(6);
  found.by = row.optional_id<user_id>(7);
  found.word = row.optional_text(8);
  found.token_hashes = row.optional_text(9);
  found.at = row.optional_time(10);
  if (!row.is_null(11)) found.version = row.integer(11);
  return found;
}

node_seen read_node(const postgres_row& row) {
  node_seen seen;
  seen.report = {
      row.id(0),      std::string(row.text(1)), std::string(row.text(2)), row.time(3),    parse_positions(row.text(4)),
      row.integer(5), row.integer(6),           row.integer(7),           row.integer(8), row.optional_time(9)};
  seen.age = std::chrono::milliseconds(std::max<std::int64_t>(0, row.integer(10)));
  seen.heartbeat_at = row.time(11);
  return seen;
}

std::vector<node_seen> read_nodes(const postgres_rows& rows) {
  std::vector<node_seen> nodes;
  for (const auto& row : rows) nodes.push_back(read_node(row));
  return nodes;
}

/// What a node is late with it must soon know itself, so that no step takes long.
postgres_options hurried(postgres_options options) {
  constexpr std::chrono::milliseconds step{400};
  options.connect = std::min(options.connect, step);
  options.statement = std::min(options.statement, step);
  options.lock = std::min(options.lock, step);
  options.under_way = step / 2;
  return options;
}

}  // namespace

postgres_control_log::postgres_control_log(const postgres_options& options, metrics& counts)
    : connection_(hurried(options), counts), bite_(most_events) {}

template <class Body>
std::invoke_result_t<Body, postgres_connection&> postgres_control_log::with_connection(std::string_view what,
                                                                                       Body&& body) {
  return guard_postgres(what, [&] {
    try {
      return body(connection_.get());
    } catch (const postgres_error&) {
      connection_.drop();
      throw;
    }
  });
}

result<control_positions> postgres_control_log::end() {
  return with_connection("reading the control log's end", [&](postgres_connection& open) -> result<control_positions> {
    return positions_of(open.query("SELECT partition_id, last_seq FROM tb_control_position"));
  });
}

result<void> postgres_control_log::enter(const node_report& mine) {
  return with_connection("entering the cluster", [&](postgres_connection& open) -> result<void> {
    postgres_array<std::int64_t> confirmed;
    for (const auto position : mine.confirmed) confirmed.add(position);
    open.query(
        "INSERT INTO tb_node (node_id, name, version, started_at, heartbeat_at, confirmed, connections, rooms,"
        " stream_backlog_bytes, stream_lag_ms) VALUES ($1, $2, $3, $4, clock_timestamp(), $5, 0, 0, 0, 0)"
        " ON CONFLICT (node_id) DO UPDATE SET heartbeat_at = excluded.heartbeat_at",
        mine.node, mine.name, mine.version, mine.started_at, confirmed);
    return {};
  });
}

result<control_news> postgres_control_log::read(const node_report& mine, const control_positions& after) {
  bool was_asked = false;
  auto news = read_some(mine, after, was_asked);
  if (!news && was_asked) {
    bite_ = std::max(bite_ / 2, least_events);
  } else if (news && !news->has_more) {
    bite_ = most_events;
  }
  return news;
}

/// The word stands before the reading begins: whoever stores something and then sees no word of this node knows that it
/// will read it. It need not outlive the server, so that nobody waits for its disk.
result<control_news> postgres_control_log::read_some(const node_report& mine, const control_positions& after,
                                                     bool& was_asked) {
  return with_connection("reading the control log", [&](postgres_connection& open) -> result<control_news> {
    was_asked = true;
    postgres_array<std::int64_t> confirmed, known;
    for (const auto position : mine.confirmed) confirmed.add(position);
    for (const auto position : after) known.add(position);
    postgres_round_trip trip(open);
    trip.add("BEGIN");
    trip.add("SET LOCAL synchronous_commit = off");
    const auto word = trip.add(
        "UPDATE tb_node SET heartbeat_at = clock_timestamp(), confirmed = $2, connections = $3, rooms = $4,"
        " stream_backlog_bytes = $5, stream_lag_ms = $6, resynced_at = $7 WHERE node_id = $1",
        mine.node, confirmed, mine.connections, mine.rooms, mine.stream_backlog_bytes, mine.stream_lag_ms,
        mine.resynced_at);
    trip.add("COMMIT");
    const auto ends = trip.add("SELECT partition_id, last_seq FROM tb_control_position");
    const auto events = trip.add(
        "SELECT e.partition_id, e.seq, e.user_id, e.kind, e.room_id, e.room_seq, e.other_id, e.by_id, e.word,"
        " e.token_hashes, e.at, e.version FROM unnest($1) WITH ORDINALITY AS k (seq, place), LATERAL (SELECT * FROM "
        "tb_control_event c"
        " WHERE c.partition_id = k.place - 1 AND c.seq > k.seq ORDER BY c.seq LIMIT $2) e"
        " ORDER BY e.partition_id, e.seq",
        known, bite_);
    const auto nodes = trip.add(NODES);
    const auto answers = trip.run();
    control_news news;
    news.reached = after;
    news.is_forgotten = answers[word].changed() == 0;
    if (news.is_forgotten) return news;
    take_events(answers[events], positions_of(answers[ends]), bite_, news);
    news.nodes = read_nodes(answers[nodes]);
    return news;
  });
}

/// `ends` were read before the rows: what a partition lacks of them was deleted.
void postgres_control_log::take_events(const postgres_rows& rows, const control_positions& ends, std::int64_t most,
                                       control_news& news) {
  std::array<std::int64_t, control_partitions> counts{};
  for (const auto& row : rows) {
    const auto partition = static_cast<std::size_t>(row.integer(0));
    const auto seq = row.integer(1);
    if (partition >= counts.size()) continue;
    if (seq != news.reached[partition] + 1) news.missed_some = true;
    news.reached[partition] = seq;
    if (++counts[partition] == most) news.has_more = true;
    const auto user = row.id<user_id>(2);
    auto event = event_of(user, read_row(row));
    if (!event) ++news.unreadable;
    news.events.push_back(event ? std::move(*event) : control_event{user, not_understood{}});
  }
  for (std::size_t partition = 0; partition < counts.size(); ++partition) {
    // Behind a fail-over, or a restored copy, the store may know less than this node has read: numbers come again.
    if (counts[partition] == 0 && news.reached[partition] > ends[partition]) {
      news.missed_some = true;
      news.reached[partition] = ends[partition];
    }
    if (counts[partition] == most || news.reached[partition] >= ends[partition]) continue;
    news.missed_some = true;
    news.reached[partition] = ends[partition];
  }
}

result<void> postgres_control_log::leave(const uuid& node) {
  return with_connection("taking leave", [&](postgres_connection& open) -> result<void> {
    postgres_array<std::int64_t> whatever_comes;
    for (std::size_t i = 0; i < control_partitions; ++i) whatever_comes.add(confirmed_for_good);
    // What stands under a node that nobody knows is cleared away at once; so it is known while somebody is on there.
    const auto left = open.query(
        "UPDATE tb_node SET confirmed = $2 WHERE node_id = $1"
        " AND EXISTS (SELECT 1 FROM tb_presence WHERE node_id = $1)",
        node, whatever_comes);
    if (left.changed() == 0) open.query("DELETE FROM tb_node WHERE node_id = $1", node);
    return {};
  });
}

/// In steps, since the thread has something better to do; and what another node is deleting is left to it.
result<bool> postgres_control_log::tidy() {
  constexpr std::int64_t step = 1'000;
  return with_connection("tidying the control log", [&](postgres_connection& open) -> result<bool> {
    const auto deleted = open.query(
        "DELETE FROM tb_control_event WHERE (partition_id, seq) IN (SELECT partition_id, seq FROM tb_control_event"
        " WHERE created_at < now() - interval '1 hour' ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED)",
        step);
    open.query("DELETE FROM tb_node WHERE heartbeat_at < now() - interval '1 day'");
    return deleted.changed() == step;
  });
}

result<std::vector<node_seen>> postgres_reader::nodes() {
  return read("reading the nodes", [&](postgres_connection& open) -> result<std::vector<node_seen>> {
    auto found = read_nodes(open.query(NODES));
    std::erase_if(found, [](const auto& node) { return has_left(node.report); });
    return found;
  });
}

#undef NODES

}  // namespace parley
