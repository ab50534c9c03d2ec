// The store of the simulation: the rules are append_plan's, the tables are maps, and it fails as databases fail.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "parley/database.hpp"
#include "simulation/presence_tables.hpp"
#include "store/append_plan.hpp"

namespace parley::simulation {

/// How a transaction ends. Whatever is said to the node, what is stored is decided here.
enum class commit_fate : std::uint8_t {
  stored,
  refused,        ///< Nothing is stored, and the node is told.
  answer_lost,    ///< Everything is stored, and the node is told that it failed.
  crash_unsynced  ///< The store crashes before its disk has everything: what was not synced is gone.
};

/// What all nodes share and what survives each of them. One thread.
class simulated_store {
 public:
  void add_user(user_id user, const std::string& name);
  void add_room(room_id room, const std::vector<user_id>& members);

  /// One transaction of a node. Asks for its fate, and lets others go first while it waits for the rooms' locks.
  /// `node`: its identity, where there are others.
  result<database_writer::batch_result> commit(std::span<const append_command> commands,
                                               std::span<const write_job> jobs, const uuid* node);
  /// In the order of the commits. With a mistake in the product it may have holes, and seqs twice.
  [[nodiscard]] const std::vector<durable_event>& log(room_id room) const { return rooms_.at(room).log; }
  [[nodiscard]] sequence last_seq(room_id room) const;
  [[nodiscard]] std::optional<room_snapshot> snapshot(room_id room) const;
  [[nodiscard]] bool is_member(room_id room, user_id user) const;

  std::function<commit_fate()> next_fate = [] { return commit_fate::stored; };
  std::function<void()> while_waiting_for_locks = [] {};
  /// Somebody keeps the room for longer than one waits: asked once a transaction. Only where jobs are kept apart.
  std::function<bool(room_id)> is_busy = [](room_id) { return false; };
  bool is_up = true;
  bool reads_work = true;
  /// Commands and jobs are transactions of their own, as on PostgreSQL.
  bool keeps_jobs_apart = false;
  std::uint64_t commits = 0;

  presence_tables presence;
  timestamp now{};
  std::function<bool()> loses_log_answer = [] { return false; };
  /// Somebody's flag went off, for good.
  std::function<void(user_id)> on_declared_off = [](user_id) {};

 private:
  struct room_record {
    user_id creator;
    std::vector<user_id> members;
    std::vector<durable_event> log;
  };
  struct stored_message {
    room_id room;
    user_id sender;
    sequence seq = 0;
  };
  /// The commands that the writes point into belong to it.
  struct transaction {
    std::vector<append_command> commands;
    std::vector<append_write> writes;
  };

  void read_facts(append_facts& facts, std::span<const append_command> commands) const;
  void apply(const transaction& done);
  void write(const insert_message& what);
  void write(const insert_membership& what);
  void write(const delete_membership& what);
  void write(const log_row& what);
  void lose_what_is_not_synced();

  limits_config limits_;
  std::map<user_id, std::string> names_;
  std::map<room_id, room_record> rooms_, first_rooms_;
  std::map<message_id, stored_message> messages_;
  std::map<std::pair<membership_key, std::string>, message_id> keys_;
  std::vector<std::unique_ptr<transaction>> transactions_;
  std::size_t synced_ = 0;  ///< So many transactions are on the disk.
};

/// One node's way to the store.
class simulated_database final : public database {
 public:
  explicit simulated_database(simulated_store& shared) : shared_(shared) {}

  /// The node's process is gone: nothing that it still does reaches the store.
  void cut_off() { is_cut_off_ = true; }
  /// Beside other nodes; outlives what is opened here.
  void set_identity(const node_identity& identity) { identity_ = &identity; }
  [[nodiscard]] const node_identity* identity() const { return identity_; }
  [[nodiscard]] bool is_cut_off() const { return is_cut_off_; }
  [[nodiscard]] simulated_store& shared() const { return shared_; }

  result<void> migrate(const std::function<bool()>&) override { return {}; }
  result<std::vector<std::string>> pending_migrations() override { return std::vector<std::string>(); }
  result<std::unique_ptr<database_writer>> open_writer() override;
  result<std::unique_ptr<database_reader>> open_reader() override;
  result<std::unique_ptr<search_index>> open_search_index() override {
    return make_error(error_code::unavailable, "There is no index here.");
  }
  [[nodiscard]] std::uint32_t max_writers() const override { return 1; }

 private:
  simulated_store& shared_;
  bool is_cut_off_ = false;
  const node_identity* identity_ = nullptr;
};

}  // namespace parley::simulation
