// The signals' contract is tested against the ports only, once for each kind of bus.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "parley/signal_bus.hpp"
#include "store/redis_signal_bus.hpp"

namespace parley::test {

/// A fresh bus and what a test may do to it behind the ports' back.
class signals_under_test {
 public:
  virtual ~signals_under_test() = default;
  virtual std::unique_ptr<signal_bus> open_node() = 0;
  /// False: nobody answers.
  virtual void set_up(bool is_up) = 0;
  /// Nodes that are opened from now on soon give up whoever does not answer.
  virtual void hurry() {}
  /// One message that no subscriber understands.
  virtual void add_unreadable(const uuid& subject) = 0;
};

struct signals_kind {
  std::string name;
  bool needs_redis = false;
  std::function<std::unique_ptr<signals_under_test>()> make;
};
inline void PrintTo(const signals_kind& kind, std::ostream* out) { *out << kind.name; }
std::vector<signals_kind> signals_kinds();
inline std::string name_of_signals(const testing::TestParamInfo<signals_kind>& info) { return info.param.name; }

/// A node's connections.
struct signal_node {
  explicit signal_node(std::unique_ptr<signal_bus> opened)
      : bus(std::move(opened)), publisher(bus->open_publisher()), subscriber(bus->open_subscriber()) {}
  std::unique_ptr<signal_bus> bus;
  std::unique_ptr<signal_publisher> publisher;
  std::unique_ptr<signal_subscriber> subscriber;
};

/// All on one Redis, whose answers may be late when the machine is busy.
redis_signal_options signal_options_for(const std::string& url);
/// For a Redis that is to fall silent: it is given up soon.
redis_signal_options hurried(redis_signal_options options);
/// A node on it with an id that no other has.
signal_node redis_signal_node(const redis_signal_options& options);

/// `number` tells them apart.
ephemeral_signal typing_in(const uuid& subject, std::uint64_t number = 1);
/// "typing 1", "typed 1", "read 1 7", of the subject if one is given.
std::vector<std::string> texts_of(const heard_signals& heard, const uuid* subject = nullptr);

void publish(signal_node& node, const std::vector<ephemeral_signal>& signals);
/// Listens until it attends to so many, patiently: errors are passed over. What came meanwhile is returned.
heard_signals settle(signal_node& node, std::size_t subjects);
/// Attends to them and no others; from here on it hears them.
heard_signals attend(signal_node& node, const std::vector<uuid>& subjects);
/// What came until it is enough, or ten seconds are over.
heard_signals listen_until(signal_node& node, const std::function<bool(const heard_signals&)>& is_enough);
inline heard_signals listen_for(signal_node& node, std::size_t signals) {
  return listen_until(node, [=](const auto& heard) { return heard.signals.size() >= signals; });
}

}  // namespace parley::test
