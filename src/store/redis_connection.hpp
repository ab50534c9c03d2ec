// A connection to Redis that never waits for ever: it is made at its first use and anew after a failure, and commands
// travel together.
#pragma once

#include <chrono>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/redis_reply.hpp"
#include "store/redis_url.hpp"

namespace parley {

/// Commands that travel together, as bytes (RESP). Words may hold any bytes.
class redis_pipeline {
 public:
  enum class on_refusal : std::uint8_t { fail, ignore };

  void add(std::span<const std::string_view> words, on_refusal policy = on_refusal::fail);
  void add(std::initializer_list<std::string_view> words, on_refusal policy = on_refusal::fail) {
    add(std::span(words.begin(), words.size()), policy);
  }
  [[nodiscard]] std::size_t size() const { return commands_.size(); }

 private:
  friend class redis_connection;
  struct command {
    std::string name;
    on_refusal policy;
  };
  std::string bytes_;
  std::vector<command> commands_;
};

/// Belongs to one thread at a time. hiredis connects and reads answers; bytes are sent and waited for here, since
/// hiredis 0.14 bounds only each single read, and its writes raise SIGPIPE.
class redis_connection {
 public:
  explicit redis_connection(redis_options options);

  /// Connects if need be, sends all, and takes an answer for each. `patience` is what the commands themselves may take,
  /// besides the time for an answer. Throws redis_error when anything fails, a refusal too, and the connection is
  /// closed then: any of the commands may have been done.
  redis_replies run(const redis_pipeline& commands, std::chrono::milliseconds patience = {});

  // For a connection on which Redis speaks unasked. Both throw and close as run() does.
  using deadline = std::chrono::steady_clock::time_point;

  /// Connects if need be and sends all, without taking answers.
  void tell(const redis_pipeline& commands);
  /// The next thing that Redis says; or null, when nothing came until then, or when there is something to read at
  /// `waker`. What has come already is taken in any case.
  redis_reply hear(deadline until, int waker);

  /// False: the next run() makes a new one.
  [[nodiscard]] bool is_open() const { return handle_ != nullptr; }
  void close() { handle_.reset(); }

 private:
  void connect();
  template <class Step>
  auto closing_at_failure(Step step);
  redis_replies exchange(const redis_pipeline& commands, deadline end);
  /// Sends what fits and takes what has come, having waited for either.
  void move_bytes(std::string_view& unsent, deadline end);
  void take_bytes();
  /// Null when it has not come wholly.
  redis_reply next_reply();
  void check(const redis_pipeline& commands, const redis_replies& replies) const;
  [[noreturn]] void fail(std::string_view why) const;
  [[noreturn]] void lost() const;
  [[nodiscard]] std::string named(std::string_view why) const;

  struct disconnect {
    void operator()(redisContext* handle) const { redisFree(handle); }
  };
  redis_options options_;
  std::unique_ptr<redisContext, disconnect> handle_;
};

}  // namespace parley
