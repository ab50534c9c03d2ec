// libpq in pipeline mode with statements that stay prepared and binary parameters.
#include <libpq-fe.h>

#include <bit>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <stdexcept>

#include "ceiling.hpp"
#include "members.hpp"
#include "sample.hpp"

namespace parley::bench {
namespace {

using answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

// Object ids of types, from src/include/catalog/pg_type.dat of PostgreSQL.
constexpr Oid oid_int8 = 20, oid_text = 25, oid_timestamptz = 1184, oid_uuid = 2950;
constexpr std::int64_t seconds_from_1970_to_2000 = 946'684'800;

template <class Integer>
std::string big_endian(Integer value) {
  std::string bytes(sizeof value, '\0');
  for (std::size_t i = 0; i < sizeof value; ++i) {
    bytes[i] = static_cast<char>(value >> 8 * (sizeof value - 1 - i) & 0xFF);
  }
  return bytes;
}

std::uint64_t read_int8(const char* bytes) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return std::endian::native == std::endian::little ? __builtin_bswap64(value) : value;
}

/// A parameter in the binary format of arrays: dimensions, has nulls, element type, size, lowest index, elements.
class array_parameter {
 public:
  array_parameter(Oid element, std::size_t size)
      : bytes_(big_endian(1U) + big_endian(1U) + big_endian(element) + big_endian(static_cast<std::uint32_t>(size)) +
               big_endian(1U)) {}
  void add(const std::string& value) { bytes_ += big_endian(static_cast<std::uint32_t>(value.size())) + value; }
  void add(std::uint64_t value) { add(big_endian(value)); }
  void add_null() { bytes_ += big_endian(~0U); }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

std::uint64_t now_as_timestamptz() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count() -
                                    seconds_from_1970_to_2000 * 1'000'000);
}

constexpr const char* settings =
    "SET synchronous_commit = on; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;"
    " SET plan_cache_mode = force_generic_plan; SET jit = off";

struct statement {
  const char* name;
  const char* sql;
};
// The same questions as src/store/postgres_append.cpp asks for sends with keys, and the same writes.
constexpr statement lock_rooms{"lock",
                               "SELECT room_id, last_seq FROM tb_room_position WHERE room_id = ANY($1::uuid[])"
                               " ORDER BY room_id FOR UPDATE"};
constexpr statement read_rooms{
    "rooms",
    "SELECT r.chat_room_id, r.is_group, r.created_by, EXISTS (SELECT 1 FROM tb_private_pair p JOIN tb_friendships f"
    " ON (f.user_id = p.user_low AND f.friend_id = p.user_high)"
    " OR (f.user_id = p.user_high AND f.friend_id = p.user_low)"
    " WHERE p.room_id = r.chat_room_id AND f.status = 'blocked')"
    " FROM tb_chat_rooms r WHERE r.chat_room_id = ANY($1::uuid[])"};
constexpr statement read_accounts{"accounts",
                                  "SELECT u.user_id, u.display_name, r.role_enum, u.flagDelete FROM tb_users u"
                                  " JOIN tb_roles r ON r.role_id = u.role_id WHERE u.user_id = ANY($1::uuid[])"};
constexpr statement read_memberships{
    "memberships",
    "SELECT m.room_id, m.user_id FROM unnest($1::uuid[], $2::uuid[]) AS k (room_id, user_id)"
    " JOIN tb_user_room m ON m.room_id = k.room_id AND m.user_id = k.user_id"};
constexpr statement read_keys{
    "keys",
    "SELECT k.new_id, m.message_id, m.user_id, u.display_name, m.content, m.file_url, m.reply_to, m.client_msg_id,"
    " m.created_at, m.seq, m.room_id"
    " FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[]) AS k (room_id, user_id, client_msg_id, new_id)"
    " JOIN tb_messages m ON m.room_id = k.room_id AND m.user_id = k.user_id AND m.client_msg_id = k.client_msg_id"
    " JOIN tb_users u ON u.user_id = m.user_id"};
constexpr statement insert_messages{
    "insert",
    "INSERT INTO tb_messages (message_id, user_id, room_id, content, file_url, created_at, seq, client_msg_id,"
    " reply_to) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[],"
    " $7::bigint[], $8::text[], $9::uuid[])"};
constexpr statement move_positions{
    "positions",
    "UPDATE tb_room_position p SET last_seq = v.last_seq FROM unnest($1::uuid[], $2::bigint[]) AS v (room_id, last_seq)"
    " WHERE p.room_id = v.room_id"};
