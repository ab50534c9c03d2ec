// A storage actor: queues what comes, commits it as one transaction, answers; heals by probing after a failure.
#include "actors/storage_actor.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "actors/command_bytes.hpp"
#include "actors/guarded.hpp"
#include "actors/held_work.hpp"
#include "actors/presence_saves.hpp"
#include "actors/storage_batch.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_back_off{50};
constexpr milliseconds longest_back_off{500};
/// In short steps: a delayed message keeps its receiver alive, and the node's end waits for this actor's thread.
constexpr milliseconds tidying_step{50};
constexpr int idle_steps_before_tidying = 100;
/// Meanwhile other rooms' commands go on.
constexpr milliseconds before_busy_retry{50};
constexpr const char* cannot_store =
    "The store cannot take anything at the moment; send again with the same client_msg_id.";

class storage_actor : public storage_handle::base {
 public:
  storage_actor(caf::actor_config& config, const actor_services& services, database& source)
      : storage_handle::base(config), services_(services), source_(source) {}

  behavior_type make_behavior() override {
    if (!guarded("open", [this] { return connect(); })) fail();
    return {
        // Whatever is thrown outside a transaction (for want of memory) costs only the message at hand.
        [this](append_to_log& message) { parley::guarded("storage", [&] { accept(std::move(message), appends_); }); },
        [this](write_records& message) { parley::guarded("storage", [&] { accept(std::move(message), jobs_); }); },
        [this](flush_batch) { parley::guarded("storage", [&] { flush(); }); },
        [this](probe_store) { parley::guarded("storage", [&] { probe(); }); },
        [this](tidy_store) { parley::guarded("storage", [&] { tidy(); }); },
        [this](look_at_store) { parley::guarded("storage", [&] { look(); }); },
        [this](retry_busy) { parley::guarded("storage", [&] { retry(); }); },
    };
  }

  void on_exit() override {
    held_ = {};
    note_held();
    appends_.clear();  // answers `unavailable`
    jobs_.clear();
    if (failing_) services_.failing_writers.fetch_sub(1);
    writer_.reset();
  }

 private:
  template <class Message>
  void accept(Message message, std::deque<numbered<Message>>& queue) {
    if (failing_) return message.reply(unavailable(cannot_store));
    numbered<Message> arrived{next_number_++, std::move(message)};
    if (held_.concerns(arrived.message)) {
      held_.add(std::move(arrived), given_up_at());
      return note_held();
    }
    queue.push_back(std::move(arrived));
    request_flush();
  }

  void request_flush() {
    if (flush_requested_) return;
    flush_requested_ = true;
    send(this, flush_batch{});
  }

  void flush() {
    flush_requested_ = false;
    if (nothing_waits()) return;
    auto batch = take_batch();
    if (guarded("commit", [&] { return commit(batch); })) {
      if (!nothing_waits()) request_flush();
      plan_tidying();
    } else {
      fail();
      answer_unavailable(batch);
    }
  }

  [[nodiscard]] bool nothing_waits() const { return appends_.empty() && jobs_.empty(); }
  [[nodiscard]] bool oldest_is_a_job() const {
    return appends_.empty() || (!jobs_.empty() && jobs_.front().number < appends_.front().number);
  }

  /// In order of arrival. Where the store has a transaction for each kind, only the oldest's kind: commands may then
  /// overtake jobs, but no job a command, since rooms send an empty one to learn that what came before it is stored.
  /// Presence, which is no room's, may.
  store_batch take_batch() {
    store_batch batch;
    const bool is_of_one_kind = writer_->commits_jobs_apart();
    const bool begins_with_a_job = oldest_is_a_job();
    while (!nothing_waits()) {
      const bool next_is_a_job = oldest_is_a_job();
      if (is_of_one_kind && begins_with_a_job && !next_is_a_job) break;
      if (is_of_one_kind && begins_with_a_job && jobs_.front().message.job.presence) {
        if (!batch.jobs.empty()) break;
        batch.presences = take_presences(jobs_, services_.settings.store.batch_commands);
        batch.jobs.push_back(saving_all(batch.presences));
        break;
      }
      const bool takes_a_job = is_of_one_kind ? begins_with_a_job : next_is_a_job;
      if (takes_a_job ? !take_job(batch) : !take_append(batch)) break;
    }
    return batch;
  }

  /// False when there is none, or the batch is full. What is over the bounds by itself still goes, alone.
  bool take_append(store_batch& batch) {
    if (appends_.empty()) return false;
    auto& commands = appends_.front().message.commands;
    std::size_t bytes = 0;
    for (const auto& command : commands) bytes += bytes_of(command);
    if (!has_room(batch, commands.size(), bytes)) return false;
    batch.bytes += bytes;
    const auto count = commands.size();
    std::move(commands.begin(), commands.end(), std::back_inserter(batch.commands));
    batch.appenders.push_back({std::move(appends_.front()), count});
    appends_.pop_front();
    return true;
  }

