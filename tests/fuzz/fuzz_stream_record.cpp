// Any bytes as an entry of the bus: they are refused, or are a batch that is written in just this way.
#include <string>
#include <variant>

#include "fuzz/loopback_server.hpp"
#include "store/stream_record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  using fuzz::require;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto outcome = decode_record(bytes);
  const auto* batch = std::get_if<stream_batch>(&outcome);
  if (batch == nullptr) return 0;
  require(!batch->events.empty(), "a batch has an event");
  auto next = batch->events.front().seq;
  require(next >= 1, "a seq is positive");
  for (const auto& event : batch->events) {
    require(event.seq == next++ && event.room == batch->room, "events are consecutive and the room's");
  }
  require(encode_record(*batch) == bytes, "there is one way to write a batch");
  return 0;
}