constexpr statement begin{"begin", "BEGIN"};
constexpr statement commit{"commit", "COMMIT"};
constexpr statement insert_one{
    "one",
    "INSERT INTO tb_messages (message_id, user_id, room_id, content, created_at, seq, client_msg_id)"
    " VALUES ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::timestamptz, $6::bigint, $7::text)"};

class connection {
 public:
  explicit connection(const std::string& url) : handle_(PQconnectdb(url.c_str()), &PQfinish) {
    run(settings);
    for (const auto& made : {begin, lock_rooms, read_rooms, read_accounts, read_memberships, read_keys, insert_messages,
                             move_positions, commit, insert_one}) {
      expect(answer(PQprepare(handle_.get(), made.name, made.sql, 0, nullptr), &PQclear));
    }
  }

  void run(const char* sql) { expect(answer(PQexec(handle_.get(), sql), &PQclear)); }

  /// The members of the database, in order of rooms.
  std::vector<member> read_members() {
    const answer rows(PQexecParams(handle_.get(), "SELECT room_id, user_id FROM tb_user_room ORDER BY room_id, user_id",
                                   0, nullptr, nullptr, nullptr, nullptr, 1),
                      &PQclear);
    std::vector<member> members;
    for (int row = 0; row < PQntuples(rows.get()); ++row) {
      const auto id = [&](int column) { return std::string(PQgetvalue(rows.get(), row, column), 16); };
      members.push_back({id(0), id(1)});
    }
    if (members.empty()) throw std::runtime_error("no members in the database");
    return members;
  }

  /// One after another without waiting; their answers in order.
  void start() { PQenterPipelineMode(handle_.get()); }
  void send(const statement& what, std::initializer_list<std::string_view> parameters = {}) {
    std::array<const char*, 9> values{};
    std::array<int, 9> lengths{}, formats{};
    std::size_t count = 0;
    for (const auto& parameter : parameters) {
      values[count] = parameter.data();
      lengths[count] = static_cast<int>(parameter.size());
      formats[count++] = 1;
    }
    if (PQsendQueryPrepared(handle_.get(), what.name, static_cast<int>(count), values.data(), lengths.data(),
                            formats.data(), 1) != 1) {
      throw std::runtime_error(PQerrorMessage(handle_.get()));
    }
    ++sent_;
  }
  std::vector<answer> finish() {
    PQpipelineSync(handle_.get());
    std::vector<answer> answers;
    for (; sent_ > 0; --sent_) {
      answers.push_back(expect(answer(PQgetResult(handle_.get()), &PQclear)));
      PQgetResult(handle_.get());  // a null behind each
    }
    PQclear(PQgetResult(handle_.get()));  // the sync's own
    PQexitPipelineMode(handle_.get());
    return answers;
  }

 private:
  answer expect(answer result) {
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      throw std::runtime_error(std::string("the ceiling: ") + PQerrorMessage(handle_.get()));
    }
    return result;
  }

  std::unique_ptr<PGconn, decltype(&PQfinish)> handle_;
  int sent_ = 0;
};

std::string uuid_bytes(const std::array<std::uint64_t, 2>& id) { return big_endian(id[0]) + big_endian(id[1]); }

class batches {
 public:
  explicit batches(const std::string& url) : connection_(url), turns_(connection_.read_members()) {}

  void store(std::size_t size) {
    const auto senders = turns_.next(size);
    std::vector<std::string> ids, keys;
    for (const auto* sender : senders) {
      ids.push_back(uuid_bytes(ids_.next()));
      keys.push_back(sample_key(static_cast<std::uint64_t>(sender->room_number), ++next_key_));
    }
    auto positions = lock_and_read(senders, ids, keys);
    write(senders, ids, keys, positions);
  }

 private:
  /// A room of the batch and its last seq.
  using room_positions = std::vector<std::pair<std::size_t, std::uint64_t>>;

