// A reading actor: one connection that only reads, one question after another; those of sessions that begin together.
#include "actors/reading_actor.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "parley/log.hpp"

namespace parley {
namespace {

class reading_actor : public reading_handle::base {
 public:
  reading_actor(caf::actor_config& config, const actor_services& services, database& source,
                std::shared_ptr<std::atomic<bool>> is_lost)
      : reading_handle::base(config), services_(services), source_(source), is_lost_(std::move(is_lost)) {}

  behavior_type make_behavior() override {
    return {
        [this](run_read& message) { run(std::move(message.job)); },
        [this](read_session_basis& message) { gather(std::move(message)); },
        [this](const read_gathered&) { run_gathered(); },
        [this](look_at_store) { look(); },
    };
  }

  void on_exit() override {
    gathered_.clear();
    reader_.reset();
  }

 private:
  /// So many sessions at once are nearly as cheap for each as any more, and the first of them need not wait longer.
  static constexpr std::size_t most_gathered = 16;

  void gather(read_session_basis message) {
    gathered_.push_back(std::move(message));
    if (gathered_.size() == 1) send(this, read_gathered{});
    if (gathered_.size() >= at_once_) run_gathered();
  }

  void run_gathered() {
    if (gathered_.empty()) return;
    run([this, sessions = std::exchange(gathered_, {})](database_reader& reader) { answer_all(reader, sessions); });
  }

  /// What one of them cannot be told, because it takes too long, say, is no reason to refuse the others: each is asked
  /// for alone then. Two that fail one after the other are the store's fault; and where all together took too long,
  /// fewer are taken at once for a while.
  void answer_all(database_reader& reader, const std::vector<read_session_basis>& sessions) {
    std::vector<session_question> questions;
    questions.reserve(sessions.size());
    for (const auto& each : sessions) questions.push_back(each.question);
    auto found = reader.session_bases(questions);
    if (found) {
      for (std::size_t i = 0; i < sessions.size(); ++i) sessions[i].reply(std::move((*found)[i]));
      at_once_ = std::min(most_gathered, at_once_ * 2);
      return;
    }
    if (sessions.size() == 1) return sessions.front().reply(found.error());
    at_once_ = std::max<std::size_t>(1, sessions.size() / 2);
    int failed_in_a_row = 0;
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      if (failed_in_a_row == 2) {
        sessions[i].reply(found.error());
        continue;
      }
      auto alone = reader.session_bases({&questions[i], 1});
      failed_in_a_row = alone ? 0 : failed_in_a_row + 1;
      if (alone) {
        sessions[i].reply(std::move(alone->front()));
      } else {
        sessions[i].reply(alone.error());
      }
    }
  }

  void run(read_job job) {
    const auto begun = services_.time.steady_now();
    guarded(job);
    services_.counts.read_seconds.observe(std::chrono::duration<double>(services_.time.steady_now() - begun).count());
  }

  void look() {
    bool is_there = false;
    guarded([&](database_reader& reader) {
      const auto seen = reader.look();
      is_there = seen.has_value();
      if (!seen && !is_lost_->load()) log::error("reading", "store_lost", "No reading: {}", seen.error().message);
    });
    if (is_lost_->exchange(!is_there, std::memory_order_relaxed) != is_there) return;  // as before
    if (is_there) log::info("reading", "store_recovered", "The store can be read again");
  }

  /// A job that does not run, or throws, is dropped, which answers `unavailable`.
  void guarded(const read_job& job) {
    try {
      if (!reader_ && !connect()) return;
      job(*reader_);
    } catch (const std::exception& thrown) {
      log::error("reading", "read_exception", "Exception in a read: {}", thrown.what());
      reader_.reset();
    } catch (...) {
      log::error("reading", "read_exception", "Exception of an unknown type in a read");
      reader_.reset();
    }
  }

  bool connect() {
    auto opened = source_.open_reader();
    if (!opened) {
      log::error("reading", "open_failed", "The store cannot be opened for reading: {}", opened.error().message);
      return false;
    }
    reader_ = std::move(*opened);
    return true;
  }

  const actor_services& services_;
  database& source_;
  const std::shared_ptr<std::atomic<bool>> is_lost_;
  std::unique_ptr<database_reader> reader_;
  std::vector<read_session_basis> gathered_;
  std::size_t at_once_ = most_gathered;
};

}  // namespace

reading_place spawn_reading_actor(caf::actor_system& system, const actor_services& services, database& source,
                                  bool own_thread) {
  auto is_lost = std::make_shared<std::atomic<bool>>(false);
  if (own_thread) return {system.spawn<reading_actor, caf::detached>(services, source, is_lost), is_lost};
  return {system.spawn<reading_actor>(services, source, is_lost), is_lost};
}

}  // namespace parley
