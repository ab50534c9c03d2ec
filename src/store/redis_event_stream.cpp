// Writing, and what opens both sides.
#include "store/redis_event_stream.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "store/redis_connection.hpp"
#include "store/redis_event_reader.hpp"
#include "store/redis_room_tails.hpp"
#include "store/stream_record.hpp"

namespace parley {
namespace {

class redis_event_writer final : public event_stream_writer {
 public:
  redis_event_writer(const redis_stream_options& options, const uuid& node)
      : options_(options),
        node_(to_string(node)),
        most_entries_(std::to_string(options.stream_entries)),
        connection_(options.redis),
        tails_(options) {}

  result<void> append(std::span<const std::shared_ptr<const stream_batch>> batches) override {
    redis_pipeline commands;
    for (const auto& batch : batches) add(commands, partition_for(batch->room), "e", encode_record(*batch));
    if (!batches.empty()) tails_.add(commands, batches);
    return run(commands, batches.size());
  }

  result<void> announce_gap() override {
    redis_pipeline commands;
    for (const auto partition : options_.owned) add(commands, partition, "g", "1");
    return run(commands, commands.size());
  }

 private:
  [[nodiscard]] std::uint32_t partition_for(const room_id& room) const {
    const auto partition = partition_of(room, options_.partitions);
    if (std::find(options_.owned.begin(), options_.owned.end(), partition) == options_.owned.end()) {
      throw std::logic_error("the room's partition is on another Redis");
    }
    return partition;
  }

  /// Trimmed about: Redis then drops whole blocks of entries, which costs next to nothing.
  void add(redis_pipeline& commands, std::uint32_t partition, std::string_view field, std::string_view value) const {
    commands.add({"XADD", stream_key(partition), "MAXLEN", "~", most_entries_, "*", "n", node_, field, value});
  }

  /// Behind the news stand the tails' commands.
  result<void> run(const redis_pipeline& commands, std::size_t news) {
    if (commands.size() == 0) return {};
    try {
      const auto replies = connection_.run(commands);
      if (replies.size() > news) tails_.take(std::span(replies).subspan(news));
      return {};
    } catch (const redis_error& fault) {
      return unavailable(fault.what());
    }
  }

  const redis_stream_options options_;
  const std::string node_;
  const std::string most_entries_;
  redis_connection connection_;
  redis_tail_writer tails_;
};

class redis_event_stream final : public event_stream {
 public:
  redis_event_stream(redis_stream_options options, const uuid& node) : options_(std::move(options)), node_(node) {}

  std::unique_ptr<event_stream_writer> open_writer() override {
    return std::make_unique<redis_event_writer>(options_, node_);
  }
  std::unique_ptr<event_stream_reader> open_reader() override {
    return std::make_unique<redis_event_reader>(options_, node_);
  }
  std::unique_ptr<room_tail_reader> open_tails() override {
    return std::make_unique<redis_tail_reader>(options_.redis);
  }

 private:
  const redis_stream_options options_;
  const uuid node_;
};

}  // namespace

std::unique_ptr<event_stream> open_redis_event_stream(redis_stream_options options, const uuid& node) {
  return std::make_unique<redis_event_stream>(std::move(options), node);
}

}  // namespace parley
