// The kinds of bus of this build, and the steps of their tests.
#include "event_stream_fixture.hpp"

#include "database_fixture.hpp"
#include "store/redis_event_reader.hpp"
#include "support/memory_event_stream.hpp"
#include "support/redis_server.hpp"

namespace parley::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class memory_under_test final : public bus_under_test {
 public:
  explicit memory_under_test(std::uint32_t most_entries) : bus_(most_entries) {}

  std::unique_ptr<event_stream> open_node() override { return bus_.open_node(); }
  void flush() override { bus_.flush(); }
  void set_up(bool is_up) override { bus_.set_up(is_up); }
  void add_unreadable(const room_id&) override { bus_.add_unreadable(); }

 private:
  support::memory_bus bus_;
};

class redis_under_test final : public bus_under_test {
 public:
  redis_under_test(std::uint32_t partitions, std::uint32_t most_entries)
      : options_(options_for(server_.url(), partitions, most_entries)) {}

  std::unique_ptr<event_stream> open_node() override {
    return open_redis_event_stream(options_, numbered_uuid(++nodes_));
  }
  void flush() override { server_.run({"FLUSHALL"}); }
  void set_up(bool is_up) override { is_up ? server_.resume() : server_.pause(); }
  void hurry() override { options_ = hurried(options_); }
  void add_unreadable(const room_id& room) override {
    server_.run({"XADD", stream_key(partition_of(room, options_.partitions)), "*", "n", "x", "e", "\2 s3cret"});
  }

 private:
  support::redis_server server_;
  redis_stream_options options_;
  std::uint64_t nodes_ = 0;
};

bus_kind redis_kind(const std::string& name, std::uint32_t partitions) {
  return {name, true, [partitions](std::uint32_t most_entries) {
            return std::make_unique<redis_under_test>(partitions, most_entries);
          }};
}

void add(stream_news& sum, stream_news more) {
  for (auto& batch : more.batches) sum.batches.push_back(std::move(batch));
  sum.is_incomplete = sum.is_incomplete || more.is_incomplete;
  sum.unreadable += more.unreadable;
}

}  // namespace

std::vector<bus_kind> bus_kinds() {
  return {{"memory", false, [](std::uint32_t most) { return std::make_unique<memory_under_test>(most); }},
          redis_kind("redis_with_one_partition", 1),
          redis_kind("redis_with_sixteen_partitions", 16)};
}

redis_stream_options options_for(const std::string& url, std::uint32_t partitions, std::uint32_t most_entries) {
  redis_stream_options options;
  options.redis = expect_value(parse_redis_url(url));
  options.redis.connect = milliseconds(3'000);
  options.redis.answer = milliseconds(3'000);
  options.partitions = partitions;
  options.stream_entries = most_entries;
  for (std::uint32_t p = 0; p < partitions; ++p) options.owned.push_back(p);
  return options;
}

redis_stream_options hurried(redis_stream_options options) {
  options.redis.connect = milliseconds(500);
  options.redis.answer = milliseconds(500);
  return options;
}

bus_node redis_node(const redis_stream_options& options) {
  static std::uint64_t nodes = 1'000;
  return bus_node(open_redis_event_stream(options, numbered_uuid(++nodes)));
}

std::shared_ptr<const stream_batch> make_batch(const room_id& room, sequence first, std::size_t count,
                                               const std::string& content) {
  stream_batch batch{room, {}};
  for (std::size_t i = 0; i < count; ++i) {
    const auto number = static_cast<std::uint64_t>(first) + i;
    const message_posted message{
        message_id(numbered_uuid(number)),         user_id(numbered_uuid(1)), "Ann", content, {}, {}, {},
        time_at(static_cast<std::int64_t>(number))};
    batch.events.push_back({room, static_cast<sequence>(number), message});
  }
  return std::make_shared<const stream_batch>(std::move(batch));
}

void append(bus_node& node, const std::vector<std::shared_ptr<const stream_batch>>& batches) {
  expect_value(node.writer->append(batches));
}

void begin(bus_node& node) {
  const auto news = expect_value(node.reader->read(milliseconds(0)));
  EXPECT_TRUE(news.batches.empty());
  EXPECT_FALSE(news.is_incomplete);
}

stream_news hear(bus_node& node, std::size_t batches, bool patiently) {
  stream_news sum;
  const auto end = steady_clock::now() + std::chrono::seconds(10);
  bool is_quiet = false;
  while (sum.batches.size() < batches && !is_quiet && steady_clock::now() < end) {
    auto news = node.reader->read(milliseconds(100));
    if (news.has_error() && patiently) continue;
    is_quiet = news.has_value() && news->batches.empty() && !news->is_incomplete && !patiently;
    add(sum, expect_value(std::move(news)));
  }
  // What was trimmed is seen at the next read.
  if (!patiently) add(sum, expect_value(node.reader->read(milliseconds(0))));
  return sum;
}

stream_news listen(bus_node& node, milliseconds time) {
  stream_news sum;
  const auto end = steady_clock::now() + time;
  do {
    add(sum, expect_value(node.reader->read(milliseconds(10))));
  } while (steady_clock::now() < end);
  return sum;
}

std::vector<std::string> texts_of(const stream_news& news) {
  std::vector<std::string> texts;
  for (const auto& batch : news.batches) texts.push_back(text_of(*batch));
  return texts;
}

std::vector<sequence> seqs_of(const stream_news& news, const room_id& room) {
  std::vector<sequence> seqs;
  for (const auto& batch : news.batches) {
    if (batch->room != room) continue;
    for (const auto& event : batch->events) seqs.push_back(event.seq);
  }
  return seqs;
}

}  // namespace parley::test
