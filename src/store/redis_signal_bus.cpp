// Publishing, and what opens both sides.
#include "store/redis_signal_bus.hpp"

#include <fmt/format.h>

#include "parley/event_stream.hpp"
#include "store/redis_connection.hpp"
#include "store/redis_signal_subscriber.hpp"
#include "store/signal_record.hpp"

namespace parley {
namespace {

class redis_signal_publisher final : public signal_publisher {
 public:
  redis_signal_publisher(const redis_signal_options& options, const uuid& node)
      : partitions_(options.partitions), node_(node), connection_(options.redis) {}

  result<void> publish(std::span<const ephemeral_signal> signals) override {
    redis_pipeline commands;
    for (const auto& each : signals) {
      const auto channel = signal_channel(each.subject, partitions_);
      commands.add({"PUBLISH", channel, encode_signal({node_, each.body})});
    }
    return run(commands);
  }

  result<void> publish_hint() override {
    redis_pipeline commands;
    commands.add({"PUBLISH", control_channel, to_string(node_)});
    return run(commands);
  }

 private:
  result<void> run(const redis_pipeline& commands) {
    if (commands.size() == 0) return {};
    const bool was_open = connection_.is_open();
    try {
      connection_.run(commands);
      return {};
    } catch (const redis_connection_lost& fault) {
      // Nobody looks at it in silence: it may have ended long since, while Redis is well.
      if (!was_open) return unavailable(fault.what());
    } catch (const redis_error& fault) {
      return unavailable(fault.what());
    }
    return run(commands);
  }

  const std::uint32_t partitions_;
  const uuid node_;
  redis_connection connection_;
};

class redis_signal_bus final : public signal_bus {
 public:
  redis_signal_bus(redis_signal_options options, const uuid& node) : options_(std::move(options)), node_(node) {}

  std::unique_ptr<signal_publisher> open_publisher() override {
    return std::make_unique<redis_signal_publisher>(options_, node_);
  }
  std::unique_ptr<signal_subscriber> open_subscriber() override {
    return std::make_unique<redis_signal_subscriber>(options_, node_);
  }

 private:
  const redis_signal_options options_;
  const uuid node_;
};

}  // namespace

/// The braces make the channels of a partition one slot of a Redis Cluster, as its stream's key.
std::string signal_channel(const uuid& subject, std::uint32_t partitions) {
  return fmt::format("parley:signals:{{{}}}:{}", partition_of(room_id(subject), partitions), to_string(subject));
}

std::unique_ptr<signal_bus> open_redis_signal_bus(redis_signal_options options, const uuid& node) {
  return std::make_unique<redis_signal_bus>(std::move(options), node);
}

}  // namespace parley
