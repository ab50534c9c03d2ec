// What it costs to tell something: an event to JSON, to a WebSocket frame, and a batch to the one buffer that all
// receivers share; bytes are those that are written.
#include <benchmark/benchmark.h>

#include "net/json_encoder.hpp"
#include "net/json_writer.hpp"
#include "net/outbox.hpp"
#include "samples.hpp"

namespace parley::bench {
namespace {

const room_id room(numbered_uuid(1));

void event_to_json(benchmark::State& state) {
  const auto event = sample_event(room, 1, static_cast<std::size_t>(state.range(0)));
  std::string out;
  json::append_object(out, event);
  if (!out.starts_with(R"({"type":"new_message",)")) return state.SkipWithError("the event has another type");
  for (auto _ : state) {
    out.clear();
    json::append_object(out, event);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  report(state, 1, out.size());
}

void event_to_frame(benchmark::State& state) {
  const auto event = sample_event(room, 1, static_cast<std::size_t>(state.range(0)));
  std::string out;
  json_encoder().append_event(out, event);
  if (frame_size_at(out) != out.size()) return state.SkipWithError("the header does not tell the frame's size");
  for (auto _ : state) {
    out.clear();
    json_encoder().append_event(out, event);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  report(state, 1, out.size());
}

void ack_to_frame(benchmark::State& state) {
  const auto ack = ack_of(sample_event(room, 1), false);
  const std::optional<std::string> id("17");
  std::string out;
  json_encoder().append_ack(out, id, ack);
  if (frame_size_at(out) != out.size()) return state.SkipWithError("the header does not tell the frame's size");
  for (auto _ : state) {
    out.clear();
    json_encoder().append_ack(out, id, ack);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  report(state, 1, out.size());
}

/// The header alone, of a payload as long as a new_message of 128 bytes.
void frame_header(benchmark::State& state) {
  std::string out;
  append_frame_header(out, 512);
  if (frame_size_at(out) != 512 + out.size()) return state.SkipWithError("the header tells another size");
  for (auto _ : state) {
    out.clear();
    append_frame_header(out, 512);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  report(state, 1, out.size());
}

/// With the buffer's memory, which grows as it is written.
void batch_to_frames(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  const auto events = sample_events(room, 1, count);
  const auto bytes = encode_batch(json_encoder(), events)->bytes;
  if (count_frames(bytes) != count) return state.SkipWithError("the batch does not hold a frame an event");
  for (auto _ : state) benchmark::DoNotOptimize(encode_batch(json_encoder(), events));
  report(state, count, bytes.size());
}

BENCHMARK(event_to_json)->Arg(128)->Arg(4096);
BENCHMARK(event_to_frame)->Arg(128)->Arg(4096);
BENCHMARK(ack_to_frame);
BENCHMARK(frame_header);
BENCHMARK(batch_to_frames)->Arg(1)->Arg(16)->Arg(128);

}  // namespace
}  // namespace parley::bench

BENCHMARK_MAIN();
