// A stream writer: appends what waits in one round trip, keeps it while the bus is down, and says when it dropped some.
#include "actors/stream_writer_actor.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "actors/guarded.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t batches_at_once = 512;
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
            waiting_.push_back(std::move(message));
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
    const auto count = std::min(waiting_.size(), batches_at_once);
    std::vector<std::shared_ptr<const stream_batch>> batches;
    batches.reserve(count);
    for (std::size_t i = 0; i < count; ++i) batches.push_back(waiting_[i].what);
    auto written = batches.empty() ? result<void>() : append(batches);
    if (written) {
      services_.counts.stream_batches_written_total.add(count);
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
      // Behind those that came before the gap.
      if (owes_news_of_gap_) written = writer_->announce_gap();
    }
    if (!written) return fail(written.error());
    if (std::exchange(owes_news_of_gap_, false)) services_.counts.stream_gaps_announced_total.add();
    if (std::exchange(is_failing_, false)) log::info("bus", "bus_writes", "News of this node's events go out again");
    if (!waiting_.empty() || backlog_->has_gap) plan(milliseconds(0));
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
    if (!std::exchange(is_failing_, true)) {
      log::warn("bus", "bus_write_failed", "News of this node's events cannot go out: {}", why.message);
    }
    services_.counts.stream_write_failures_total.add();
    plan(before_retry);
  }

  const actor_services& services_;
  std::unique_ptr<event_stream_writer> writer_;
  const std::shared_ptr<stream_backlog> backlog_;
  std::deque<mirror_batch> waiting_;
  bool is_planned_ = false;
  bool is_failing_ = false;
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

void event_bus::mirror(std::shared_ptr<const stream_batch> what, std::size_t bytes) const {
  const auto& to = lanes_[partition_of(what->room, partitions_) % lanes_.size()];
  auto place = to.backlog->bound->try_enter(static_cast<std::int64_t>(bytes));
  // The writer has much to write, and will see it then.
  if (!place) return to.backlog->has_gap.store(true);
  caf::anon_send(to.writer, mirror_batch{std::move(what), std::move(place)});
}

void event_bus::stop() const {
  for (const auto& each : lanes_) caf::anon_send_exit(each.writer, caf::exit_reason::user_shutdown);
}

}  // namespace parley