  room_positions lock_and_read(const std::vector<const member*>& senders, const std::vector<std::string>& ids,
                               const std::vector<std::string>& keys) {
    room_positions positions;
    std::vector<const member*> distinct;
    for (const auto* sender : senders) {
      if (positions.empty() || positions.back().first != sender->room_number) {
        positions.emplace_back(sender->room_number, 0);
      }
      if (distinct.empty() || distinct.back() != sender) distinct.push_back(sender);
    }
    array_parameter rooms(oid_uuid, positions.size());
    array_parameter users(oid_uuid, distinct.size()), users_rooms(oid_uuid, distinct.size());
    array_parameter key_rooms(oid_uuid, senders.size()), key_users(oid_uuid, senders.size());
    array_parameter key_texts(oid_text, senders.size()), new_ids(oid_uuid, senders.size());
    for (const auto& [room, position] : positions) rooms.add(turns_.rooms()[room]);
    for (const auto* sender : distinct) {
      users.add(sender->user);
      users_rooms.add(sender->room);
    }
    for (std::size_t i = 0; i < senders.size(); ++i) {
      key_rooms.add(senders[i]->room);
      key_users.add(senders[i]->user);
      key_texts.add(keys[i]);
      new_ids.add(ids[i]);
    }
    connection_.start();
    connection_.send(begin);
    connection_.send(lock_rooms, {rooms.bytes()});
    connection_.send(read_rooms, {rooms.bytes()});
    connection_.send(read_accounts, {users.bytes()});
    connection_.send(read_memberships, {users_rooms.bytes(), users.bytes()});
    connection_.send(read_keys, {key_rooms.bytes(), key_users.bytes(), key_texts.bytes(), new_ids.bytes()});
    const auto answers = connection_.finish();
    const auto* locked = answers[1].get();
    if (PQntuples(locked) != static_cast<int>(positions.size()) ||
        PQntuples(answers[4].get()) != static_cast<int>(distinct.size()) || PQntuples(answers[5].get()) != 0) {
      throw std::runtime_error("the ceiling reads other facts than it wrote");
    }
    // Both are in order of the rooms' ids.
    for (std::size_t i = 0; i < positions.size(); ++i) {
      positions[i].second = read_int8(PQgetvalue(locked, static_cast<int>(i), 1));
    }
    return positions;
  }

  void write(const std::vector<const member*>& senders, const std::vector<std::string>& ids,
             const std::vector<std::string>& keys, room_positions& positions) {
    const auto count = senders.size();
    array_parameter new_ids(oid_uuid, count), users(oid_uuid, count), rooms(oid_uuid, count), contents(oid_text, count),
        files(oid_text, count), times(oid_timestamptz, count), seqs(oid_int8, count), texts(oid_text, count),
        replies(oid_uuid, count);
    auto position = positions.begin();
    for (std::size_t i = 0; i < count; ++i) {
      if (senders[i]->room_number != position->first) ++position;
      new_ids.add(ids[i]);
      users.add(senders[i]->user);
      rooms.add(senders[i]->room);
      contents.add(sample_content);
      files.add_null();
      times.add(now_as_timestamptz());
      seqs.add(++position->second);
      texts.add(keys[i]);
      replies.add_null();
    }
    array_parameter moved(oid_uuid, positions.size()), to(oid_int8, positions.size());
    for (const auto& [room, seq] : positions) {
      moved.add(turns_.rooms()[room]);
      to.add(seq);
    }
    connection_.start();
    connection_.send(insert_messages, {new_ids.bytes(), users.bytes(), rooms.bytes(), contents.bytes(), files.bytes(),
                                       times.bytes(), seqs.bytes(), texts.bytes(), replies.bytes()});
    connection_.send(move_positions, {moved.bytes(), to.bytes()});
    connection_.send(commit);
    connection_.finish();
  }

  connection connection_;
  member_turns turns_;
  message_ids ids_;
  std::uint64_t next_key_ = 0;
};

}  // namespace

ceiling_figures run_postgres_ceiling(const std::string& url, std::size_t batch, double seconds) {
  batches store(url);
  return repeat_for(seconds, batch, [&] { store.store(batch); });
}

ceiling_figures run_postgres_single_inserts(const std::string& url, double seconds) {
  connection open(url);
  member_turns turns(open.read_members());
  message_ids ids;
  std::uint64_t seq = 0;
  return repeat_for(seconds, 1, [&] {
    const auto* sender = turns.next(1).front();
    const auto id = uuid_bytes(ids.next());
    const auto time = big_endian(now_as_timestamptz());
    const auto number = big_endian(++seq);
    open.start();
    open.send(insert_one, {id, sender->user, sender->room, sample_content, time, number, sample_key(1, seq)});
    open.finish();
  });
}

}  // namespace parley::bench
