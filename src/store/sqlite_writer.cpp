// Group commit on SQLite: appends and jobs in one transaction with one sync.
#include "store/sqlite_writer.hpp"

#include "parley/log.hpp"
#include "store/sqlite_append.hpp"
#include "store/sqlite_records.hpp"

namespace parley {
namespace {

/// A connection with what works on it; made anew when a failure left it in a state that cannot be rolled
/// back.
struct writing_connection {
  writing_connection(const sqlite_options& options, const limits_config& limits)
      : connection(options, sqlite_access::write), append(connection, limits) {}

  sqlite_connection connection;
  sqlite_append append;
};

class sqlite_writer final : public database_writer {
 public:
  sqlite_writer(const sqlite_options& options, const limits_config& limits)
      : options_(options), limits_(limits), open_(std::make_unique<writing_connection>(options_, limits_)) {}

  result<batch_result> commit(std::span<const append_command> commands, std::span<const write_job> jobs) override {
    return in_transaction<batch_result>("a commit", [&](writing_connection& open) -> result<batch_result> {
      batch_result batch;
      batch.appends = open.append.run(commands);
      batch.jobs.reserve(jobs.size());
      sqlite_records records(open.connection, limits_);
      for (const auto& job : jobs) {
        batch.jobs.push_back(run_job(open.connection, records, job));
        if (records.transaction_fault()) return *records.transaction_fault();
      }
      return batch;
    });
  }

  result<void> probe() override {
    return in_transaction<void>("a probe", [](writing_connection& open) -> result<void> {
      open.connection.use("UPDATE tb_probe SET count = count + 1 WHERE probe_id = 1").run();
      return {};
    });
  }

  [[nodiscard]] bool commits_jobs_apart() const override { return false; }
  void tidy() override {
    const auto done = guarded("emptying the write-ahead log", [&]() -> result<void> {
      if (open_) open_->connection.truncate_log();
      return {};
    });
    // Only a convenience: what is not emptied now is emptied by a later checkpoint.
    if (done.has_error()) log::warn("sqlite", "tidy_failed", "{}", done.error().message);
  }

 private:
  /// Whatever goes wrong, the transaction is rolled back and the answer is `unavailable`.
  template <class T, class Body>
  result<T> in_transaction(std::string_view what, Body&& body) {
    auto done = guarded(what, [&]() -> result<T> {
      if (!open_) open_ = std::make_unique<writing_connection>(options_, limits_);
      open_->connection.use("BEGIN IMMEDIATE").run();
      auto outcome = body(*open_);
      if (outcome.has_error()) return outcome;
      open_->connection.use("COMMIT").run();
      return outcome;
    });
    if (!done.has_error()) return done;
    roll_back();
    return unavailable(done.error().message);
  }

  static result<void> run_job(sqlite_connection& connection, sqlite_records& records, const write_job& job) {
    connection.use("SAVEPOINT job").run();
    auto done = guarded("a write job", [&] { return job.run(records); });
    // A fault of the whole transaction may have ended it, and the savepoint with it.
    if (records.transaction_fault()) return done;
    if (done.has_error()) connection.use("ROLLBACK TO job").run();
    connection.use("RELEASE job").run();
    return done;
  }

  void roll_back() {
    if (!open_ || !open_->connection.in_transaction()) return;
    const auto done = guarded("a rollback", [&]() -> result<void> {
      open_->connection.use("ROLLBACK").run();
      return {};
    });
    if (done.has_error()) open_.reset();
  }

  sqlite_options options_;
  const limits_config& limits_;
  std::unique_ptr<writing_connection> open_;
};

}  // namespace

std::unique_ptr<database_writer> make_sqlite_writer(const sqlite_options& options, const limits_config& limits) {
  return std::make_unique<sqlite_writer>(options, limits);
}

}  // namespace parley
