// Every statement that the store runs on PostgreSQL is found by an index, from an empty store to ten million messages:
// the plans that really ran are read, with the rows and blocks that they touched.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "parley/search.hpp"
#include "port_calls.hpp"
#include "postgres_plan_log.hpp"
#include "store/postgres_append.hpp"
#include "store/postgres_control_log.hpp"
#include "store/postgres_database.hpp"
#include "store/postgres_quick_append.hpp"

namespace parley::test {
namespace {

/// Of any statement; the largest part are unread messages, which are counted up to 1,000 in each of a user's rooms, and
/// the 5,000 users that a search looks at.
constexpr double most_visited = 10'000;
/// The way down an index and the row; and what a statement touches that finds nothing, or writes, with the catalogs'
/// when a session has not met a table before. More than that is an index whose first column is not asked for: it is
/// read in full, and no row tells.
constexpr double most_blocks_a_row = 6;
constexpr double most_other_blocks = 80;
/// Rows: a page or two of a table, as of users when 60,000 messages are asked for.
constexpr double a_handful = 100;
constexpr std::size_t fewest_statements = 70;

/// What a statement that is asked all the time may visit, told by a part of its text.
struct promise {
  const char* what;
  const char* sql;
  double most_visited;
};
constexpr double page = 10;
/// So many messages are read in full as fast as by the index of their words; of more, only those with the words.
constexpr double few_to_search = 6'000;
/// What was written to the index of words since it was last put in order, which is looked through.
constexpr double most_blocks_pending = 512;
/// To count unread messages: 4,000 in each of two rooms, and the rooms.
constexpr double most_counted = 8'200;
/// The same, and one of the rooms for a second session.
constexpr double most_counted_for_sessions = 12'300;
/// 500 of each partition, and the partitions.
constexpr double most_control_events = 8'100;
constexpr double most_indexed = search_step + page;
/// 5,000 at once, with where the log ends and what of it is indexed, which counts twice.
constexpr double most_rooms = 15'100;
constexpr promise promises[] = {
    {"history", "m.edited_at, m.deleted_at FROM tb_messages m JOIN tb_users u", 4 * page},
    {"reactions of history", "SELECT r.message_id, r.emoji, r.user_id FROM", 8 * page},
    {"replay of messages", "m.created_at, m.seq FROM tb_messages m JOIN tb_users u", 4 * page},
    {"replay of other events", "FROM tb_room_event e LEFT JOIN tb_messages m", 4 * page},
    {"unread", "SELECT count(*) FROM (SELECT 1 FROM (SELECT user_id, deleted_at", most_counted},
    {"what sessions begin with", "AS a (asker, token_hash", most_counted_for_sessions},
    {"look-up of keys", "AND m.client_msg_id = k.client_msg_id", page},
    {"who may send", "x.muted_until > k.at", 3 * page},
    {"a node's word", "UPDATE tb_node SET heartbeat_at", page},
    {"the control log", "LATERAL (SELECT * FROM tb_control_event", most_control_events},
    {"rooms that are not indexed", "LEFT JOIN tb_search_position s", most_rooms},
    {"what is to be indexed", "AND m.seq > k.low AND m.seq <= k.high", most_indexed},
    {"look-up of a commit in doubt", "SELECT (SELECT count(*) FROM tb_messages WHERE message_id = ANY", page},
};

/// Nothing that is stored here is worth a flush; statistics come only when they are asked for.
std::vector<std::string> server_options() {
  auto options = plan_log_options();
  for (const auto* setting : {"fsync=off", "full_page_writes=off", "autovacuum=off", "shared_buffers=512MB",
                              "max_wal_size=512MB", "maintenance_work_mem=512MB"}) {
    options.insert(options.end(), {"-c", setting});
  }
  return options;
}

support::postgres_server& server() {
  static support::postgres_server only(server_options());
  return only;
}

class postgres_plans_test : public port_calls {
 protected:
  void SetUp() override {
    url_ = server().new_database();
    expect_value(open_postgres_database({url_, "migration"}, limits_, counts_)->migrate());
  }

