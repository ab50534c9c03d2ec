// The store's contract is tested against the ports only, once for each kind of store that this build has.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "command_builder.hpp"
#include "parley/config.hpp"
#include "parley/database.hpp"
#include "parley/log.hpp"

namespace parley::support {
class postgres_server;
}

namespace parley::test {

/// One server for the whole program; a database for each store.
support::postgres_server& shared_postgres();

/// A fresh store and what a test may do to it behind the ports' back.
class store_under_test {
 public:
  virtual ~store_under_test() = default;
  virtual database& get() = 0;
  /// Standard SQL on the contract's tables, for what no port does yet: roles, flags, friendships.
  virtual void run_sql(const std::string& sql) = 0;
};

struct store_kind {
  std::string name;
  std::function<std::unique_ptr<store_under_test>(const limits_config&)> make;
};

/// How GoogleTest names the parameter.
inline void PrintTo(const store_kind& kind, std::ostream* out) { *out << kind.name; }

/// Every kind of store that the contract's cases run against.
std::vector<store_kind> store_kinds();

/// A folder of the test's own, gone afterwards.
class temporary_folder {
 public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// What is logged while it lives.
class captured_log {
 public:
  captured_log() {
    testing::internal::CaptureStderr();
    log::initialise({"info", "text"}, "a node");
  }
  ~captured_log() {
    if (!is_taken_) (void)take();
  }
  captured_log(const captured_log&) = delete;
  captured_log& operator=(const captured_log&) = delete;
  /// Once, at the end.
  std::string take() {
    is_taken_ = true;
    log::close();
    return testing::internal::GetCapturedStderr();
  }

 private:
  bool is_taken_ = false;
};

/// What a test does with a store, in the words of chat. A failed step throws and so ends the test.
class database_fixture : public testing::TestWithParam<store_kind> {
 protected:
  void SetUp() override { start(limits_config{}); }
  /// Anew with other limits.
  void start(const limits_config& limits);

  std::vector<append_outcome> commit(std::vector<append_command> commands);
  /// One command, which must be accepted; its first event.
  durable_event append(append_command command);
  /// One command, whatever becomes of it.
  append_outcome try_append(append_command command);
  void expect_refusal(append_command command, error_code code);
  /// One job, which must succeed.
  void write(const write_job& job);
  result<void> try_write(const write_job& job);

  user_id add_user(const std::string& name);
  room_id add_group(const std::string& name, user_id creator, std::vector<user_id> others = {});
  result<created_room> try_create_room(bool is_group, user_id creator, std::vector<user_id> others);
  room_id add_pair(user_id one, user_id other);
  message_id post(room_id room, user_id user, const std::string& content);
  void mark_read(room_id room, user_id user, sequence seq);
  void set_role(user_id user, const std::string& role);
  void set_flag(user_id user, const std::string& flag);
  void befriend(user_id user, user_id other, const std::string& status);

  std::vector<durable_event> events_of(room_id room, sequence after = 0, std::uint32_t limit = 1'000);
  room_summary summary(user_id user, room_id room);
  session_basis basis_of(user_id user, const token_hash& token = {}, std::optional<room_id> only_room = {});

  command_builder make;
  std::unique_ptr<store_under_test> store;
  std::unique_ptr<database_writer> writer;
  std::unique_ptr<database_reader> reader;
};

/// The value of a result that must have one.
template <class T>
T expect_value(result<T> outcome) {
  if (outcome.has_error()) throw std::runtime_error(outcome.error().message);
  return std::move(*outcome);
}
inline void expect_value(const result<void>& outcome) {
  if (outcome.has_error()) throw std::runtime_error(outcome.error().message);
}
/// The same of a step that gives itself less time than a busy machine may take, and may be done again: three times.
template <class Step>
auto expect_in_time(Step step) {
  auto outcome = step();
  for (int more = 2; more > 0 && outcome.has_error() && outcome.error().code == error_code::unavailable; --more) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    outcome = step();
  }
  return expect_value(std::move(outcome));
}

/// As that user sees the other; null for `none`.
inline std::optional<friend_item> friend_seen_by(database_reader& reader, user_id user, user_id other) {
  for (auto& item : expect_value(reader.friends(user, {}, {})).items) {
    if (item.profile.id == other) return std::move(item);
  }
  return std::nullopt;
}

/// For INSTANTIATE_TEST_SUITE_P.
inline std::string name_of_kind(const testing::TestParamInfo<store_kind>& info) { return info.param.name; }

}  // namespace parley::test
