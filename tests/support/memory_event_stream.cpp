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

class memory_tail_reader final : public room_tail_reader {
 public:
  explicit memory_tail_reader(memory_bus& bus) : bus_(bus) {}

  result<std::vector<tail_page>> read(std::span<const tail_question> questions) override {
    return bus_.read_tails(questions);
  }

 private:
  memory_bus& bus_;
};

namespace {

class memory_event_stream final : public event_stream {
 public:
  memory_event_stream(memory_bus& bus, int node) : bus_(bus), node_(node) {}

  std::unique_ptr<event_stream_writer> open_writer() override { return std::make_unique<memory_writer>(bus_, node_); }
  std::unique_ptr<event_stream_reader> open_reader() override { return std::make_unique<memory_reader>(bus_, node_); }
  std::unique_ptr<room_tail_reader> open_tails() override { return std::make_unique<memory_tail_reader>(bus_); }

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
  tails_.clear();
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

void memory_bus::set_tails_up(bool are_up) {
  const std::scoped_lock lock(mutex_);
  are_tails_up_ = are_up;
}

int memory_bus::tail_reads() {
  const std::scoped_lock lock(mutex_);
  return tail_reads_;
}

void memory_bus::spoil_tail(const room_id& room, sequence seq) {
  const std::scoped_lock lock(mutex_);
  tails_[room].spoilt.insert(seq);
}

/// In the order of the room alone. A hole that an edit or a deletion lies beyond is not waited for.
void memory_bus::keep(const stream_batch& batch) {
  auto& of = tails_[batch.room];
  bool is_urgent = false;
  for (const auto& event : batch.events) {
    if (of.last == 0 || event.seq == of.last + 1) {
      take(of, event);
    } else if (event.seq > of.last) {
      of.early.emplace(event.seq, event);
      is_urgent = is_urgent || std::holds_alternative<message_edited>(event.body) ||
                  std::holds_alternative<message_deleted>(event.body);
    }
  }
  for (const auto& [seq, event] : std::exchange(of.early, {})) {
    if (seq > of.last + 1 && is_urgent) of.events.clear();
    if (seq == of.last + 1 || (seq > of.last && is_urgent)) {
      take(of, event);
    } else if (seq > of.last) {
      of.early.emplace(seq, event);
    }
  }
}

void memory_bus::take(tail& of, const durable_event& event) {
  const auto forget = [&](const message_id& message) {
    std::erase_if(of.events, [&](const auto& each) {
      const auto* posted = std::get_if<message_posted>(&each.second.body);
      const auto* edited = std::get_if<message_edited>(&each.second.body);
      return (posted != nullptr && posted->message == message) || (edited != nullptr && edited->message == message);
    });
  };
  if (const auto* edited = std::get_if<message_edited>(&event.body)) forget(edited->message);
  if (const auto* deleted = std::get_if<message_deleted>(&event.body)) forget(deleted->message);
  of.events.emplace(event.seq, event);
  of.last = event.seq;
  while (of.events.size() > most_of_a_tail) of.events.erase(of.events.begin());
}

result<std::vector<tail_page>> memory_bus::read_tails(std::span<const tail_question> questions) {
  const std::scoped_lock lock(mutex_);
  ++tail_reads_;
  if (!is_up_ || !are_tails_up_) return down();
  std::vector<tail_page> pages;
  for (const auto& each : questions) pages.push_back(page_of(each));
  return pages;
}

tail_page memory_bus::page_of(const tail_question& question) {
  tail_page page;
  const auto found = tails_.find(question.room);
  if (found == tails_.end()) return page;
  const auto& of = found->second;
  if (of.last < question.end) {
    page.what = tail_page::kind::behind;
    return page;
  }
  const auto until = std::min(question.end, question.after + static_cast<sequence>(question.count));
  for (auto seq = question.after + 1; seq <= until && of.events.contains(seq); ++seq) {
    if (of.spoilt.contains(seq)) {
      ++page.unreadable;
      break;
    }
    page.events.push_back(of.events.at(seq));
  }
  if (!page.events.empty()) page.what = tail_page::kind::found;
  return page;
}

result<void> memory_bus::append(std::deque<entry> entries) {
  const std::scoped_lock lock(mutex_);
  if (!is_up_) return down();
  for (auto& each : entries) {
    if (each.batch && each.batch->since) keep(*each.batch);
    push(std::move(each));
  }
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
