// What the micro-benchmarks measure with: a busy room's messages, and the figures for one of them.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/clock.hpp"
#include "parley/codec.hpp"
#include "parley/delivery.hpp"
#include "parley/events.hpp"
#include "parley/ids.hpp"

namespace parley::bench {

/// Drawn from no generator, so that setting up costs little beside what is measured.
inline uuid numbered_uuid(std::uint64_t number) {
  uuid value;
  for (std::size_t i = 0; i < sizeof number; ++i) value.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  value.bytes[6] = 0x70;
  return value;
}

/// English with an apostrophe and quotation marks, which JSON escapes.
inline std::string sample_text(std::size_t bytes) {
  constexpr std::string_view sentence = "He said \"see you at noon\", and that's all there is to say. ";
  std::string text;
  text.reserve(bytes + sentence.size());
  while (text.size() < bytes) text += sentence;
  text.resize(bytes);
  return text;
}

inline durable_event sample_event(room_id room, sequence seq, std::size_t content_bytes = 128) {
  const auto number = static_cast<std::uint64_t>(seq);
  message_posted posted;
  posted.message = message_id(numbered_uuid(number));
  posted.sender = user_id(numbered_uuid(number % 100));
  posted.display_name = "Nguyễn Văn An";
  posted.content = sample_text(content_bytes);
  posted.client_msg_id = to_string(numbered_uuid(number + 1));
  posted.created_at = system_clock().now();
  return {room, seq, std::move(posted)};
}

/// Consecutive messages, from seq `first` on.
inline std::vector<durable_event> sample_events(room_id room, sequence first, std::size_t count) {
  std::vector<durable_event> events;
  events.reserve(count);
  while (events.size() < count) events.push_back(sample_event(room, first + static_cast<sequence>(events.size())));
  return events;
}

/// As a room releases them.
inline std::shared_ptr<const encoded_batch> encode_batch(const frame_encoder& encoder,
                                                         const std::vector<durable_event>& events) {
  auto batch = std::make_shared<encoded_batch>();
  batch->room = events.front().room;
  batch->first_seq = events.front().seq;
  batch->ends.reserve(events.size());
  for (const auto& event : events) {
    encoder.append_event(batch->bytes, event);
    batch->ends.push_back(static_cast<std::uint32_t>(batch->bytes.size()));
  }
  return batch;
}

/// Each iteration dealt with so many items of so many bytes together; no bytes where none is read or written.
/// `seconds_each` is the processor's time for one item.
inline void report(benchmark::State& state, std::size_t items, std::size_t bytes) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items));
  if (bytes > 0) state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
  using counter = benchmark::Counter;
  state.counters["seconds_each"] =
      counter(static_cast<double>(items), counter::kIsIterationInvariantRate | counter::kInvert);
}

}  // namespace parley::bench
