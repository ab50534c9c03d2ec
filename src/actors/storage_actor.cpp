// A storage actor: queues what comes, commits it as one transaction, answers; heals by probing after a failure.
#include "actors/storage_actor.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "actors/command_bytes.hpp"
#include "actors/guarded.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds first_back_off{50};
constexpr milliseconds longest_back_off{500};
/// In short steps: a delayed message keeps its receiver alive, and the node's end waits for this actor's thread.
constexpr milliseconds tidying_step{50};
constexpr int idle_steps_before_tidying = 100;
constexpr const char* cannot_store =
    "The store cannot take anything at the moment; send again with the same client_msg_id.";

/// What one transaction takes out of the queue, and whom to answer afterwards.
struct store_batch {
  std::vector<append_command> commands;
  std::vector<std::pair<std::size_t, answer<std::vector<append_outcome>>>>
      appenders;  ///< Each with its count of commands.
  std::vector<write_job> jobs;
  std::vector<answer<std::monostate>> writers;
  std::vector<queue_place> places;  ///< Given back when the batch is done.
};

class storage_actor : public storage_handle::base {
 public:
  storage_actor(caf::actor_config& config, const actor_services& services, database& source)
      : storage_handle::base(config), services_(services), source_(source) {}

  behavior_type make_behavior() override {
    if (!guarded("open", [this] { return connect(); })) fail();
    return {
        // Whatever is thrown outside a transaction (for want of memory) costs only the message at hand.
        [this](append_to_log& message) { parley::guarded("storage", [&] { accept(std::move(message)); }); },
        [this](write_records& message) { parley::guarded("storage", [&] { accept(std::move(message)); }); },
        [this](flush_batch) { parley::guarded("storage", [&] { flush(); }); },
        [this](probe_store) { parley::guarded("storage", [&] { probe(); }); },
        [this](tidy_store) { parley::guarded("storage", [&] { tidy(); }); },
    };
  }

  void on_exit() override {
    queue_.clear();  // answers `unavailable`
    if (failing_) services_.failing_writers.fetch_sub(1);
    writer_.reset();
  }

 private:
  template <class Message>
  void accept(Message message) {
    if (failing_) return message.reply(unavailable(cannot_store));
    queue_.emplace_back(std::move(message));
    request_flush();
  }

  void request_flush() {
    if (flush_requested_) return;
    flush_requested_ = true;
    send(this, flush_batch{});
  }

  void flush() {
    flush_requested_ = false;
    if (queue_.empty()) return;
    auto batch = take_batch();
    if (guarded("commit", [&] { return commit(batch); })) {
      if (!queue_.empty()) request_flush();
      plan_tidying();
    } else {
      fail();
      answer_unavailable(batch);
    }
  }

  store_batch take_batch() {
    store_batch batch;
    std::size_t bytes = 0;
    while (!queue_.empty()) {
      auto* append = std::get_if<append_to_log>(&queue_.front());
      std::size_t more_bytes = 0;
      if (append != nullptr) {
        for (const auto& command : append->commands) more_bytes += bytes_of(command);
      }
      const std::size_t taken = batch.commands.size() + batch.jobs.size();
      const std::size_t more = append != nullptr ? append->commands.size() : 1;
      const auto& limits = services_.settings.store;
      if (taken > 0 && (taken + more > limits.batch_commands || bytes + more_bytes > limits.batch_bytes)) break;
      bytes += more_bytes;
      if (append != nullptr) {
        batch.appenders.emplace_back(more, append->reply);
        batch.places.push_back(std::move(append->place));
        std::move(append->commands.begin(), append->commands.end(), std::back_inserter(batch.commands));
      } else {
        auto& write = std::get<write_records>(queue_.front());
        batch.jobs.push_back(std::move(write.job));
        batch.writers.push_back(write.reply);
        batch.places.push_back(std::move(write.place));
      }
      queue_.pop_front();
    }
    return batch;
  }

  bool commit(store_batch& batch) {
    auto& counts = services_.counts;
    if (services_.faults.before_commit) services_.faults.before_commit(batch.commands);
    const auto begun = services_.time.steady_now();
    auto outcome = writer_->commit(batch.commands, batch.jobs);
    counts.commit_seconds.observe(std::chrono::duration<double>(services_.time.steady_now() - begun).count());
    if (!outcome) {
      log::error("storage", "commit_failed", "A transaction of {} commands and {} jobs failed: {}",
                 batch.commands.size(), batch.jobs.size(), outcome.error().message);
      return false;
    }
    if (services_.faults.after_commit) services_.faults.after_commit(batch.commands);
    counts.commits_total.add();
    counts.batch_commands.observe(static_cast<double>(batch.commands.size() + batch.jobs.size()));
    count_outcomes(outcome->appends);
    batch.places.clear();
    auto next = outcome->appends.begin();
    for (auto& [count, reply] : batch.appenders) {
      const auto end = next + static_cast<std::ptrdiff_t>(count);
      reply(std::vector<append_outcome>(std::make_move_iterator(next), std::make_move_iterator(end)));
      next = end;
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
    for (auto& [count, reply] : batch.appenders) reply(unavailable(cannot_store));
    for (auto& reply : batch.writers) reply(unavailable(cannot_store));
  }

  /// Nothing is accepted from here on until a probe has worked.
  void fail() {
    if (!failing_) {
      failing_ = true;
      services_.failing_writers.fetch_add(1);
      services_.counts.commit_failures_total.add();
      back_off_ = first_back_off;
    }
    for (auto& waiting : queue_) {
      std::visit([](auto& message) { message.reply(unavailable(cannot_store)); }, waiting);
    }
    queue_.clear();
    delayed_send(this, back_off_, probe_store{});
    back_off_ = std::min(back_off_ * 2, longest_back_off);
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
  std::deque<std::variant<append_to_log, write_records>> queue_;
  bool flush_requested_ = false;
  bool failing_ = false;
  bool tidying_planned_ = false;
  bool committed_since_plan_ = false;
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
