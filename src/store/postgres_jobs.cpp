// Savepoints around jobs, and the mark by which a commit without an answer is found.
#include "store/postgres_jobs.hpp"

#include <algorithm>
#include <numeric>

#include "store/postgres_control.hpp"
#include "store/postgres_records.hpp"

namespace parley {

void postgres_jobs::run(postgres_connection& connection, std::span<const write_job> jobs) {
  outcomes_.assign(jobs.size(), {});
  last_ = nullptr;
  std::vector<std::size_t> order(jobs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto one, auto other) { return jobs[one].key < jobs[other].key; });
  told_.clear();
  postgres_records records(connection, limits_, node_, told_);
  for (const auto index : order) {
    postgres_round_trip trip(connection);
    if (last_ == nullptr) {
      trip.add("BEGIN");
    } else {
      end_job(trip);
    }
    trip.add("SAVEPOINT job");
    trip.run();
    last_ = &outcomes_[index];
    const auto told_before = told_.size();
    *last_ = guard_postgres("a write job", [&] { return jobs[index].run(records); });
    if (last_->has_error()) told_.resize(told_before);
    if (records.transaction_fault()) throw postgres_error(*records.transaction_fault());
  }
}

void postgres_jobs::commit(postgres_connection& connection) {
  mark_ = system_ids().next();
  postgres_round_trip trip(connection);
  end_job(trip);
  trip.add(
      "INSERT INTO tb_commit_mark (writer_id, mark, marked_at) VALUES ($1, $2, now())"
      " ON CONFLICT (writer_id) DO UPDATE SET mark = excluded.mark, marked_at = excluded.marked_at",
      writer_, mark_);
  const control_columns told(told_);
  told.send(trip);
  trip.add("COMMIT");
  trip.run();
}

void postgres_jobs::end_job(postgres_round_trip& trip) const {
  if (last_->has_error()) trip.add("ROLLBACK TO SAVEPOINT job");
  trip.add("RELEASE SAVEPOINT job");
}

bool postgres_jobs::was_committed(postgres_connection& connection) const {
  return !connection.query("SELECT 1 FROM tb_commit_mark WHERE writer_id = $1 AND mark = $2", writer_, mark_).empty();
}

}  // namespace parley
