// What a socket's share of a batch costs before and after the system call: cutting the batch, queueing slices,
// gathering them into one write and counting them off. No byte of a frame is read or written here.
#include <benchmark/benchmark.h>

#include <array>

#include "net/batch_slices.hpp"
#include "net/json_encoder.hpp"
#include "net/outbox.hpp"
#include "samples.hpp"

namespace parley::bench {
namespace {

const room_id room(numbered_uuid(1));

/// Sends all that waits, at most so many bytes in one write; returns the frames that left.
std::size_t drain(outbox& box, std::size_t most_bytes) {
  std::array<iovec, 64> parts;  // as a shard has for one socket
  std::size_t frames = 0;
  while (!box.empty()) {
    std::size_t bytes = 0;
    for (const auto& part : std::span(parts).first(box.gather(parts, most_bytes))) bytes += part.iov_len;
    frames += box.consume(bytes);
  }
  return frames;
}

/// Frames one by one, each a slice of the batch that it shares, through one outbox; in writes of so many bytes.
void push_and_drain(benchmark::State& state, std::size_t most_bytes) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  const auto batch = encode_batch(json_encoder(), sample_events(room, 1, count));
  outbox box;
  std::size_t frames = 0;
  for (auto _ : state) {
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto begin = event_begin(batch->ends, i);
      box.push({{batch, batch->bytes.data() + begin}, batch->ends[i] - begin, 1, slice_kind::frames}, {});
    }
    frames += drain(box, most_bytes);
  }
  const auto rounds = static_cast<std::size_t>(state.iterations());
  if (frames != rounds * count || box.left() != rounds * batch->bytes.size()) {
    return state.SkipWithError("not everything left");
  }
  report(state, count, 0);
}

/// The batch's frames as one slice, as a connection that has everything before them gets them.
void push_and_drain_together(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  const auto batch = encode_batch(json_encoder(), sample_events(room, 1, count));
  outbox box;
  std::size_t frames = 0;
  for (auto _ : state) {
    const auto size = static_cast<std::uint32_t>(batch->bytes.size());
    box.push({{batch, batch->bytes.data()}, size, count, slice_kind::frames}, {});
    frames += drain(box, SIZE_MAX);
  }
  if (frames != static_cast<std::size_t>(state.iterations()) * count) return state.SkipWithError("not everything left");
  report(state, count, 0);
}

/// One connection's pieces of a batch: a reader's, a sender's whose ack stands for the event in the middle, and one's
/// that has half of it already.
void batch_slices(benchmark::State& state, bool is_sender, bool has_half) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  const auto batch = encode_batch(json_encoder(), sample_events(room, 1, count));
  placed_answer ack;
  ack.index = count / 2;
  ack.replaces_event = true;
  const placed_answer* const acks[] = {&ack};
  const std::span<const placed_answer* const> own(acks, is_sender ? 1 : 0);
  const sequence position = has_half ? count / 2 : 0;

  std::vector<batch_piece> pieces;
  cut_batch(*batch, position, count, own, pieces);
  std::size_t told = 0;
  for (const auto& piece : pieces) told += piece.answer != nullptr ? 1 : piece.end_event - piece.first_event;
  if (told != count - static_cast<std::size_t>(position))
    return state.SkipWithError("the pieces do not make the batch");
  for (auto _ : state) {
    pieces.clear();
    cut_batch(*batch, position, count, own, pieces);
    benchmark::DoNotOptimize(pieces.data());
    benchmark::ClobberMemory();
  }
  report(state, 1, 0);
}

BENCHMARK_CAPTURE(push_and_drain, at_once, SIZE_MAX)->Arg(1)->Arg(16)->Arg(128);
BENCHMARK_CAPTURE(push_and_drain, of_1000_bytes, 1'000)->Arg(1)->Arg(16)->Arg(128);
BENCHMARK(push_and_drain_together)->Arg(1)->Arg(16)->Arg(128);
BENCHMARK_CAPTURE(batch_slices, reader, false, false)->Arg(1)->Arg(16)->Arg(128);
BENCHMARK_CAPTURE(batch_slices, sender, true, false)->Arg(1)->Arg(16)->Arg(128);
BENCHMARK_CAPTURE(batch_slices, has_half, false, true)->Arg(16)->Arg(128);

}  // namespace
}  // namespace parley::bench

BENCHMARK_MAIN();
