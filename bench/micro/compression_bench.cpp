// What compression costs a batch of 16 chat messages of 128 bytes to a number of recipients: once for all, beside once
// for each recipient, beside a deflate of each connection's own, beside none. Up to the outbox; the kernel is not in
// it.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "net/batch_slices.hpp"
#include "net/frame_deflater.hpp"
#include "net/json_encoder.hpp"
#include "net/outbox.hpp"
#include "parley/delivery.hpp"
#include "parley/events.hpp"

namespace parley {
namespace {

namespace zlib = boost::beast::zlib;

constexpr std::uint32_t events_in_batch = 16;
constexpr std::size_t content_bytes = 128;
constexpr outbox_bounds bounds{64 * 1024 * 1024, 1'000'000};

/// Common words in random order: compresses like chat rather than like noise or like one letter.
std::string chat_text(std::mt19937& random) {
  constexpr const char* words[] = {"the", "meeting", "is",   "at",    "noon",  "and",    "we",   "should", "bring",
                                   "all", "reports", "from", "last",  "week",  "please", "tell", "me",     "if",
                                   "you", "cannot",  "come", "today", "build", "failed", "with", "error",  "again"};
  std::string text;
  while (text.size() < content_bytes) text.append(words[random() % std::size(words)]).append(" ");
  text.resize(content_bytes);
  return text;
}

template <class Id>
Id random_id(std::mt19937& random) {
  uuid value;
  for (auto& byte : value.bytes) byte = static_cast<std::uint8_t>(random());
  return Id(value);
}

using batch_ptr = std::shared_ptr<const encoded_batch>;

/// Different ones of one room, together larger than any window: no stream meets the same message again.
std::vector<batch_ptr> chat_batches() {
  std::mt19937 random(1);
  const auto room = random_id<room_id>(random);
  const auto author = random_id<user_id>(random);
  std::vector<batch_ptr> batches;
  for (sequence seq = 1'000; seq < 1'000 + 16 * events_in_batch; seq += events_in_batch) {
    auto batch = std::make_shared<encoded_batch>();
    batch->room = room;
    batch->first_seq = seq;
    for (std::uint32_t i = 0; i < events_in_batch; ++i) {
      message_posted said;
      said.message = random_id<message_id>(random);
      said.sender = author;
      said.display_name = "Ada Lovelace";
      said.content = chat_text(random);
      said.client_msg_id = to_string(random_id<message_id>(random));
      said.created_at = timestamp(std::chrono::milliseconds(1'795'902'616'000 + seq + i));
      json_encoder().append_event(batch->bytes, {room, seq + i, said});
      batch->ends.push_back(static_cast<std::uint32_t>(batch->bytes.size()));
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

void give(outbox& to, std::shared_ptr<const char> bytes, std::size_t size) {
  (void)to.push({std::move(bytes), static_cast<std::uint32_t>(size), events_in_batch, slice_kind::frames}, bounds);
}

/// What was given has left.
void empty_all(std::vector<outbox>& all) {
  for (outbox& each : all) each.consume(each.waiting_bytes());
}

/// Runs `send(batch, recipients)` for the batches in turn, and sums up what the recipients get.
template <class Send>
void run(benchmark::State& state, Send&& send) {
  const auto batches = chat_batches();
  std::vector<outbox> recipients(static_cast<std::size_t>(state.range(0)));
  std::size_t next = 0, plain_bytes = 0;
  std::uint64_t sent_bytes = 0;
  const auto turn = [&] {
    const batch_ptr& batch = batches[next++ % batches.size()];
    send(batch, recipients);
    plain_bytes += batch->bytes.size();
    sent_bytes += recipients.front().waiting_bytes();
    empty_all(recipients);
  };
  turn();  // what is made once, such as windows
  plain_bytes = sent_bytes = 0;
  for (auto _ : state) turn();
  state.counters["bytes_each"] = static_cast<double>(sent_bytes) / static_cast<double>(state.iterations());
  state.counters["of_plain"] = static_cast<double>(sent_bytes) / static_cast<double>(plain_bytes);
  state.counters["time_each"] =
      benchmark::Counter(static_cast<double>(recipients.size()),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// Slices of the plain bytes: what everybody gets who asked for nothing.
void plain(benchmark::State& state) {
  run(state, [](const batch_ptr& batch, std::vector<outbox>& recipients) {
    for (outbox& to : recipients) give(to, {batch, batch->bytes.data()}, batch->bytes.size());
  });
}

/// `net.compression = shared`.
void once_for_all(benchmark::State& state) {
  frame_deflater deflater;
  run(state, [&](const batch_ptr& batch, std::vector<outbox>& recipients) {
    const auto made = std::make_shared<const compressed_frames::frames>(deflater.compress(*batch));
    for (outbox& to : recipients) give(to, {made, made->bytes.data()}, made->bytes.size());
  });
}

/// The same bytes, made anew for each recipient.
void once_a_recipient(benchmark::State& state) {
  frame_deflater deflater;
  run(state, [&](const batch_ptr& batch, std::vector<outbox>& recipients) {
    for (outbox& to : recipients) {
      const auto made = std::make_shared<const compressed_frames::frames>(deflater.compress(*batch));
      give(to, {made, made->bytes.data()}, made->bytes.size());
    }
  });
}

/// A connection's own stream, whose messages refer to earlier ones: what WebSocket libraries do by themselves. Window
/// and memory as Beast's defaults, the level ours.
class own_stream {
 public:
  own_stream() { stream_.reset(1, 15, 4, zlib::Strategy::normal); }

  std::shared_ptr<const std::string> compress(const encoded_batch& batch, std::string& scratch) {
    auto made = std::make_shared<std::string>();
    std::uint32_t begin = 0;
    for (const std::uint32_t end : batch.ends) {
      const auto payload = std::string_view(batch.bytes).substr(begin + 4, end - begin - 4);  // 126 to 65,535 bytes
      zlib::z_params io;
      io.next_in = payload.data();
      io.avail_in = payload.size();
      io.next_out = scratch.data();
      io.avail_out = scratch.size();
      boost::system::error_code ec;
      stream_.write(io, zlib::Flush::sync, ec);
      append_frame_header(*made, io.total_out - 4, frame_form::compressed);
      made->append(scratch.data(), io.total_out - 4);
      begin = end;
    }
    return made;
  }

 private:
  zlib::deflate_stream stream_;
};

std::size_t allocated_bytes() {
  const auto all = mallinfo2();
  return all.uordblks + all.hblkhd;
}

void connections_own(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  std::string scratch(64 * 1024, '\0');
  const auto first = chat_batches().front();
  const std::size_t before = allocated_bytes();
  std::vector<std::unique_ptr<own_stream>> streams;
  streams.reserve(count);
  for (std::size_t i = 0; i < count; ++i) streams.push_back(std::make_unique<own_stream>());
  for (const auto& stream : streams) (void)stream->compress(*first, scratch);
  const std::size_t memory = allocated_bytes() - before;
  run(state, [&](const batch_ptr& batch, std::vector<outbox>& recipients) {
    for (std::size_t i = 0; i < count; ++i) {
      const auto made = streams[i]->compress(*batch, scratch);
      give(recipients[i], {made, made->data()}, made->size());
    }
  });
  state.counters["memory_each"] = static_cast<double>(memory) / static_cast<double>(count);
}

BENCHMARK(plain)->Arg(1)->Arg(10)->Arg(100)->Arg(1'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(once_for_all)->Arg(1)->Arg(10)->Arg(100)->Arg(1'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(once_a_recipient)->Arg(1)->Arg(10)->Arg(100)->Arg(1'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(connections_own)->Arg(1)->Arg(10)->Arg(100)->Arg(1'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace parley

BENCHMARK_MAIN();
