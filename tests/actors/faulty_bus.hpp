// The bus in memory between nodes whose actors share one thread, with what a writer may meet on its way to it.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "support/memory_event_stream.hpp"

namespace parley::testing {

class faulty_bus {
 public:
  faulty_bus() { bus_.set_waits(false); }

  bool loses_all = false;       ///< What is written now is nowhere, and its writer believes that it is.
  bool refuses_writes = false;  ///< As a Redis without memory does; it can be read.
  bool loses_answers = false;   ///< What is written next is there, but its writer does not learn it.

  std::size_t most_at_once = 0;           ///< Batches of one write that was taken.
  std::optional<steady_time> last_since;  ///< Of the last batch that somebody wrote.

  void set_up(bool is_up) { bus_.set_up(is_up); }
  /// One node's end of it.
  std::unique_ptr<event_stream> open_node() { return std::make_unique<node>(*this, bus_.open_node()); }
  /// As if one more node had written it.
  void put(stream_batch batch) {
    const std::shared_ptr<const stream_batch> batches[] = {std::make_shared<const stream_batch>(std::move(batch))};
    (void)others_->append(batches);
  }

 private:
  class writer final : public event_stream_writer {
   public:
    writer(faulty_bus& bus, std::unique_ptr<event_stream_writer> to) : bus_(bus), to_(std::move(to)) {}
    result<void> append(std::span<const std::shared_ptr<const stream_batch>> batches) override {
      bus_.last_since = batches.back()->since;
      if (bus_.loses_all) return {};
      if (bus_.refuses_writes) return unavailable("There is no room.");
      auto done = to_->append(batches);
      if (done) bus_.most_at_once = std::max(bus_.most_at_once, batches.size());
      if (std::exchange(bus_.loses_answers, false)) return unavailable("The answer is lost.");
      return done;
    }
    result<void> announce_gap() override {
      if (bus_.refuses_writes) return unavailable("There is no room.");
      return to_->announce_gap();
    }

   private:
    faulty_bus& bus_;
    std::unique_ptr<event_stream_writer> to_;
  };
  class node final : public event_stream {
   public:
    node(faulty_bus& bus, std::unique_ptr<event_stream> to) : bus_(bus), to_(std::move(to)) {}
    std::unique_ptr<event_stream_writer> open_writer() override {
      return std::make_unique<writer>(bus_, to_->open_writer());
    }
    std::unique_ptr<event_stream_reader> open_reader() override { return to_->open_reader(); }
    std::unique_ptr<room_tail_reader> open_tails() override { return to_->open_tails(); }

   private:
    faulty_bus& bus_;
    std::unique_ptr<event_stream> to_;
  };

  support::memory_bus bus_;
  std::unique_ptr<event_stream> others_end_ = bus_.open_node();
  std::unique_ptr<event_stream_writer> others_ = others_end_->open_writer();
};

}  // namespace parley::testing