  bool take_job(store_batch& batch) {
    if (jobs_.empty() || !has_room(batch, 1, 0)) return false;
    auto& [job, reply, place] = jobs_.front().message;
    const bool goes_alone =
        writer_->commits_jobs_apart() && (job.alone || (!batch.jobs.empty() && batch.jobs[0].alone));
    if (goes_alone && !batch.jobs.empty()) return false;
    batch.jobs.push_back(std::move(job));
    batch.writers.push_back(reply);
    batch.places.push_back(std::move(place));
    jobs_.pop_front();
    return true;
  }

  [[nodiscard]] bool has_room(const store_batch& batch, std::size_t more, std::size_t more_bytes) const {
    const auto& limits = services_.settings.store;
    const std::size_t taken = batch.commands.size() + batch.jobs.size();
    return taken == 0 || (taken + more <= limits.batch_commands && batch.bytes + more_bytes <= limits.batch_bytes);
  }

  bool commit(store_batch& batch) {
    auto& counts = services_.counts;
    if (services_.faults.before_commit) services_.faults.before_commit(batch.commands);
    const auto begun = services_.time.steady_now();
    auto outcome = writer_->commit(batch.commands, batch.jobs);
    if (!outcome) {
      counts.commit_seconds.observe(std::chrono::duration<double>(services_.time.steady_now() - begun).count());
      log::error("storage", "commit_failed", "A transaction of {} commands and {} jobs failed: {}",
                 batch.commands.size(), batch.jobs.size(), outcome.error().message);
      return false;
    }
    committed_since_look_ = true;
    const auto stored = batch.commands.size() + batch.jobs.size() - outcome->busy.size();
    if (stored > 0) {
      if (services_.faults.after_commit) services_.faults.after_commit(batch.commands);
      counts.commits_total.add();
      counts.commit_seconds.observe(std::chrono::duration<double>(services_.time.steady_now() - begun).count());
      counts.batch_commands.observe(static_cast<double>(stored));
    }
    batch.places.clear();
    answer_appenders(batch, *outcome);
    if (!batch.presences.empty()) {
      auto again = answer_presences(std::move(batch.presences), outcome->jobs[0]);
      jobs_.insert(jobs_.begin(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
    }
    for (std::size_t i = 0; i < batch.writers.size(); ++i) {
      if (outcome->jobs[i]) {
        batch.writers[i](std::monostate{});
      } else {
        batch.writers[i](outcome->jobs[i].error());
      }
    }
    return true;
  }

  void answer_appenders(store_batch& batch, database_writer::batch_result& outcome) {
    const auto now = services_.time.steady_now();
    std::size_t next = 0;
    auto busy = outcome.busy.begin();
    for (auto& each : batch.appenders) {
      auto& from = each.from;
      const auto count = each.count, first = next;
      next += count;
      const auto busy_end = std::lower_bound(busy, outcome.busy.end(), next);
      const bool is_busy = count > 0 && static_cast<std::size_t>(busy_end - busy) == count;
      busy = busy_end;
      const auto move_part = [&](auto& all, auto& to) {
        const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
        std::move(begin, begin + static_cast<std::ptrdiff_t>(count), std::back_inserter(to));
      };
      if (is_busy && (!from.until || now < *from.until)) {
        from.message.commands.clear();
        move_part(batch.commands, from.message.commands);
        held_.add(std::move(from), given_up_at());
        continue;
      }
      if (is_busy) {
        log::warn("storage", "room_locked", "Somebody else has had the lock of room {} for too long",
                  to_string(batch.commands[first].room));
      }
      std::vector<append_outcome> outcomes;
      outcomes.reserve(count);
      move_part(outcome.appends, outcomes);
      count_outcomes(outcomes);
      from.message.place = {};
      from.message.reply(std::move(outcomes));
    }
    if (!outcome.busy.empty()) hold_back();
    note_held();
  }

  /// What came behind commands that wait for their rooms stays behind them. They have their turn again a little later.
  void hold_back() {
    held_.take_from(appends_, given_up_at());
    held_.take_from(jobs_, given_up_at());
    if (!held_.is_empty() && !std::exchange(retry_planned_, true)) {
      delayed_send(this, jittered(before_busy_retry), retry_busy{});
    }
  }

  /// As long as one waits for a lock in any case.
  [[nodiscard]] steady_time given_up_at() const {
    return services_.time.steady_now() + milliseconds(services_.settings.store.lock_ms);
  }

  void retry() {
    retry_planned_ = false;
    held_.put_back(appends_, jobs_, next_number_);
    if (!nothing_waits()) request_flush();
  }

  /// Not when they are tried again: whether they are still held is known when the store has answered.
  void note_held() { services_.counts.storage_held.add(held_.count() - std::exchange(told_held_, held_.count())); }

  void count_outcomes(const std::vector<append_outcome>& outcomes) {
    auto& counts = services_.counts;
    for (const auto& outcome : outcomes) {
      if (!outcome) {
        counts.commands_refused_total.add();
      } else if (outcome->duplicate) {
        counts.duplicates_total.add();
      } else {
        counts.events_stored_total.add(outcome->events.size());
      }
    }
  }

  static void answer_unavailable(store_batch& batch) {
    for (auto& each : batch.appenders) each.from.message.reply(unavailable(cannot_store));
    for (auto& reply : batch.writers) reply(unavailable(cannot_store));
    for (auto& each : batch.presences) each.message.reply(unavailable(cannot_store));
  }

  /// Nothing is accepted from here on until a probe has worked.
  void fail() {
    if (!failing_) {
      failing_ = true;
      services_.failing_writers.fetch_add(1);
      services_.counts.commit_failures_total.add();
      back_off_ = first_back_off;
    }
    delayed_send(this, jittered(back_off_), probe_store{});
    back_off_ = std::min(back_off_ * 2, longest_back_off);
    held_.put_back(appends_, jobs_, next_number_);
    note_held();
    refuse_all(appends_);
    refuse_all(jobs_);
  }

  template <class Message>
  static void refuse_all(std::deque<numbered<Message>>& queue) {
    for (auto& waiting : queue) waiting.message.reply(unavailable(cannot_store));
    queue.clear();
  }

  /// From a half to the whole of it, so that the workers of all nodes do not come back at one moment.
  milliseconds jittered(milliseconds pause) const {
    const auto part = services_.ids.next().bytes.back();  // a random byte
    return pause / 2 + pause * part / (2 * 255);
  }

  void probe() {
    if (!failing_) return;
    const bool works = guarded("probe", [this] {
      if (!writer_ && !connect()) return false;
      auto proof = writer_->probe();
      if (!proof) log::debug("storage", "probe_failed", "{}", proof.error().message);
      return proof.has_value();
    });
    if (!works) return fail();
    failing_ = false;
    services_.failing_writers.fetch_sub(1);
    log::info("storage", "store_recovered", "The store takes commits again");
  }

  /// Else a store that went away while nobody writes would be found out by the first who does.
  void look() {
    if (failing_ || !nothing_waits() || std::exchange(committed_since_look_, false)) return;
    const bool is_there = guarded("look", [this] {
      auto seen = writer_->look();
      if (!seen) log::error("storage", "store_lost", "The store is not there: {}", seen.error().message);
      return seen.has_value();
    });
    if (!is_there) fail();
  }

  bool connect() {
    auto opened = source_.open_writer();
    if (!opened) {
      log::error("storage", "open_failed", "The store cannot be opened for writing: {}", opened.error().message);
      return false;
    }
    writer_ = std::move(*opened);
    return true;
  }

  /// An exception leaves the connection in an unknown state: it is dropped, which rolls back, and a probe opens a new
  /// one.
  template <class Work>
  bool guarded(const char* what, Work work) {
    try {
      return work();
    } catch (const std::exception& thrown) {
      log::error("storage", "storage_exception", "Exception in {}: {}", what, thrown.what());
    } catch (...) {
      log::error("storage", "storage_exception", "Exception of an unknown type in {}", what);
    }
    writer_.reset();
    services_.counts.actors_restarted_total.add();
    return false;
  }

  void plan_tidying() {
    committed_since_plan_ = true;
    plan_next_step();
  }

  void plan_next_step() {
    if (tidying_planned_) return;
    tidying_planned_ = true;
    delayed_send(this, tidying_step, tidy_store{});
  }

  void tidy() {
    tidying_planned_ = false;
    if (failing_) return;
    idle_steps_ = std::exchange(committed_since_plan_, false) ? 0 : idle_steps_ + 1;
    if (idle_steps_ < idle_steps_before_tidying) return plan_next_step();
    const bool tidied = guarded("tidy", [this] {
      writer_->tidy();
      return true;
    });
    if (!tidied) fail();
  }

  const actor_services& services_;
  database& source_;
  std::unique_ptr<database_writer> writer_;
  std::deque<numbered<append_to_log>> appends_;
  std::deque<numbered<write_records>> jobs_;
  held_work held_;
  std::int64_t told_held_ = 0;
  bool retry_planned_ = false;
  std::uint64_t next_number_ = 0;
  bool flush_requested_ = false;
  bool failing_ = false;
  bool tidying_planned_ = false;
  bool committed_since_plan_ = false;
  bool committed_since_look_ = false;
  int idle_steps_ = 0;
  milliseconds back_off_ = first_back_off;
};

}  // namespace

storage_handle spawn_storage_actor(caf::actor_system& system, const actor_services& services, database& source,
                                   bool own_thread) {
  if (own_thread) return system.spawn<storage_actor, caf::detached>(services, source);
  return system.spawn<storage_actor>(services, source);
}

}  // namespace parley
