// The bus's contract is tested against the ports only, once for each kind of bus.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "every_event.hpp"
#include "parley/event_stream.hpp"
#include "store/redis_event_stream.hpp"

namespace parley::support {
class redis_server;
}

namespace parley::test {

/// A fresh bus and what a test may do to it behind the ports' back.
class bus_under_test {
 public:
  virtual ~bus_under_test() = default;
  virtual std::unique_ptr<event_stream> open_node() = 0;
  virtual void flush() = 0;
  /// False: nobody answers, and what is there stays.
  virtual void set_up(bool is_up) = 0;
  /// Nodes that are opened from now on soon give up whoever does not answer.
  virtual void hurry() {}
  /// One entry that no reader understands, where the room's news are.
  virtual void add_unreadable(const room_id& room) = 0;
};

struct bus_kind {
  std::string name;
  bool needs_redis = false;
  /// Keeps about so many entries of a partition.
  std::function<std::unique_ptr<bus_under_test>(std::uint32_t most_entries)> make;
};
inline void PrintTo(const bus_kind& kind, std::ostream* out) { *out << kind.name; }
std::vector<bus_kind> bus_kinds();
inline std::string name_of_bus(const testing::TestParamInfo<bus_kind>& info) { return info.param.name; }

/// A node's connections.
struct bus_node {
  explicit bus_node(std::unique_ptr<event_stream> opened)
      : stream(std::move(opened)), writer(stream->open_writer()), reader(stream->open_reader()) {}

  std::unique_ptr<event_stream> stream;
  std::unique_ptr<event_stream_writer> writer;
  std::unique_ptr<event_stream_reader> reader;
};

/// All on one Redis, whose answers may be late when the machine is busy.
redis_stream_options options_for(const std::string& url, std::uint32_t partitions = 16,
                                 std::uint32_t most_entries = 100'000);
/// For a Redis that is to fall silent: it is given up soon.
redis_stream_options hurried(redis_stream_options options);
/// A node on it with an id that no other has.
bus_node redis_node(const redis_stream_options& options);

std::shared_ptr<const stream_batch> make_batch(const room_id& room, sequence first, std::size_t count = 1,
                                               const std::string& content = "hello");
void append(bus_node& node, const std::vector<std::shared_ptr<const stream_batch>>& batches);
inline void append(bus_node& node, const std::shared_ptr<const stream_batch>& batch) {
  append(node, std::vector{batch});
}
/// The first read: from here on it hears.
void begin(bus_node& node);
/// What came until so many batches were there, or nothing comes. `patiently`: errors are passed over, and silence too,
/// for ten seconds.
stream_news hear(bus_node& node, std::size_t batches, bool patiently = false);
/// What comes within so long, even if nothing should.
stream_news listen(bus_node& node, std::chrono::milliseconds time = std::chrono::milliseconds(50));
/// "ROOM SEQ…" of each batch.
std::vector<std::string> texts_of(const stream_news& news);
/// Of these events in the order in which they came.
std::vector<sequence> seqs_of(const stream_news& news, const room_id& room);

}  // namespace parley::test
