// The same class as src/store/redis_connection.cpp makes it, over the simulated Redis instead of a socket. What stands
// above it (the bus's reader and writer, and how they take answers apart) is the product's own.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <new>
#include <stdexcept>

#include "simulation/simulated_redis.hpp"
#include "store/redis_connection.hpp"

namespace parley {

using simulation::simulated_redis;
using simulation::trip_fate;

void redis_pipeline::add(std::span<const std::string_view> words, on_refusal policy) {
  auto out = std::back_inserter(bytes_);
  fmt::format_to(out, "*{}\r\n", words.size());
  for (const auto word : words) fmt::format_to(out, "${}\r\n{}\r\n", word.size(), word);
  commands_.push_back({std::string(words.front()), policy});
}

redis_connection::redis_connection(redis_options options) : options_(std::move(options)) {}

/// Its context only says that it is open, and in which generation of Redis that was.
void redis_connection::connect() {
  handle_.reset(static_cast<redisContext*>(std::calloc(1, sizeof(redisContext))));
  if (!handle_) throw std::bad_alloc();
  handle_->fd = -1;
  handle_->err = static_cast<int>(simulated_redis::current().generation());
}

redis_replies redis_connection::run(const redis_pipeline& commands, std::chrono::milliseconds) {
  auto& redis = simulated_redis::current();
  try {
    if (!redis.is_reachable(options_.host)) fail("it cannot be reached");
    const bool is_broken = handle_ && handle_->err != static_cast<int>(redis.generation());
    if (is_broken) fail("the connection is lost");
    if (!handle_) connect();
    const bool is_read = std::any_of(commands.commands_.begin(), commands.commands_.end(),
                                     [](const auto& each) { return each.name == "GET"; });
    const auto fate = redis.next_fate(is_read);
    if (fate == trip_fate::lost) fail("the connection is lost");
    auto replies = redis.run(commands.bytes_);
    if (fate == trip_fate::answer_lost) fail("no answer in time");
    check(commands, replies);
    return replies;
  } catch (...) {
    close();
    throw;
  }
}

void redis_connection::tell(const redis_pipeline&) { throw std::logic_error("no signals in the simulation"); }

redis_reply redis_connection::hear(deadline, int) { throw std::logic_error("no signals in the simulation"); }

void redis_connection::check(const redis_pipeline& commands, const redis_replies& replies) const {
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const auto& command = commands.commands_[i];
    if (replies[i]->type != REDIS_REPLY_ERROR || command.policy == redis_pipeline::on_refusal::ignore) continue;
    fail(fmt::format("{} was refused ({})", command.name, refusal_code(*replies[i])));
  }
}

void redis_connection::fail(std::string_view why) const {
  throw redis_error(fmt::format("redis {}: {}", options_.host, why));
}

}  // namespace parley
