// Each subscriber has what was published to it until it listens.
#include "support/memory_signal_bus.hpp"

#include <algorithm>
#include <utility>

namespace parley::support {
namespace {

constexpr std::chrono::milliseconds longest_listen{1'000};

error no_signals() { return unavailable("the bus is down"); }

}  // namespace

class memory_signal_publisher final : public signal_publisher {
 public:
  memory_signal_publisher(memory_signal_bus& bus, int node) : bus_(bus), node_(node) {}

  result<void> publish(std::span<const ephemeral_signal> signals) override { return bus_.publish(node_, signals); }
  result<void> publish_hint() override { return bus_.publish_hint(node_); }

 private:
  memory_signal_bus& bus_;
  const int node_;
};

class memory_signal_subscriber final : public signal_subscriber {
 public:
  memory_signal_subscriber(memory_signal_bus& bus, int node)
      : bus_(bus), ear_(std::make_shared<memory_signal_bus::ear>()) {
    ear_->node = node;
    const std::scoped_lock lock(bus_.mutex_);
    bus_.ears_.insert(ear_);
  }
  memory_signal_subscriber(const memory_signal_subscriber&) = delete;
  memory_signal_subscriber& operator=(const memory_signal_subscriber&) = delete;
  ~memory_signal_subscriber() override {
    const std::scoped_lock lock(bus_.mutex_);
    bus_.ears_.erase(ear_);
  }

  void attend(const uuid& subject) override { attended_.insert(subject); }
  void leave(const uuid& subject) override { attended_.erase(subject); }

  result<heard_signals> listen(std::chrono::milliseconds patience) override {
    std::unique_lock lock(bus_.mutex_);
    if (!bus_.is_up_) return no_signals();
    ear_->subjects = attended_;
    if (!std::exchange(ear_->is_open, true)) ear_->waiting.hint = true;
    const auto is_news = [&] {
      const auto& waiting = ear_->waiting;
      return !bus_.is_up_ || ear_->is_woken || waiting.hint || waiting.unreadable > 0 || !waiting.signals.empty();
    };
    if (bus_.waits_) bus_.changed_.wait_for(lock, std::min(patience, longest_listen), is_news);
    if (!bus_.is_up_) return no_signals();
    ear_->is_woken = false;
    auto heard = std::exchange(ear_->waiting, {});
    heard.subjects = ear_->subjects.size();
    return heard;
  }

  std::function<void()> waker() override {
    return [&bus = bus_, ear = ear_] {
      const std::scoped_lock lock(bus.mutex_);
      ear->is_woken = true;
      bus.changed_.notify_all();
    };
  }

 private:
  memory_signal_bus& bus_;
  const std::shared_ptr<memory_signal_bus::ear> ear_;
  std::unordered_set<uuid> attended_;
};

namespace {

class memory_signal_node final : public signal_bus {
 public:
  memory_signal_node(memory_signal_bus& bus, int node) : bus_(bus), node_(node) {}

  std::unique_ptr<signal_publisher> open_publisher() override {
    return std::make_unique<memory_signal_publisher>(bus_, node_);
  }
  std::unique_ptr<signal_subscriber> open_subscriber() override {
    return std::make_unique<memory_signal_subscriber>(bus_, node_);
  }

 private:
  memory_signal_bus& bus_;
  const int node_;
};

}  // namespace

std::unique_ptr<signal_bus> memory_signal_bus::open_node() {
  const std::scoped_lock lock(mutex_);
  return std::make_unique<memory_signal_node>(*this, ++nodes_);
}

void memory_signal_bus::set_up(bool is_up) {
  const std::scoped_lock lock(mutex_);
  is_up_ = is_up;
  for (const auto& each : ears_) close(*each);
  changed_.notify_all();
}

void memory_signal_bus::close(ear& of) {
  of.is_open = false;
  of.subjects.clear();
  of.waiting = {};
}

void memory_signal_bus::add_unreadable(const uuid& subject) {
  const std::scoped_lock lock(mutex_);
  for (const auto& each : ears_) {
    if (each->subjects.contains(subject)) ++each->waiting.unreadable;
  }
  changed_.notify_all();
}

void memory_signal_bus::set_waits(bool waits) {
  const std::scoped_lock lock(mutex_);
  waits_ = waits;
}

std::size_t memory_signal_bus::listeners(const uuid& subject) const {
  const std::scoped_lock lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(ears_.begin(), ears_.end(), [&](const auto& each) { return each->subjects.contains(subject); }));
}

std::uint64_t memory_signal_bus::published() const {
  const std::scoped_lock lock(mutex_);
  return published_;
}

result<void> memory_signal_bus::publish(int node, std::span<const ephemeral_signal> signals) {
  const std::scoped_lock lock(mutex_);
  if (!is_up_) return no_signals();
  published_ += signals.size();
  for (const auto& each : ears_) {
    for (const auto& one : signals) {
      if (each->node != node && each->subjects.contains(one.subject)) each->waiting.signals.push_back(one);
    }
  }
  changed_.notify_all();
  return {};
}

result<void> memory_signal_bus::publish_hint(int node) {
  const std::scoped_lock lock(mutex_);
  if (!is_up_) return no_signals();
  for (const auto& each : ears_) {
    if (each->is_open && each->node != node) each->waiting.hint = true;
  }
  changed_.notify_all();
  return {};
}

}  // namespace parley::support
