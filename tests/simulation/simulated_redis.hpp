// The Redis of the simulation: the commands that the bus uses, in memory, and what happens to a Redis.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/redis_reply.hpp"

namespace parley::simulation {

/// What becomes of commands that travel together.
enum class trip_fate : std::uint8_t {
  answered,
  lost,        ///< Redis never sees them, and the connection breaks.
  answer_lost  ///< They are done, and the connection breaks before anybody learns it.
};

/// One of it at a time: connections find it as current(). One thread.
class simulated_redis {
 public:
  simulated_redis() { current_ = this; }
  ~simulated_redis() { current_ = nullptr; }
  simulated_redis(const simulated_redis&) = delete;
  simulated_redis& operator=(const simulated_redis&) = delete;
  static simulated_redis& current() { return *current_; }

  std::function<trip_fate(bool is_read)> next_fate = [](bool) { return trip_fate::answered; };
  std::uint64_t now_ms = 1'000;
  bool is_up = true;

  /// Nodes (each has a host name of its own here) that do not reach it.
  void cut_off(const std::string& host) { unreachable_.insert(host); }
  void let_in(const std::string& host) { unreachable_.erase(host); }
  [[nodiscard]] bool is_reachable(const std::string& host) const { return is_up && !unreachable_.contains(host); }
  /// Connections of another generation are broken.
  [[nodiscard]] std::uint64_t generation() const { return generation_; }

  /// FLUSHALL: no connection breaks.
  void flush();
  /// It remembers what is there now, as a snapshot on a disk does.
  void save() { saved_ = data_; }
  /// With what its last snapshot has.
  void restart();
  /// The last entry of each stream is one that this version does not understand.
  void spoil();

  /// RESP, several commands. The answers are hiredis' own.
  redis_replies run(std::string_view commands);

 private:
  using words = std::span<const std::string>;
  using fields = std::vector<std::string>;
  struct stream {
    std::map<stream_id, fields> entries;
    stream_id last;
  };
  struct keys {
    std::map<std::string, std::string> texts;
    std::map<std::string, stream> streams;
  };

  redis_reply answer(words command);
  redis_reply get(const std::string& key) const;
  redis_reply set_if_absent(const std::string& key, const std::string& value);
  redis_reply add(words command);
  redis_reply range(const std::string& key, bool from_its_end) const;
  redis_reply read(words command) const;
  [[nodiscard]] stream_id next_id(const stream& of) const;

  static inline simulated_redis* current_ = nullptr;
  std::set<std::string> unreachable_;
  std::uint64_t generation_ = 0;
  keys data_, saved_;
};

}  // namespace parley::simulation
