// Starting, waiting for, stopping and ending a Redis server.
#include "support/redis_server.hpp"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "support/free_port.hpp"
#include "support/temporary_folder.hpp"

namespace parley::support {
namespace {

struct disconnect {
  void operator()(redisContext* context) const { redisFree(context); }
};
using redis_context = std::unique_ptr<redisContext, disconnect>;

std::string text_of(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply.integer);
    case REDIS_REPLY_NIL:
      return "";
    case REDIS_REPLY_ARRAY: {
      std::string lines;
      for (std::size_t i = 0; i < reply.elements; ++i) lines += (i > 0 ? "\n" : "") + text_of(*reply.element[i]);
      return lines;
    }
    default:
      return {reply.str, reply.len};
  }
}

/// Whether somebody answers there, if only that a password is missing.
bool answers(std::uint16_t port) {
  const redis_context context(redisConnectWithTimeout("127.0.0.1", port, {1, 0}));
  if (!context || context->err != 0) return false;
  redisSetTimeout(context.get(), {1, 0});
  void* reply = redisCommand(context.get(), "PING");
  freeReplyObject(reply);
  return reply != nullptr;
}

}  // namespace

redis_server::redis_server(std::vector<std::string> options)
    : options_(std::move(options)), folder_(new_temporary_folder("redis")), port_(free_port()) {
  start();
}

redis_server::~redis_server() {
  if (pid_ > 0) kill();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

bool redis_server::is_installed() {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((folder + "/redis-server").c_str(), X_OK) == 0) return true;
  }
  return false;
}

std::string redis_server::url(const std::string& user) const {
  return "redis://" + (user.empty() ? "" : user + "@") + "127.0.0.1:" + std::to_string(port_) + "/0";
}

void redis_server::start() {
  std::vector<std::string> words{"redis-server", "--port",    std::to_string(port_),
                                 "--bind",       "127.0.0.1", "--dir",
                                 folder_,        "--save",    "",
                                 "--appendonly", "no",        "--daemonize",
                                 "no",           "--logfile", folder_ + "/redis.log"};
  words.insert(words.end(), options_.begin(), options_.end());
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    // It goes when the test goes, however that ends.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) std::_Exit(1);
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp("redis-server", arguments.data());
    std::_Exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!answers(port_)) {
    if (std::chrono::steady_clock::now() > deadline || ::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      throw std::runtime_error("Redis did not start; is the package redis-server installed?");
    }
    ::poll(nullptr, 0, 5);
  }
}

void redis_server::kill() {
  ::kill(pid_, SIGKILL);
  ::waitpid(std::exchange(pid_, -1), nullptr, 0);
}

void redis_server::pause() const {
  ::kill(pid_, SIGSTOP);
  ::waitpid(pid_, nullptr, WUNTRACED);  // until its last thread stands still
}
void redis_server::resume() const { ::kill(pid_, SIGCONT); }

std::string redis_server::run(const std::vector<std::string>& words) const {
  const redis_context context(redisConnectWithTimeout("127.0.0.1", port_, {5, 0}));
  if (!context || context->err != 0) throw std::runtime_error("cannot connect to Redis");
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const auto& word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  const std::unique_ptr<redisReply, decltype(&freeReplyObject)> reply(
      static_cast<redisReply*>(
          redisCommandArgv(context.get(), static_cast<int>(words.size()), texts.data(), sizes.data())),
      &freeReplyObject);
  if (!reply) throw std::runtime_error("Redis did not answer");
  auto text = text_of(*reply);
  if (reply->type == REDIS_REPLY_ERROR) throw std::runtime_error(words.front() + ": " + text);
  return text;
}

}  // namespace parley::support
