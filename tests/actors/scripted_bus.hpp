// A bus in memory between nodes in one process, and every way of failing that its users must bear. Used by one thread.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "parley/event_stream.hpp"

namespace parley::testing {

class scripted_bus {
 public:
  bool is_up = true;
  bool loses_all = false;      ///< What is written now is nowhere, and nobody is told.
  bool loses_answers = false;  ///< What is written now is there, but its writer does not learn it.
  int gaps_announced = 0;

  /// One node's end of it.
  std::unique_ptr<event_stream> node() { return std::make_unique<end>(*this, ++nodes_); }
  /// Somebody's entry, as if a node had written it.
  void put(stream_batch batch) { entries_.push_back({0, std::make_shared<const stream_batch>(std::move(batch))}); }

 private:
  struct entry {
    int node = 0;
    std::shared_ptr<const stream_batch> batch;  ///< Null: a gap.
  };
  static error down() { return unavailable("The bus is down."); }

  class writer final : public event_stream_writer {
   public:
    writer(scripted_bus& bus, int node) : bus_(bus), node_(node) {}
    result<void> append(std::span<const std::shared_ptr<const stream_batch>> batches) override {
      if (!bus_.is_up) return down();
      if (bus_.loses_all) return {};
      for (const auto& batch : batches) bus_.entries_.push_back({node_, batch});
      if (std::exchange(bus_.loses_answers, false)) return down();
      return {};
    }
    result<void> announce_gap() override {
      if (!bus_.is_up) return down();
      ++bus_.gaps_announced;
      bus_.entries_.push_back({node_, nullptr});
      return {};
    }

   private:
    scripted_bus& bus_;
    int node_;
  };

  class reader final : public event_stream_reader {
   public:
    reader(scripted_bus& bus, int node) : bus_(bus), node_(node) {}
    result<stream_news> read(std::chrono::milliseconds) override {
      if (!bus_.is_up) return down();
      stream_news news;
      if (!next_) next_ = bus_.entries_.size();
      for (; *next_ < bus_.entries_.size(); ++*next_) {
        const auto& one = bus_.entries_[*next_];
        if (one.node == node_) continue;
        if (one.batch) {
          news.batches.push_back(one.batch);
        } else {
          news.is_incomplete = true;
        }
      }
      return news;
    }

   private:
    scripted_bus& bus_;
    int node_;
    std::optional<std::size_t> next_;
  };

  class end final : public event_stream {
   public:
    end(scripted_bus& bus, int node) : bus_(bus), node_(node) {}
    std::unique_ptr<event_stream_writer> open_writer() override { return std::make_unique<writer>(bus_, node_); }
    std::unique_ptr<event_stream_reader> open_reader() override { return std::make_unique<reader>(bus_, node_); }

   private:
    scripted_bus& bus_;
    int node_;
  };

  std::vector<entry> entries_;
  int nodes_ = 0;
};

}  // namespace parley::testing
