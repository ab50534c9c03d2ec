// Group commit on PostgreSQL: what to do when a transaction gives way, a row is refused, or an answer does not come.
#include "store/postgres_writer.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "parley/log.hpp"
#include "store/postgres_append.hpp"
#include "store/postgres_jobs.hpp"
#include "store/postgres_quick_append.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Of one batch, before it is given up as `unavailable`.
constexpr int most_tries = 4;
/// When the schema's function for new messages is not there, or not for us, as after a restore of tables alone.
constexpr std::chrono::minutes quick_pause{1};
constexpr milliseconds first_settling_pause{50};
constexpr milliseconds longest_settling_pause{1'000};

class postgres_writer final : public database_writer {
 public:
  postgres_writer(const postgres_options& options, const limits_config& limits, metrics& counts)
      : options_(options),
        limits_(limits),
        counts_(counts),
        quick_(limits_),
        append_(limits_, options_.node != nullptr, options_),
        jobs_(limits_, options_.node),
        connection_(std::make_unique<postgres_connection>(options_)) {}

  result<batch_result> commit(std::span<const append_command> commands, std::span<const write_job> jobs) override {
    batch_result batch;
    if (!commands.empty()) {
      auto appended = guarded_commit(
          "a commit", [&]() -> result<std::vector<append_outcome>> { return append_all(commands, batch.busy); });
      roll_back();
      if (appended.has_error()) return unavailable(appended.error().message);
      batch.appends = std::move(*appended);
    }
    if (jobs.empty()) return batch;
    auto done =
        guarded_commit("a commit of jobs", [&]() -> result<std::vector<result<void>>> { return run_jobs(jobs); });
    roll_back();
    if (!done.has_error()) {
      batch.jobs = std::move(*done);
    } else if (commands.empty()) {
      return unavailable(done.error().message);
    } else {
      // The appends are a transaction of their own, and it stands.
      batch.jobs.assign(jobs.size(), unavailable(done.error().message));
    }
    return batch;
  }

  result<void> probe() override {
    auto done = guard_postgres("a probe", [&]() -> result<void> {
      touch_probe();
      if (lacks_space_) take_space();
      lacks_space_ = false;
      return {};
    });
    if (!done.has_error()) return done;
    drop_connection();  // it may be at fault itself: a server demoted, a session changed under us
    return unavailable(done.error().message);
  }

  result<void> look() override {
    const auto ask = [&]() -> result<void> {
      // A server that was demoted, or is spared because its disk is full, still answers.
      if (!connection().query("SELECT 1 WHERE current_setting('transaction_read_only') = 'off'").empty()) return {};
      return unavailable("The store takes no commits.");
    };
    auto seen = guard_postgres("a look at the store", ask);
    if (!seen.has_error()) return seen;
    drop_connection();  // lost while nobody used it, which is no fault of the store's
    return guard_postgres("a look at the store", ask);
  }

  /// So that an acknowledgement does not wait for somebody's new room.
  [[nodiscard]] bool commits_jobs_apart() const override { return true; }
  void tidy() override {}  // autovacuum is the server's

 private:
  /// The one there is, or a new one, made sure that the old one does nothing any more.
  postgres_connection& connection() {
    if (!connection_ || !connection_->is_usable()) {
      drop_connection();
      auto made = std::make_unique<postgres_connection>(options_);
      if (lost_) end_lost_session(*made);
      lost_.reset();
      connection_ = std::move(made);
      counts_.store_reconnects_total.add();
    }
    return *connection_;
  }

  /// What stands in the way of that is no fault of the statement that waits for the connection.
  void end_lost_session(postgres_connection& made) {
    try {
      made.end_session(*lost_);
    } catch (const postgres_error& fault) {
      if (fault.is_connection_lost()) throw;
      throw postgres_error("", fault.what());
    }
  }

  /// A commit of its own.
  void touch_probe() { connection().query("UPDATE tb_probe SET count = count + 1 WHERE probe_id = 1"); }

  /// Remembers what a probe would not find out.
  template <class Body>
  std::invoke_result_t<Body> guarded_commit(std::string_view what, Body&& body) {
    return guard_postgres(what, [&] {
      try {
        return body();
      } catch (const postgres_error& fault) {
        lacks_space_ = lacks_space_ || fault.is_disk_full();
        throw;
      }
    });
  }

  /// A probe's row finds its place on a full disk too, where no message does: so takes as much space as many messages,
  /// and gives it back. By a role that may make no temporary table nothing is proved, nor on a file system that
  /// reserves nothing for pages of zeros.
  void take_space() {
    try {
      postgres_round_trip trip(connection());
      trip.add("SELECT set_config('temp_tablespaces', '', true)");
      trip.add(
          "CREATE TEMPORARY TABLE tb_space ON COMMIT DROP AS SELECT repeat(' ', 1900) AS filling"
          " FROM generate_series(1, 512)");
      trip.run();
    } catch (const postgres_error& fault) {
      if (!fault.is_forbidden()) throw;
    }
  }

  void drop_connection() {
    if (connection_) lost_ = connection_->session();
    connection_.reset();
  }

  void roll_back() {
    if (!connection_ || !connection_->is_usable() || !connection_->in_transaction()) return;
    const auto done = guard_postgres("a rollback", [&]() -> result<void> {
      connection_->query("ROLLBACK");
      return {};
    });
    if (done.has_error()) drop_connection();
  }

  /// At once when all of it is plain; else the rooms that nobody else holds; then, when they are stored, those that
  /// were busy. Where one of these keeps all waiting, those that have become free; the rest comes back as `busy`.
  std::vector<append_outcome> append_all(std::span<const append_command> commands, std::vector<std::size_t>& busy) {
    std::vector<std::optional<append_outcome>> outcomes(commands.size());
    append_quickly(commands, outcomes);
    decide_rest(commands, outcomes, [&](std::span<const append_command> rest) {
      return rest.size() < commands.size() ? append_apart(rest, busy_rooms::skip)
                                           : append_together(rest, busy_rooms::skip);
    });
    for (const auto how : {busy_rooms::wait, busy_rooms::skip}) {
      decide_rest(commands, outcomes, [&](std::span<const append_command> rest) { return append_apart(rest, how); });
    }
    quick_.note_repeaters(commands, outcomes);
    std::vector<append_outcome> all;
    all.reserve(commands.size());
    for (auto& outcome : outcomes) {
      if (!outcome) {
        busy.push_back(all.size());
        outcome = append_outcome(unavailable("Somebody else has the room."));
      }
      all.push_back(std::move(*outcome));
    }
    return all;
  }

  /// Hands on the commands that have no outcome yet, in their order.
  template <class Decide>
  static void decide_rest(std::span<const append_command> commands,
                          std::vector<std::optional<append_outcome>>& outcomes, Decide&& decide) {
    std::vector<append_command> rest;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < commands.size(); ++i) {
      if (outcomes[i]) continue;
      rest.push_back(commands[i]);
      places.push_back(i);
    }
    if (rest.empty()) return;
    auto decided = decide(std::span<const append_command>(rest));
    for (std::size_t i = 0; i < rest.size(); ++i) outcomes[places[i]] = std::move(decided[i]);
  }

  /// What it leaves without an outcome is certainly not stored.
  void append_quickly(std::span<const append_command> commands, std::vector<std::optional<append_outcome>>& outcomes) {
    if (steady_clock::now() < quick_from_ || !quick_.choose(commands)) return;
    try {
      quick_.run(connection());
      return quick_.fill(outcomes);
    } catch (const standby_is_missing&) {
      throw;
    } catch (const postgres_error& fault) {
      if (fault.is_time_out()) throw;  // nobody should wait twice as long for that word
      if (fault.is_connection_lost() && connection_) {
        log_postgres_fault("the answer to new messages", fault.what());
        if (settle(quick_)) return quick_.fill(outcomes);
        return counts_.store_retries_total.add();
      }
      if (fault.is_connection_lost()) throw;  // there was none to begin with
      log_postgres_fault("new messages in one round trip", fault.what());
      if (fault.is_function_missing()) quick_from_ = steady_clock::now() + quick_pause;
      if (fault.is_worth_repeating()) counts_.store_retries_total.add();
    }
    roll_back();
  }

  /// Others of the batch are stored: when nobody lets go of a room in time, say, only its commands suffer.
  std::vector<std::optional<append_outcome>> append_apart(std::span<const append_command> commands, busy_rooms busy) {
    try {
      return append_together(commands, busy);
    } catch (const rooms_are_busy&) {
      roll_back();
      return std::vector<std::optional<append_outcome>>(commands.size());
    } catch (const postgres_error& fault) {
      if (fault.is_connection_lost()) throw;  // perhaps stored: the rooms read the log
      log_postgres_fault("a part of a batch", fault.what());
      roll_back();
      return {commands.size(), append_outcome(to_error(fault))};
    }
  }

  /// A command whose row the tables refuse must not fail the others: then all over again, each by itself.
  std::vector<std::optional<append_outcome>> append_together(std::span<const append_command> commands,
                                                             busy_rooms busy) {
    try {
      return append_once(commands, busy);
    } catch (const postgres_error& fault) {
      if (!fault.is_statements_fault()) throw;
      log_postgres_fault("a batch with a command that the tables refuse", fault.what());
    }
    roll_back();
    std::vector<std::optional<append_outcome>> outcomes;
    outcomes.reserve(commands.size());
    std::set<room_id> passed_by;
    for (const auto& command : commands) {
      // Nothing of a room overtakes what waits for it.
      outcomes.push_back(passed_by.contains(command.room) ? std::nullopt : append_alone(command));
      if (!outcomes.back()) passed_by.insert(command.room);
    }
    return outcomes;
  }

  std::optional<append_outcome> append_alone(const append_command& command) {
    try {
      return std::move(*append_once({&command, 1}, busy_rooms::wait).front());
    } catch (const rooms_are_busy&) {
      roll_back();
      return std::nullopt;
    } catch (const postgres_error& fault) {
      // Those before it are stored: what waits for another lock for too long, or takes too long, concerns only this
      // one.
      if (!fault.is_statements_fault() && !fault.is_time_out()) throw;
      roll_back();
      return to_error(fault);
    }
  }

  std::vector<std::optional<append_outcome>> append_once(std::span<const append_command> commands, busy_rooms busy) {
    return until_committed(
        append_, [&] { append_.begin(connection(), commands, busy); }, [&] { return append_.writes_something(); });
  }

  /// Until it is committed, and known to be. Throws what more tries will not mend.
  template <class Transaction, class Begin, class Matters>
  auto until_committed(Transaction& transaction, Begin&& begin, Matters&& matters)
      -> std::remove_reference_t<decltype(transaction.outcomes())> {
    const auto end = steady_clock::now() + 2 * options_.answer();
    for (int tries = 1;; ++tries) {
      bool is_in_doubt = false;
      try {
        begin();
        is_in_doubt = matters();
        transaction.commit(*connection_);
        return std::move(transaction.outcomes());
      } catch (const postgres_error& fault) {
        // Without a connection there is no server to try again with: connection() has tried.
        const bool may_work = fault.is_connection_lost() ? connection_ != nullptr : fault.is_worth_repeating();
        if (fault.is_connection_lost() && is_in_doubt) {
          log_postgres_fault("the answer to a commit", fault.what());
          if (settle(transaction)) return std::move(transaction.outcomes());
        }
        if (tries == most_tries || !may_work || steady_clock::now() >= end) throw;
      }
      roll_back();
      counts_.store_retries_total.add();
    }
  }

  /// Whether the commit without an answer took effect. Throws when nobody can tell in time.
  template <class Transaction>
  bool settle(Transaction& transaction) {
    const auto end = steady_clock::now() + options_.answer();
    auto pause = first_settling_pause;
    for (;;) {
      try {
        const bool stands = transaction.was_committed(connection());
        // It may be seen without being on a synchronous standby yet; a later commit that is confirmed confirms it too.
        if (stands) touch_probe();
        counts_.store_in_doubt_total.add();
        log::info("postgres", "in_doubt_settled", "A commit without an answer {} taken effect.",
                  stands ? "had" : "had not");
        return stands;
      } catch (const standby_is_missing&) {
        throw;  // it may be away for long, and whoever sent it should know soon
      } catch (const postgres_error& fault) {
        // Whatever stands in the way, the doubt stays: nobody may take it for a refusal.
        if (steady_clock::now() + pause > end) throw postgres_error("", fault.what());
        log_postgres_fault("settling a commit", fault.what());
      }
      roll_back();
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, longest_settling_pause);
    }
  }

  std::vector<result<void>> run_jobs(std::span<const write_job> jobs) {
    return until_committed(
        jobs_, [&] { jobs_.run(connection(), jobs); }, [] { return true; });
  }

  postgres_options options_;
  const limits_config& limits_;
  metrics& counts_;
  postgres_quick_append quick_;
  steady_clock::time_point quick_from_;  ///< Not tried before.
  postgres_append append_;
  postgres_jobs jobs_;
  std::unique_ptr<postgres_connection> connection_;
  bool lacks_space_ = false;              ///< Since a commit failed for want of it.
  std::optional<postgres_session> lost_;  ///< Of the connection before, whose session may still hold locks.
};

}  // namespace

std::unique_ptr<database_writer> make_postgres_writer(const postgres_options& options, const limits_config& limits,
                                                      metrics& counts) {
  return std::make_unique<postgres_writer>(options, limits, counts);
}

}  // namespace parley
