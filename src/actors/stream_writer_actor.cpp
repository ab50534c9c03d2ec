// A stream writer: appends what waits in one round trip, keeps it while the bus is down, and says when it dropped some.
#include "actors/stream_writer_actor.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "actors/event_bytes.hpp"
#include "actors/guarded.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

/// Of one round trip, which is repeated whole when it fails: halved then, down to a single batch, so that a slow link
/// gets further with each try.
constexpr std::size_t batches_at_once = 512;
constexpr std::size_t bytes_at_once = 1024 * 1024;
constexpr std::size_t least_bytes_at_once = 4 * 1024;
constexpr milliseconds before_retry{200};

class stream_writer final : public stream_writer_handle::base {
 public:
  stream_writer(caf::actor_config& config, const actor_services& services, event_stream& stream,
                std::shared_ptr<stream_backlog> backlog)
      : stream_writer_handle::base(config),
        services_(services),
        writer_(stream.open_writer()),
        backlog_(std::move(backlog)) {}

  behavior_type make_behavior() override {
    return {
        [this](mirror_batch& message) {
          guarded("stream", [&] {
            if (message.what) waiting_.push_back(std::move(message));
            if (!is_planned_) plan(milliseconds(0));
          });
        },
        [this](write_stream) { guarded("stream", [&] { write(); }); },
    };
  }
  void on_exit() override {
    waiting_.clear();
    writer_.reset();
  }

 private:
  /// Behind what is in the mailbox already, so that it goes along.
  void plan(milliseconds after) {
    is_planned_ = true;
    if (after == milliseconds(0)) {
      send(this, write_stream{});
    } else {
      delayed_send(this, after, write_stream{});
    }
  }

  void write() {
    is_planned_ = false;
    if (backlog_->has_gap.exchange(false)) owes_news_of_gap_ = true;
    const auto batches = next_batches();
    const auto count = batches.size();
    auto written = batches.empty() ? result<void>() : append(batches);
    if (written) {
      services_.counts.stream_batches_written_total.add(count);
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
      // Behind those that came before the gap.
      if (owes_news_of_gap_) written = writer_->announce_gap();
    }
    if (!written) return fail(written.error());
    if (std::exchange(owes_news_of_gap_, false)) services_.counts.stream_gaps_announced_total.add();
    most_bytes_ = std::min(most_bytes_ * 2, bytes_at_once);
    note_state(true);
    if (!waiting_.empty() || backlog_->has_gap) plan(milliseconds(0));
  }

  [[nodiscard]] std::vector<std::shared_ptr<const stream_batch>> next_batches() const {
    std::vector<std::shared_ptr<const stream_batch>> batches;
    std::size_t bytes = 0;
    for (const auto& each : waiting_) {
      bytes += bytes_of(each.what->events);
      if (!batches.empty() && (batches.size() >= batches_at_once || bytes > most_bytes_)) break;
      batches.push_back(each.what);
    }
    return batches;
  }

  /// What cannot even be written down (for want of memory) must not stand in the way of what follows.
  result<void> append(const std::vector<std::shared_ptr<const stream_batch>>& batches) {
    try {
      return writer_->append(batches);
    } catch (const std::exception& what) {
      log::error("bus", "bus_entry_dropped", "{} batches of events are dropped: {}", batches.size(), what.what());
      owes_news_of_gap_ = true;
      return {};
    }
  }

  /// What may have been appended is appended once more: whoever hears it twice takes no notice.
  void fail(const error& why) {
    if (is_up_ != false)
      log::warn("bus", "bus_write_failed", "News of this node's events cannot go out: {}", why.message);
    services_.counts.stream_write_failures_total.add();
    most_bytes_ = std::max(most_bytes_ / 2, least_bytes_at_once);
    note_state(false);
    plan(before_retry);
  }

  /// A bus that takes nothing of this node most likely takes nothing of the others either, though it can be read.
  void note_state(bool is_up) {
    const auto before = std::exchange(is_up_, is_up);
    if (before == is_up) return;
    if (is_up || before) services_.counts.buses_writable.add(is_up ? 1 : -1);
    if (is_up && before) log::info("bus", "bus_writes", "News of this node's events go out again");
    if (!is_up || before) caf::anon_send(services_.sweep, compare_with_store{is_up ? -1 : 1});
  }

  const actor_services& services_;
  std::unique_ptr<event_stream_writer> writer_;
  const std::shared_ptr<stream_backlog> backlog_;
  std::deque<mirror_batch> waiting_;
  std::size_t most_bytes_ = bytes_at_once;
  bool is_planned_ = false;
  std::optional<bool> is_up_;  ///< Null before the first answer.
  bool owes_news_of_gap_ = false;
};

}  // namespace

stream_writer_handle spawn_stream_writer(caf::actor_system& system, const actor_services& services,
                                         event_stream& stream, std::shared_ptr<stream_backlog> backlog) {
  return system.spawn<stream_writer, caf::detached>(services, stream, std::move(backlog));
}

stream_writer_handle spawn_stream_writer_on_scheduler(caf::actor_system& system, const actor_services& services,
                                                      event_stream& stream, std::shared_ptr<stream_backlog> backlog) {
  return system.spawn<stream_writer>(services, stream, std::move(backlog));
}

void event_bus::mirror(std::shared_ptr<const stream_batch> what) const {
  const auto& to = lanes_[partition_of(what->room, partitions_) % lanes_.size()];
  auto place = to.backlog->bound->try_enter(static_cast<std::int64_t>(bytes_of(what->events)));
  if (place) return caf::anon_send(to.writer, mirror_batch{std::move(what), std::move(place)});
  if (!to.backlog->has_gap.exchange(true)) caf::anon_send(to.writer, mirror_batch{});
}

void event_bus::stop() const {
  for (const auto& each : lanes_) caf::anon_send_exit(each.writer, caf::exit_reason::user_shutdown);
}

}  // namespace parley
