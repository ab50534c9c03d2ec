// Reading the streams of one Redis by remembered ids, and finding out when something may have been missed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "parley/event_stream.hpp"
#include "store/redis_connection.hpp"
#include "store/redis_event_stream.hpp"

namespace parley {

std::string stream_key(std::uint32_t partition);

/// Whatever is remembered here moves only when a whole answer has come, so that one that was cut costs nothing.
class redis_event_reader final : public event_stream_reader {
 public:
  redis_event_reader(const redis_stream_options& options, const uuid& node);

  result<stream_news> read(std::chrono::milliseconds patience) override;

 private:
  struct partition {
    std::string key;
    stream_id position;  ///< Up to there everything was taken.
    /// Where we stood before entries came that nobody has looked behind yet: if the stream no longer reaches back to
    /// there, it was trimmed past us.
    std::optional<stream_id> unproven;
  };

  stream_news try_read(std::chrono::milliseconds patience);
  /// The first words on a connection: is it the Redis that we know, and are its streams where we left them?
  void greet();
  void begin_anew();
  void resume(const std::vector<stream_id>& ends);
  /// False: the streams are others.
  [[nodiscard]] bool is_current(const redisReply& epoch) const;
  void prove(partition& stream, const redisReply& reply);
  void add_read(redis_pipeline& commands, std::chrono::milliseconds patience) const;
  void take_streams(const redisReply& reply, stream_news& news);
  std::size_t take_entry(const partition& stream, const stream_entry& entry, stream_news& news) const;

  const std::string node_;
  redis_connection connection_;
  std::vector<partition> partitions_;
  std::string epoch_;            ///< Empty until the first read.
  bool owes_a_warning_ = false;  ///< is_incomplete, until a read that succeeds has said so.
  std::size_t count_;
};

}  // namespace parley
