// What a batch costs on its way to other nodes, besides Redis: the event stream's entry, written and read.
#include <benchmark/benchmark.h>

#include "samples.hpp"
#include "store/stream_record.hpp"

namespace parley::bench {
namespace {

stream_batch sample_batch(std::size_t count) {
  const room_id room(numbered_uuid(1));
  return {room, sample_events(room, 1, count)};
}

/// Whether it reads as what it was; there is one way to write a batch.
bool comes_back(const std::string& record) {
  const auto back = decode_record(record);
  const auto* batch = std::get_if<stream_batch>(&back);
  return batch != nullptr && encode_record(*batch) == record;
}

void write_record(benchmark::State& state) {
  const auto batch = sample_batch(static_cast<std::size_t>(state.range(0)));
  const auto record = encode_record(batch);
  if (!comes_back(record)) return state.SkipWithError("the record does not come back");
  for (auto _ : state) benchmark::DoNotOptimize(encode_record(batch));
  report(state, batch.events.size(), record.size());
}

void read_record(benchmark::State& state) {
  const auto batch = sample_batch(static_cast<std::size_t>(state.range(0)));
  const auto record = encode_record(batch);
  if (!comes_back(record)) return state.SkipWithError("the record does not come back");
  for (auto _ : state) benchmark::DoNotOptimize(decode_record(record));
  report(state, batch.events.size(), record.size());
}

BENCHMARK(write_record)->Arg(1)->Arg(16)->Arg(128);
BENCHMARK(read_record)->Arg(1)->Arg(16)->Arg(128);

}  // namespace
}  // namespace parley::bench

BENCHMARK_MAIN();
