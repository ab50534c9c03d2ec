// One list of entries for all rooms: an order over rooms too, which nobody may rely on.
#include "support/memory_event_stream.hpp"

#include <algorithm>
#include <utility>

namespace parley::support {
namespace {

constexpr std::chrono::milliseconds longest_patience{1'000};

error down() { return unavailable("the bus is down"); }

}  // namespace

class memory_writer final : public event_stream_writer {
 public:
  memory_writer(memory_bus& bus, int node) : bus_(bus), node_(node) {}

  result<void> append(std::span<const std::shared_ptr<const stream_batch>> batches) override {
    std::deque<memory_bus::entry> entries;
    for (const auto& batch : batches) entries.push_back({node_, batch, false});
    return bus_.append(std::move(entries));
  }
  result<void> announce_gap() override { return bus_.append({{node_, nullptr, true}}); }

 private:
  memory_bus& bus_;
  const int node_;
};

class memory_reader final : public event_stream_reader {
 public:
  memory_reader(memory_bus& bus, int node) : bus_(bus), node_(node) {}

  result<stream_news> read(std::chrono::milliseconds patience) override { return bus_.read(node_, place_, patience); }

 private:
  memory_bus& bus_;
  const int node_;
  std::optional<memory_bus::place> place_;
};

namespace {

class memory_event_stream final : public event_stream {
 public:
  memory_event_stream(memory_bus& bus, int node) : bus_(bus), node_(node) {}

  std::unique_ptr<event_stream_writer> open_writer() override { return std::make_unique<memory_writer>(bus_, node_); }
  std::unique_ptr<event_stream_reader> open_reader() override { return std::make_unique<memory_reader>(bus_, node_); }

 private:
  memory_bus& bus_;
  const int node_;
};

}  // namespace

std::unique_ptr<event_stream> memory_bus::open_node() {
  const std::scoped_lock lock(mutex_);
  return std::make_unique<memory_event_stream>(*this, ++nodes_);
}

void memory_bus::set_up(bool is_up) {
  const std::scoped_lock lock(mutex_);
  is_up_ = is_up;
  changed_.notify_all();
}

void memory_bus::flush() {
  const std::scoped_lock lock(mutex_);
  first_ = end();
  entries_.clear();
  ++epoch_;
  changed_.notify_all();
}

void memory_bus::add_unreadable() {
  const std::scoped_lock lock(mutex_);
  push({0, nullptr, false});
}

void memory_bus::set_waits(bool waits) {
  const std::scoped_lock lock(mutex_);
  waits_ = waits;
}

result<void> memory_bus::append(std::deque<entry> entries) {
  const std::scoped_lock lock(mutex_);
  if (!is_up_) return down();
  for (auto& each : entries) push(std::move(each));
  return {};
}

void memory_bus::push(entry added) {
  entries_.push_back(std::move(added));
  for (; entries_.size() > most_entries_; ++first_) entries_.pop_front();
  changed_.notify_all();
}

result<stream_news> memory_bus::read(int node, std::optional<place>& at, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  if (!is_up_) return down();
  if (!at) at = place{end(), epoch_};
  const auto is_news = [&] { return !is_up_ || at->epoch != epoch_ || at->number < end(); };
  if (waits_) changed_.wait_for(lock, std::min(patience, longest_patience), is_news);
  if (!is_up_) return down();
  stream_news news;
  news.is_incomplete = at->epoch != epoch_ || at->number < first_;
  for (auto number = std::max(at->number, first_); number < end(); ++number) {
    const auto& each = entries_[number - first_];
    if (each.node == node) continue;
    news.is_incomplete = news.is_incomplete || each.is_gap;
    if (each.batch) news.batches.push_back(each.batch);
    if (!each.batch && !each.is_gap) ++news.unreadable;
  }
  at = place{end(), epoch_};
  return news;
}

}  // namespace parley::support
