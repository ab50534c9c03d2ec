// Connecting, waiting with an end, and the pipeline.
#include "store/redis_connection.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace parley {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

timeval to_timeval(milliseconds time) {
  return {static_cast<time_t>(time.count() / 1'000), static_cast<suseconds_t>(time.count() % 1'000 * 1'000)};
}

bool would_block(int fault) { return fault == EAGAIN || fault == EWOULDBLOCK || fault == EINTR; }

}  // namespace

void redis_pipeline::add(std::span<const std::string_view> words, on_refusal policy) {
  auto out = std::back_inserter(bytes_);
  fmt::format_to(out, "*{}\r\n", words.size());
  for (const auto word : words) {
    fmt::format_to(out, "${}\r\n", word.size());
    bytes_ += word;
    bytes_ += "\r\n";
  }
  commands_.push_back({std::string(words.front()), policy});
}

redis_connection::redis_connection(redis_options options) : options_(std::move(options)) {}

template <class Step>
auto redis_connection::closing_at_failure(Step step) {
  try {
    return step();
  } catch (...) {
    // Answers that come late would be taken for those of the next commands.
    close();
    throw;
  }
}

redis_replies redis_connection::run(const redis_pipeline& commands, milliseconds patience) {
  return closing_at_failure([&] {
    if (!handle_) connect();
    auto replies = exchange(commands, steady_clock::now() + patience + options_.answer);
    check(commands, replies);
    return replies;
  });
}

/// While it sends it also takes what comes, since Redis reads no further when nobody takes its answers.
void redis_connection::tell(const redis_pipeline& commands) {
  closing_at_failure([&] {
    if (!handle_) connect();
    const auto end = steady_clock::now() + options_.answer;
    for (std::string_view unsent = commands.bytes_; !unsent.empty();) move_bytes(unsent, end);
  });
}

redis_reply redis_connection::hear(deadline until, int waker) {
  return closing_at_failure([&]() -> redis_reply {
    if (!handle_) fail("the connection is lost");
    for (;;) {
      if (auto reply = next_reply()) return reply;
      const auto left = std::chrono::ceil<milliseconds>(until - steady_clock::now());
      pollfd wanted[] = {{handle_->fd, POLLIN, 0}, {waker, POLLIN, 0}};
      const int ready = ::poll(wanted, 2, static_cast<int>(std::max(left, milliseconds(0)).count()));
      if (ready < 0 && errno != EINTR) fail("waiting failed");
      if (ready < 0) continue;
      if (wanted[0].revents == 0) return nullptr;
      take_bytes();
    }
  });
}

/// Resolving the host's name has no bound but the resolver's own.
void redis_connection::connect() {
  handle_.reset(redisConnectWithTimeout(options_.host.c_str(), options_.port, to_timeval(options_.connect)));
  if (!handle_) throw std::bad_alloc();
  if (handle_->err != 0) fail(fmt::format("cannot connect: {}", handle_->errstr));
  const int flags = ::fcntl(handle_->fd, F_GETFL);
  if (flags < 0 || ::fcntl(handle_->fd, F_SETFL, flags | O_NONBLOCK) != 0) fail("no non-blocking mode");
  handle_->flags &= ~REDIS_BLOCK;
  redisEnableKeepAlive(handle_.get());
  redis_pipeline greeting;
  if (options_.password && options_.user.empty()) greeting.add({"AUTH", *options_.password});
  if (options_.password && !options_.user.empty()) greeting.add({"AUTH", options_.user, *options_.password});
  const auto database = std::to_string(options_.database);
  if (options_.database != 0) greeting.add({"SELECT", database});
  if (greeting.size() == 0) return;
  check(greeting, exchange(greeting, steady_clock::now() + options_.answer));
}

redis_replies redis_connection::exchange(const redis_pipeline& commands, deadline end) {
  redis_replies replies;
  replies.reserve(commands.size());
  std::string_view unsent = commands.bytes_;
  while (replies.size() < commands.size()) {
    if (auto reply = next_reply()) {
      replies.push_back(std::move(reply));
    } else {
      move_bytes(unsent, end);
    }
  }
  return replies;
}

redis_reply redis_connection::next_reply() {
  void* reply = nullptr;
  if (redisGetReplyFromReader(handle_.get(), &reply) != REDIS_OK) fail(handle_->errstr);
  return redis_reply(static_cast<redisReply*>(reply));
}

void redis_connection::move_bytes(std::string_view& unsent, deadline end) {
  const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
  pollfd wanted{handle_->fd, static_cast<short>(unsent.empty() ? POLLIN : POLLIN | POLLOUT), 0};
  const int ready = left.count() > 0 ? ::poll(&wanted, 1, static_cast<int>(left.count())) : 0;
  if (ready == 0) fail("no answer in time");
  if (ready < 0) {
    if (errno != EINTR) fail("waiting failed");
    return;
  }
  if ((wanted.revents & POLLOUT) != 0) {
    const auto sent = ::send(handle_->fd, unsent.data(), unsent.size(), MSG_NOSIGNAL);
    if (sent < 0 && !would_block(errno)) lost();
    if (sent > 0) unsent.remove_prefix(static_cast<std::size_t>(sent));
  }
  if ((wanted.revents & ~POLLOUT) != 0) take_bytes();
}

void redis_connection::take_bytes() {
  if (redisBufferRead(handle_.get()) == REDIS_OK) return;
  if (handle_->err == REDIS_ERR_PROTOCOL) fail("it does not speak Redis' protocol");
  lost();
}

void redis_connection::check(const redis_pipeline& commands, const redis_replies& replies) const {
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const auto& command = commands.commands_[i];
    if (replies[i]->type != REDIS_REPLY_ERROR || command.policy == redis_pipeline::on_refusal::ignore) continue;
    fail(fmt::format("{} was refused ({})", command.name, refusal_code(*replies[i])));
  }
}

void redis_connection::fail(std::string_view why) const { throw redis_error(named(why)); }

void redis_connection::lost() const { throw redis_connection_lost(named("the connection is lost")); }

std::string redis_connection::named(std::string_view why) const {
  return fmt::format("redis {}:{}: {}", options_.host, options_.port, why);
}

}  // namespace parley
