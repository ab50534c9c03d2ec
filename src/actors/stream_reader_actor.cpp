// A stream reader: news in, to the directory; and to the sweep whatever may have been missed.
#include "actors/stream_reader_actor.hpp"

#include <optional>
#include <utility>

#include "actors/event_bytes.hpp"
#include "actors/guarded.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

using std::chrono::milliseconds;

/// Also how long the node's end may wait for this actor's thread.
constexpr milliseconds patience{250};
constexpr milliseconds before_retry{200};
constexpr milliseconds while_rooms_lag{2};

class stream_reader final : public stream_reader_handle::base {
 public:
  stream_reader(caf::actor_config& config, const actor_services& services, event_stream& stream,
                std::shared_ptr<stream_lags> lags, bool reads_on)
      : stream_reader_handle::base(config),
        services_(services),
        reader_(stream.open_reader()),
        reads_on_(reads_on),
        lags_(std::move(lags)),
        reader_number_(lags_->add_reader()),
        last_read_(services.time.steady_now()),
        most_bytes_(static_cast<std::int64_t>(services.settings.bus.news_bytes)),
        bound_(std::make_shared<queue_bound>(most_bytes_, services.counts.stream_news_bytes)) {}

  behavior_type make_behavior() override {
    if (reads_on_) send(this, read_stream{});
    return {[this](read_stream) {
      milliseconds pause = before_retry;
      guarded("stream", [&] { pause = read(); });
      if (!reads_on_) return;
      if (pause == milliseconds(0)) {
        send(this, read_stream{});
      } else {
        delayed_send(this, pause, read_stream{});
      }
    }};
  }
  void on_exit() override { reader_.reset(); }

 private:
  /// How long to wait before the next time.
  milliseconds read() {
    if (bound_->waiting() >= most_bytes_) {  // the bus keeps it
      fall_behind();
      return while_rooms_lag;
    }
    auto news = reader_->read(patience);
    if (!news) return fail(news.error());
    services_.counts.stream_batches_read_total.add(news->batches.size());
    services_.counts.stream_unreadable_total.add(news->unreadable);
    last_read_ = services_.time.steady_now();
    last_lag_ = news->lag;
    lags_->set(reader_number_, last_lag_);
    for (auto& batch : news->batches) hand_on(std::move(batch));
    const bool is_back = is_up_ != true;
    const int buses_lost = is_up_ == false ? -1 : 0;
    if (is_back) {
      is_up_ = true;
      services_.counts.buses_up.add();
      log::info("bus", "bus_reads", "News of other nodes come in");
    }
    // What cannot be read here may be what a room waits for.
    if (is_back || news->is_incomplete || news->unreadable > 0) {
      services_.counts.stream_gaps_heard_total.add();
      caf::anon_send(services_.sweep, compare_with_store{buses_lost});
    }
    return milliseconds(0);
  }

  milliseconds fail(const error& why) {
    services_.counts.stream_read_failures_total.add();
    fall_behind();
    if (is_up_ == false) return before_retry;
    if (is_up_) services_.counts.buses_up.add(-1);
    is_up_ = false;
    log::warn("bus", "bus_read_failed", "News of other nodes cannot come in: {}", why.message);
    caf::anon_send(services_.sweep, compare_with_store{1});
    return before_retry;
  }

  /// Nobody knows what waits there; some of it may be as old as that.
  void fall_behind() {
    const auto since = std::chrono::duration_cast<milliseconds>(services_.time.steady_now() - last_read_);
    lags_->set(reader_number_, last_lag_ + since);
  }

  /// Over the bound by what one read brings, at most.
  void hand_on(std::shared_ptr<const stream_batch> batch) {
    auto place = bound_->enter(static_cast<std::int64_t>(bytes_of(batch->events)));
    caf::anon_send(services_.directory, events_heard{std::move(batch), std::move(place)});
  }

  const actor_services& services_;
  std::unique_ptr<event_stream_reader> reader_;
  const bool reads_on_;
  const std::shared_ptr<stream_lags> lags_;
  const std::size_t reader_number_;
  steady_time last_read_;
  milliseconds last_lag_{};
  const std::int64_t most_bytes_;
  const std::shared_ptr<queue_bound> bound_;
  std::optional<bool> is_up_;  ///< Null before the first answer.
};

}  // namespace

stream_reader_handle spawn_stream_reader(caf::actor_system& system, const actor_services& services,
                                         event_stream& stream, std::shared_ptr<stream_lags> lags) {
  return system.spawn<stream_reader, caf::detached>(services, stream, std::move(lags), true);
}

stream_reader_handle spawn_stream_reader_on_scheduler(caf::actor_system& system, const actor_services& services,
                                                      event_stream& stream, std::shared_ptr<stream_lags> lags) {
  return system.spawn<stream_reader>(services, stream, std::move(lags), false);
}

}  // namespace parley
