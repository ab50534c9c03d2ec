// An append batch on SQLite: reads the facts, lets the plan decide, writes what it wants. Inside an open
// transaction.
#pragma once

#include <span>
#include <vector>

#include "parley/config.hpp"
#include "store/append_facts.hpp"
#include "store/append_plan.hpp"
#include "store/sqlite_connection.hpp"

namespace parley {

/// Belongs to one writer; its memory is used again from batch to batch. Throws sqlite_error.
class sqlite_append {
 public:
  sqlite_append(sqlite_connection& connection, const limits_config& limits)
      : connection_(connection), limits_(limits) {}

  /// One outcome for each command, in order. A command whose row the store refuses is refused alone.
  std::vector<append_outcome> run(std::span<const append_command> commands);

 private:
  std::vector<append_outcome> run_together(std::span<const append_command> commands);
  append_outcome run_alone(const append_command& command);

  void read_facts();
  void read_rooms();
  void read_accounts();
  void read_memberships();
  void read_restraints();
  void read_messages();
  void read_files();
  void read_stored_sends();
  void write(const append_plan& plan);

  sqlite_connection& connection_;
  const limits_config& limits_;
  append_needs needs_;
  append_facts facts_;
};

}  // namespace parley
