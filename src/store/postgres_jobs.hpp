// A batch of jobs on PostgreSQL: one transaction, in which a job that fails is undone alone.
#pragma once

#include <span>
#include <vector>

#include "parley/config.hpp"
#include "parley/database.hpp"
#include "store/postgres_connection.hpp"

namespace parley {

/// Belongs to one writer. Throws postgres_error.
class postgres_jobs {
 public:
  /// Null `node`: there are no others.
  postgres_jobs(const limits_config& limits, const node_identity* node) : limits_(limits), node_(node) {}

  /// Runs them in order of their keys, those of one key as they stand. Afterwards the transaction is open.
  void run(postgres_connection& connection, std::span<const write_job> jobs);
  /// A lost connection leaves in doubt whether it took effect: see was_committed().
  void commit(postgres_connection& connection);
  /// One outcome for each job, in order.
  [[nodiscard]] std::vector<result<void>>& outcomes() { return outcomes_; }

  /// On another connection, after commit() got no answer and the lost one's session has ended. A job may write
  /// anything, so that there are no ids to look for: the transaction leaves a mark of its own.
  bool was_committed(postgres_connection& connection) const;

 private:
  /// The end of the last job that ran.
  void end_job(postgres_round_trip& trip) const;

  const limits_config& limits_;
  const node_identity* node_;
  std::vector<control_event> told_;  ///< By the jobs that did not fail.
  uuid writer_ = system_ids().next();
  uuid mark_;
  std::vector<result<void>> outcomes_;
  result<void>* last_ = nullptr;  ///< Of the job that ran last.
};

}  // namespace parley
