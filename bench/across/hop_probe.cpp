// hiredis, one blocking connection for each side.
#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <unistd.h>

#include <charconv>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "across/pace.hpp"
#include "across/probes.hpp"

namespace parley::bench {
namespace {

using redis_reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

class redis_connection {
 public:
  explicit redis_connection(const redis_address& to)
      : context_(redisConnectWithTimeout(to.host.c_str(), to.port, {5, 0}), &redisFree) {
    if (!context_ || context_->err != 0) throw std::runtime_error("the raw hop: Redis cannot be reached");
    redisSetTimeout(context_.get(), {10, 0});
    if (to.password && !to.user.empty())
      run({"AUTH", to.user, *to.password});
    else if (to.password)
      run({"AUTH", *to.password});
    if (to.database != 0) run({"SELECT", std::to_string(to.database)});
  }

  redis_reply run(const std::vector<std::string>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const auto& word : words) {
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
    redis_reply reply(static_cast<redisReply*>(
                          redisCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(), sizes.data())),
                      &freeReplyObject);
    if (!reply) throw std::runtime_error(fmt::format("the raw hop: Redis did not answer {}", words.front()));
    if (reply->type == REDIS_REPLY_ERROR)
      throw std::runtime_error(fmt::format("the raw hop: {}: {}", words.front(), std::string(reply->str, reply->len)));
    return reply;
  }

 private:
  std::unique_ptr<redisContext, decltype(&redisFree)> context_;
};

std::string_view text_of(const redisReply& reply) { return {reply.str, reply.len}; }

class hop_probe final : public probe {
 public:
  hop_probe(const redis_address& redis, std::size_t size, double per_second)
      : writer_(redis),
        reader_(redis),
        // Under the prefix that a Redis user for Parley may use.
        key_(fmt::format("parley:bench:hop:{}", ::getpid())),
        payload_(size, 'x'),
        reading_([this](const std::stop_token& stop) { read(stop); }),
        writing_([this, per_second](const std::stop_token& stop) { write(stop, per_second); }) {}

  std::vector<probe_sample> finish() override {
    writing_.ask_to_stop();
    writing_.wait();
    reading_.ask_to_stop();
    reading_.wait();
    writer_.run({"DEL", key_});
    return std::move(samples_);
  }

 private:
  void write(const std::stop_token& stop, double per_second) {
    for (random_pace pace(per_second); !stop.stop_requested(); pace.wait())
      writer_.run({"XADD", key_, "MAXLEN", "~", "1000", "*", "t", std::to_string(steady_ns()), "p", payload_});
  }

  void read(const std::stop_token& stop) {
    std::string last = "0-0";
    while (!stop.stop_requested()) {
      const auto reply = reader_.run({"XREAD", "BLOCK", "100", "STREAMS", key_, last});
      const auto now = steady_ns();
      if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) continue;  // nothing came
      const auto& entries = *reply->element[0]->element[1];
      for (std::size_t i = 0; i < entries.elements; ++i) {
        const auto& entry = *entries.element[i];
        last = text_of(*entry.element[0]);
        const auto stamp = text_of(*entry.element[1]->element[1]);
        std::int64_t begun = 0;
        std::from_chars(stamp.data(), stamp.data() + stamp.size(), begun);
        samples_.push_back({begun, now - begun});
      }
    }
  }

  redis_connection writer_, reader_;
  std::string key_;
  std::string payload_;
  std::vector<probe_sample> samples_;  ///< Of the reading thread until it has ended.
  background reading_;
  background writing_;
};

}  // namespace

std::unique_ptr<probe> start_hop_probe(const redis_address& redis, std::size_t size, double per_second) {
  return std::make_unique<hop_probe>(redis, size, per_second);
}

}  // namespace parley::bench