  /// Runs everything with new connections, and so with new plans, and looks at each that ran.
  void examine(const std::string& when, bool searches = true);
  /// So many messages, a tenth of them in the circle's group and the others evenly in so many rooms, and all else in
  /// proportion.
  void fill(std::int64_t messages, std::int64_t rooms);
  /// From an empty store to so much, without statistics and with them.
  void examine_with(std::int64_t messages, std::int64_t rooms) {
    examine("empty");
    fill(messages, rooms);
    std::printf("%s messages\n", support::run_sql(url_, "SELECT count(*) FROM tb_messages").at(0).c_str());
    // Only statistics tell how many messages have a word.
    examine("filled", false);
    analyse();
    examine("filled, with statistics");
  }
  void analyse() { support::run_sql(url_, "ANALYZE"); }

  std::string url_;
  std::optional<circle> circle_;

 private:
  void settle_a_doubt(const postgres_options& options);
  void keep_house(database& opened, const postgres_options& options);
  void search();
  void check(const std::vector<ran_plan>& plans, bool searches);

  limits_config limits_;
  metrics counts_;
  node_identity identity_{make.make_id<uuid>()};
};

void postgres_plans_test::examine(const std::string& when, bool searches) {
  SCOPED_TRACE(when);
  static int examinations = 0;
  const auto name = fmt::format("examination {}", ++examinations);
  postgres_options options{recorded_url(url_), name};
  options.node = &identity_;
  const auto database = open_postgres_database(options, limits_, counts_);
  writer = expect_value(database->open_writer());
  reader = expect_value(database->open_reader());
  const auto newcomers = add_circle(circle_ ? name : "");
  if (!circle_) circle_ = newcomers;
  use_everything(*circle_);
  settle_a_doubt(options);
  keep_house(*database, options);
  if (searches) search();
  reader.reset();
  writer.reset();
  check(plans_run_by(server(), "parleyd " + name), searches);
}

/// Also waits for busy rooms, which the writer does only where it meets another.
void postgres_plans_test::settle_a_doubt(const postgres_options& options) {
  postgres_connection connection(options);
  postgres_append append(limits_, false, options);
  const std::vector commands{
      make.send(circle_->group, circle_->ann, "in doubt", "key " + to_string(make.make_id<uuid>())),
      make.rename(circle_->group, circle_->ann, "in doubt")};
  append.begin(connection, commands, busy_rooms::wait);
  append.commit(connection);
  EXPECT_TRUE(append.was_committed(connection));
  postgres_quick_append quick(limits_);
  const std::vector plain{make.send(circle_->group, circle_->ann, "in doubt")};
  ASSERT_TRUE(quick.choose(plain));
  quick.run(connection);
  EXPECT_TRUE(quick.was_committed(connection));
}

/// What a node does beside its clients: it hears the others, clears up behind them, and follows the logs for the
/// search.
void postgres_plans_test::keep_house(database& opened, const postgres_options& options) {
  constexpr std::uint32_t most_ended = 50;
  postgres_control_log log(options, counts_);
  node_report mine;
  mine.node = identity_.get();
  mine.name = "a node";
  mine.started_at = make.next_time();
  expect_in_time([&] { return log.enter(mine); });
  (void)expect_in_time([&] { return log.end(); });
  (void)expect_in_time([&] { return log.read(mine, {}); });
  (void)expect_in_time([&] { return log.tidy(); });
  write([&](record_writer& records) -> result<void> {
    const presence_record on{circle_->ann, true, make.next_time()};
    if (auto saved = records.save_presence({&on, 1}); !saved) return saved;
    (void)expect_value(records.forget_node(make.make_id<uuid>(), make.next_time()));
    return {};
  });
  (void)expect_value(reader->presence_places(circle_->ann));
  (void)expect_value(reader->nodes());
  for (const auto& job : {write_job([&](record_writer& records) -> result<void> {
                            (void)expect_value(records.end_presence_of_nobody(make.next_time(), most_ended));
                            return {};
                          }),
                          write_job([&](record_writer& records) -> result<void> {
                            (void)expect_value(records.end_presence_on_no_node(make.next_time(), most_ended));
                            return {};
                          })}) {
    write(job);
  }
  expect_in_time([&] { return log.leave(identity_.get()); });
  const auto index = expect_value(opened.open_search_index());
  (void)expect_value(index->advance({&circle_->group, 1}));
  (void)expect_value(index->find_behind({}));
}

/// For a word that few messages have: what many have is looked through, since the newest come first.
void postgres_plans_test::search() {
  (void)expect_value(reader->search(circle_->ann, {}, "w7 ", {{}, page_size}));
  (void)expect_value(reader->search(circle_->ann, circle_->group, "w7 ", {{}, page_size}));
  (void)expect_value(reader->search(circle_->ann, {}, "w7 ", {to_string(make.make_id<message_id>()), page_size}));
}

void postgres_plans_test::check(const std::vector<ran_plan>& plans, bool searches) {
  bool searched = false;
  std::set<std::string> statements;
  std::set<const promise*> seen;
  for (const auto& plan : plans) {
    statements.insert(plan.sql);
    const bool is_search = plan.sql.find("words @@") != std::string::npos;
    searched = searched || is_search;
    double most = is_search ? few_to_search : most_visited;
    for (const auto& promise : promises) {
      if (plan.sql.find(promise.sql) == std::string::npos) continue;
      seen.insert(&promise);
      most = promise.most_visited;
    }
    EXPECT_LE(plan.visited(), most) << describe(plan);
    // What a function's own statements touch counts with these.
    const bool is_call = plan.steps.size() == 1 && plan.steps.front().type == "Function Scan";
    if (is_call) continue;
    // Writes what it was given: it reads no table, and each row costs a few blocks of three indexes.
    if (plan.sql.starts_with("INSERT INTO tb_message_search")) continue;
    EXPECT_LE(plan.blocks,
              plan.visited() * most_blocks_a_row + most_other_blocks + (is_search ? most_blocks_pending : 0))
        << describe(plan);
    for (const auto& step : plan.steps) {
      // Of these there are a few, and all are asked for.
      const bool is_small = step.relation == "tb_node" || step.relation == "tb_control_position";
      EXPECT_FALSE(step.type == "Seq Scan" && !is_small) << step.relation << " is read in full by " << describe(plan);
      // Only who is online stands in this index, and they all are asked for. And while a table holds a handful of rows
      // its statistics tell the planner, rightly, that to read them all is as good as anything.
      const bool is_whole_index = !step.index.empty() && !step.has_index_condition &&
                                  step.index != "ix_user_status_online" &&
                                  step.visited > (is_search ? few_to_search : a_handful);
      EXPECT_FALSE(is_whole_index) << step.index << " is read in full by " << describe(plan);
      EXPECT_FALSE(step.sorts_whole_log) << "a room's log is sorted by " << describe(plan);
    }
  }
  for (const auto& promise : promises) EXPECT_TRUE(seen.contains(&promise)) << promise.what << " was not recorded";
  EXPECT_EQ(searched, searches);
  EXPECT_GE(statements.size(), fewest_statements) << "the statements were not recorded";
}

/// Without its foreign keys' triggers and its log, and with the indexes made at the end, ten million rows take a
/// minute.
void postgres_plans_test::fill(std::int64_t messages, std::int64_t rooms) {
  support::run_sql(url_,
                   fmt::format(R"sql(
SET session_replication_role = replica;
CREATE FUNCTION pg_temp.id(number bigint, kind text) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN (lpad(to_hex(number), 12, '0') || '70008000' || lpad(kind, 12, '0'))::uuid;

ALTER TABLE tb_room_event SET UNLOGGED;
ALTER TABLE tb_reaction SET UNLOGGED;
ALTER TABLE tb_messages SET UNLOGGED;
-- As after an index that could not be made concurrently: nothing is written to it until it is made anew.
UPDATE pg_index SET indisready = false, indisvalid = false
  WHERE indrelid IN ('tb_messages'::regclass, 'tb_room_event'::regclass, 'tb_reaction'::regclass);

INSERT INTO tb_users (user_id, username, password, display_name, created_at)
  SELECT pg_temp.id(n, 'a'), 'user ' || n, 'hash', 'Somebody', now() FROM generate_series(1, {rooms}) n;
INSERT INTO tb_user_status (user_id, is_online, last_seen)
  SELECT pg_temp.id(n, 'a'), (n <= 10)::int, now() FROM generate_series(1, {rooms}) n;
INSERT INTO tb_node SELECT pg_temp.id(n, 'ac'), 'node ' || n, '1', now(), now(), '{{}}', 0, 0, 0, 0, now()
  FROM generate_series(1, 4) n;
INSERT INTO tb_presence (user_id, node_id, since)
  SELECT pg_temp.id(n, 'a'), pg_temp.id(n % 5 + 1, 'ac'), now() FROM generate_series(11, {rooms}) n;
INSERT INTO tb_control_event (partition_id, seq, user_id, kind, created_at)
  SELECT n % 16, 1000 + n / 16, pg_temp.id(n % {rooms} + 1, 'a'), 'account', now() - interval '1 day' * (n % 2)
  FROM generate_series(1, {messages} / 50) n;
UPDATE tb_control_position SET last_seq = 1000 + {messages} / 50;
INSERT INTO tb_token (token_hash, user_id, created_at, expires_at)
  SELECT md5(n::text), pg_temp.id(n, 'a'), now(), now() FROM generate_series(1, {rooms}) n;
INSERT INTO tb_friendships (user_id, friend_id, status, created_at)
  SELECT pg_temp.id(n, 'a'), pg_temp.id(n + k, 'a'), (ARRAY['accepted', 'pending', 'blocked'])[k], now()
  FROM generate_series(1, {rooms} - 3) n, generate_series(1, 3) k;
INSERT INTO tb_chat_rooms (chat_room_id, name, is_group, created_by, created_at)
  SELECT pg_temp.id(n, 'b'), CASE WHEN n % 2 = 0 THEN 'room ' || n END, (n % 2 = 0)::int, pg_temp.id(n, 'a'), now()
  FROM generate_series(1, {rooms}) n;
INSERT INTO tb_private_pair (user_low, user_high, room_id)
  SELECT pg_temp.id(n, 'a'), pg_temp.id(n + 1, 'a'), pg_temp.id(n, 'b') FROM generate_series(1, {rooms} - 1, 2) n;
INSERT INTO tb_user_room (user_room_id, user_id, room_id, joined_at)
  SELECT pg_temp.id(n * 10 + k, 'c'), pg_temp.id((n + k) % {rooms} + 1, 'a'), pg_temp.id(n, 'b'), now()
  FROM generate_series(1, {rooms}) n, generate_series(0, 9) k
  UNION ALL SELECT pg_temp.id(n, 'd'), '{ann}', pg_temp.id(n, 'b'), now() FROM generate_series(1, 5) n;
INSERT INTO tb_read_marker (user_id, room_id, seq) SELECT user_id, room_id, 1 FROM tb_user_room ON CONFLICT DO NOTHING;

-- Two of three places in a log are messages, the third is what else happened.
INSERT INTO tb_messages (message_id, user_id, room_id, content, created_at, seq, client_msg_id)
  SELECT pg_temp.id(n, 'e'), pg_temp.id(n % 7 + 1, 'a'),
    CASE WHEN n % 10 = 0 THEN '{group}' ELSE pg_temp.id(n % {rooms} + 1, 'b') END,
    'What was said.', now(), 1000 + n / 2 * 3 + n % 2, to_hex(n)
  FROM generate_series(1, {messages}) n;
INSERT INTO tb_room_event (room_id, seq, type, event_id, by_id, message_id, text, created_at)
  SELECT CASE WHEN n % 10 = 0 THEN '{group}' ELSE pg_temp.id(n % {rooms} + 1, 'b') END, 1000 + n * 3 + 2,
    CASE WHEN n % 2 = 0 THEN 'message_edited' ELSE 'room_renamed' END, pg_temp.id(n, 'f'), pg_temp.id(n % 7 + 1, 'a'),
    CASE WHEN n % 2 = 0 THEN pg_temp.id(n, 'e') END, 'new', now()
  FROM generate_series(1, {messages} / 10) n;
INSERT INTO tb_reaction (reaction_id, user_id, message_id, emoji, created_at, seq)
  SELECT pg_temp.id(n, 'ab'), pg_temp.id(n % {rooms} + 1, 'a'), pg_temp.id(n / 2 * 10, 'e'),
    (ARRAY['👍', '👎'])[n % 2 + 1], now(), 1000 + n
  FROM generate_series(1, {messages} / 10) n;
-- Few of them, since the index of words takes long to build: which index is taken depends on what it says of a word.
INSERT INTO tb_message_search (message_id, room_id, words)
  SELECT message_id, room_id, (quote_literal('#' || room_id) || ' what was said w' || n % 1000)::tsvector
  FROM (SELECT message_id, room_id, row_number() OVER () AS n FROM tb_messages LIMIT 50000) m ON CONFLICT DO NOTHING;
INSERT INTO tb_room_position (room_id, last_seq)
  SELECT chat_room_id, {messages} * 2 FROM tb_chat_rooms
  ON CONFLICT (room_id) DO UPDATE SET last_seq = excluded.last_seq;

INSERT INTO tb_search_position (room_id, seq) SELECT chat_room_id, {messages} * 2 FROM tb_chat_rooms
  WHERE chat_room_id <> '{group}' ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq;

REINDEX TABLE tb_messages;
REINDEX TABLE tb_room_event;
REINDEX TABLE tb_reaction;
)sql",
                               fmt::arg("messages", messages), fmt::arg("rooms", rooms),
                               fmt::arg("group", to_string(circle_->group)), fmt::arg("ann", to_string(circle_->ann))));
}

TEST_F(postgres_plans_test, an_empty_store) {
  examine("empty");
  analyse();
  examine("nearly empty, with statistics");
}

TEST_F(postgres_plans_test, thousands_of_messages) { examine_with(5'000, 20); }

/// What the planner knows of most rooms, that next to nothing stands in them, is wrong for one.
TEST_F(postgres_plans_test, a_large_room_among_many_small_ones) { examine_with(100'000, 10'000); }

/// They are not unread, however many there are, and must not be counted out one by one.
TEST_F(postgres_plans_test, many_of_ones_own_and_many_deleted_behind_the_marker) {
  examine("empty");
  fill(100'000, 20);
  const auto change_all = [&](const std::string& what) {
    support::run_sql(url_, fmt::format("SET session_replication_role = replica; UPDATE tb_messages SET {} WHERE room_id"
                                       " = '{}'",
                                       what, to_string(circle_->group)));
  };
  change_all(fmt::format("user_id = '{}'", to_string(circle_->ann)));
  examine("one's own", false);
  change_all(fmt::format("deleted_at = now(), user_id = '{}'", to_string(circle_->bob)));
  examine("deleted", false);
  analyse();
  examine("deleted, with statistics");
}

TEST_F(postgres_plans_test, ten_million_messages) {
  const char* asked = std::getenv("PARLEY_PLANS_ROWS");
  const std::int64_t messages = asked != nullptr ? std::max(std::atoll(asked), 20'000LL) : 10'000'000;
  constexpr std::uintmax_t bytes_a_message = 400;  // with the indexes, the log and what building them needs
  const auto needed = static_cast<std::uintmax_t>(messages) * bytes_a_message;
  const auto space = std::filesystem::space(std::filesystem::temp_directory_path()).available;
  if (space < needed) GTEST_SKIP() << "needs " << needed << " bytes of temporary space, there are " << space;
  examine_with(messages, messages / 1'000);
}

}  // namespace
}  // namespace parley::test
