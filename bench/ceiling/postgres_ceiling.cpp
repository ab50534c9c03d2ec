// libpq in pipeline mode with statements that stay prepared and binary parameters.
#include <arpa/inet.h>
#include <libpq-fe.h>

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

/// A parameter in the binary format of arrays: dimensions, has nulls, element type, size, lowest index, elements.
class array_parameter {
 public:
  array_parameter(Oid element, std::size_t size)
      : bytes_(big_endian(1U) + big_endian(1U) + big_endian(element) + big_endian(static_cast<std::uint32_t>(size)) +
               big_endian(1U)) {}
  void add(const std::string& value) { bytes_ += big_endian(static_cast<std::uint32_t>(value.size())) + value; }
  void add(std::uint64_t value) { add(big_endian(value)); }
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
// The same call as src/store/postgres_quick_append.cpp makes.
constexpr statement store_sends{
    "append",
    "SELECT positions, numbers, names FROM store_sends($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[],"
    " $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::timestamptz[])"};
constexpr statement insert_one{
    "one",
    "INSERT INTO tb_messages (message_id, user_id, room_id, content, created_at, seq, client_msg_id)"
    " VALUES ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::timestamptz, $6::bigint, $7::text)"};

class connection {
 public:
  explicit connection(const std::string& url) : handle_(PQconnectdb(url.c_str()), &PQfinish) {
    run(settings);
    for (const auto& made : {store_sends, insert_one}) {
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
    std::vector<std::uint64_t> counts;  // of messages, a room
    for (std::size_t i = 0; i < senders.size(); ++i) {
      if (i == 0 || senders[i]->room_number != senders[i - 1]->room_number) counts.push_back(0);
      ++counts.back();
    }
    array_parameter rooms(oid_uuid, counts.size()), room_counts(oid_int8, counts.size()), places(oid_int8, size),
        steps(oid_int8, size), new_ids(oid_uuid, size), users(oid_uuid, size), contents(oid_text, size),
        keys(oid_text, size), times(oid_timestamptz, size);
    auto sender = senders.begin();
    for (std::size_t room = 0; room < counts.size(); ++room) {
      rooms.add((*sender)->room);
      room_counts.add(counts[room]);
      for (std::uint64_t step = 1; step <= counts[room]; ++step, ++sender) {
        places.add(std::uint64_t{room} + 1);
        steps.add(step);
        new_ids.add(uuid_bytes(ids_.next()));
        users.add((*sender)->user);
        contents.add(sample_content);
        keys.add(sample_key(static_cast<std::uint64_t>((*sender)->room_number), ++next_key_));
        times.add(now_as_timestamptz());
      }
    }
    connection_.start();
    connection_.send(store_sends, {rooms.bytes(), room_counts.bytes(), places.bytes(), steps.bytes(), new_ids.bytes(),
                                   users.bytes(), contents.bytes(), keys.bytes(), times.bytes()});
    const auto answers = connection_.finish();
    // Of an array of one dimension the number of elements stands in its bytes 12 to 16.
    const auto* numbers = answers.front().get();
    std::uint32_t stored = 0;
    if (PQgetlength(numbers, 0, 1) >= 16) std::memcpy(&stored, PQgetvalue(numbers, 0, 1) + 12, sizeof stored);
    if (ntohl(stored) != size) throw std::runtime_error("the ceiling: not every message was stored");
  }

 private:
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
