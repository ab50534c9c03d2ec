// What a room does for its messages without actors and sockets: taking sends into a batch, taking the store's answer,
// releasing events in order, and looking up who may do what and what somebody missed.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <deque>
#include <numeric>
#include <optional>

#include "actors/room_batcher.hpp"
#include "actors/room_ring.hpp"
#include "actors/room_state.hpp"
#include "net/json_encoder.hpp"
#include "net/outbox.hpp"
#include "parley/permissions.hpp"
#include "samples.hpp"

namespace parley::bench {
namespace {

/// What is set up for one iteration while its clock stands: stopping the clock costs about as much as a message.
constexpr std::size_t messages_a_block = 1'024;
constexpr std::size_t members_of_room = 1'000;

const room_id room(numbered_uuid(1));

std::shared_ptr<pending_command> sample_send(std::uint64_t number) {
  auto command = std::make_shared<pending_command>();
  command->user = user_id(numbered_uuid(number % members_of_room));
  command->command = send_message{sample_text(128), {}, {}, to_string(numbered_uuid(number))};
  command->connection = {{0, number}, "17", true};
  command->reply = answer<change_room::reply>([](const result<change_room::reply>&) {});
  return command;
}

/// What the store says to a batch of messages: each is the next event.
std::vector<append_outcome> stored_as(const std::vector<append_command>& batch, sequence last) {
  std::vector<append_outcome> outcomes;
  outcomes.reserve(batch.size());
  for (const auto& command : batch) {
    auto event = sample_event(room, ++last);
    std::get<message_posted>(event.body).message = message_id(command.new_id);
    outcomes.emplace_back(stored{{std::move(event)}, false});
  }
  return outcomes;
}

/// A batcher has one batch with the store at a time, so that a block has a batcher for each of its batches.
class block_of_batches {
 public:
  explicit block_of_batches(std::size_t batch_size) : size_(batch_size) {}

  void queue() {
    batches_.clear();
    batchers_.clear();
    sends_.clear();
    for (std::size_t i = 0; i < messages_a_block; ++i) sends_.push_back(sample_send(i));
    for (std::size_t i = 0; i < count(); ++i) {
      batchers_.emplace_back(room, room_batcher::limits{}, json_encoder(), system_ids(), waiting_);
    }
    batches_.reserve(count());
  }
  void accept() {
    auto next = sends_.begin();
    for (auto& batcher : batchers_) {
      for (std::size_t i = 0; i < size_; ++i) are_taken_ &= batcher.add(std::move(*next++));
      batches_.push_back(batcher.take_batch(system_clock().now()));
    }
  }
  void store() {
    outcomes_.clear();
    items_.clear();
    for (const auto& batch : batches_) outcomes_.push_back(stored_as(batch, 0));
    items_.reserve(count());
  }
  void take_answers() {
    auto outcomes = outcomes_.begin();
    for (auto& batcher : batchers_) items_.push_back(batcher.finish(std::move(*outcomes++)));
  }

  [[nodiscard]] std::size_t count() const { return messages_a_block / size_; }
  [[nodiscard]] bool are_accepted() const { return are_taken_ && are_full(batches_); }
  [[nodiscard]] bool are_answered() const {
    return are_full(items_) && items_.back().back().event && items_.back().back().reply;
  }

 private:
  template <class T>
  [[nodiscard]] bool are_full(const std::vector<std::vector<T>>& all) const {
    return all.size() == count() &&
           std::all_of(all.begin(), all.end(), [&](const auto& b) { return b.size() == size_; });
  }

  std::size_t size_;
  gauge waiting_;
  std::vector<std::shared_ptr<pending_command>> sends_;
  std::deque<room_batcher> batchers_;
  std::vector<std::vector<append_command>> batches_;
  std::vector<std::vector<append_outcome>> outcomes_;
  std::vector<std::vector<order_item>> items_;
  bool are_taken_ = true;
};

/// From a command that a session sent to the batch that goes to the store, with ids and time.
void accept_sends(benchmark::State& state) {
  block_of_batches block(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    state.PauseTiming();
    block.queue();
    state.ResumeTiming();
    block.accept();
  }
  if (!block.are_accepted()) return state.SkipWithError("not every send was taken");
  report(state, messages_a_block, 0);
}

/// From what the store said to the room's order: each sender's ack is encoded.
void take_stores_answer(benchmark::State& state) {
  block_of_batches block(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    state.PauseTiming();
    block.queue();
    block.accept();
    block.store();
    state.ResumeTiming();
    block.take_answers();
  }
  if (!block.are_answered()) return state.SkipWithError("not every send has its event and its ack");
  report(state, messages_a_block, 0);
}

room_snapshot sample_room() {
  room_snapshot snapshot;
  snapshot.id = room;
  snapshot.name = "room";
  for (std::size_t i = 0; i < members_of_room; ++i) snapshot.members.emplace_back(numbered_uuid(i));
  return snapshot;
}

/// A room with members and a full ring.
class room_in_use {
 public:
  room_in_use() : state_(sample_room(), replay_config{}, json_encoder(), ring_bytes_) {
    say(replay_config{}.ring_events);
  }

  room_state& state() { return state_; }
  std::vector<order_item> next_batch(sequence last, std::size_t count) const {
    std::vector<order_item> items;
    items.reserve(count);
    for (auto& event : sample_events(room, last + 1, count)) items.push_back({std::move(event), std::nullopt, {}});
    return items;
  }
  void say(std::size_t count) {
    state_.push(next_batch(state_.released(), count));
    state_.release();
  }

 private:
  gauge ring_bytes_;
  room_state state_;
};

/// From the store's events to what goes to the shards: order, frames, ring.
void release_events(benchmark::State& state) {
  const auto each = static_cast<std::size_t>(state.range(0));
  room_in_use used;
  std::vector<std::vector<order_item>> batches;
  std::vector<std::optional<room_release>> released;
  std::size_t bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    batches.clear();
    released.clear();
    for (std::size_t i = 0; i < messages_a_block; i += each) {
      batches.push_back(used.next_batch(used.state().released() + static_cast<sequence>(i), each));
    }
    released.reserve(batches.size());
    state.ResumeTiming();
    for (auto& batch : batches) {
      used.state().push(std::move(batch));
      released.push_back(used.state().release());
    }
  }
  for (const auto& release : released) {
    if (!release || count_frames(release->batch->bytes) != each) return state.SkipWithError("not every event came out");
    bytes += release->batch->bytes.size();
  }
  report(state, messages_a_block, bytes);
}

void ring_insert(benchmark::State& state) {
  auto events = sample_events(room, 1, 256);
  const auto batch = encode_batch(json_encoder(), events);
  const shared_bytes bytes(batch, &batch->bytes);
  gauge node_bytes;
  room_ring ring({}, 0, json_encoder(), node_bytes);
  for (auto _ : state) {
    std::uint32_t begin = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      events[i].seq = ring.last() + 1;
      ring.append(events[i], bytes, begin, batch->ends[i] - begin);
      begin = batch->ends[i];
    }
  }
  if (ring.size() != events.size() || !ring.covers(ring.last() - 256)) return state.SkipWithError("the ring lost some");
  report(state, events.size(), 0);
}

/// A page for somebody who missed that many events.
void replay_from_ring(benchmark::State& state) {
  const auto missed = static_cast<std::uint32_t>(state.range(0));
  room_in_use used;
  const auto after = used.state().released() - missed;
  const user_id member(numbered_uuid(7));
  const auto page = used.state().plan_replay(member, after, replay_config{}.limit);
  if (page.what != replay_step::kind::attach || count_frames(page.frames) != missed) {
    return state.SkipWithError("the ring does not give what was missed");
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(used.state().plan_replay(member, after, replay_config{}.limit));
  }
  report(state, missed, page.frames.size());
}

/// Every operation by every role and standing.
void permissions(benchmark::State& state) {
  std::size_t allowed = 0;
  for (auto _ : state) {
    allowed = 0;
    for (std::size_t what = 0; what < operation_count; ++what) {
      for (const auto as : {role::user, role::moderator, role::admin}) {
        for (const auto how : {standing::outsider, standing::member, standing::owner}) {
          allowed += permission(static_cast<operation>(what), as, how) == verdict::allowed ? 1 : 0;
        }
      }
    }
    benchmark::DoNotOptimize(allowed);
  }
  const bool may_send = permission(operation::send_message, role::user, standing::member) == verdict::allowed;
  const bool may_intrude = permission(operation::send_message, role::user, standing::outsider) == verdict::allowed;
  if (allowed == 0 || !may_send || may_intrude) return state.SkipWithError("the table says otherwise");
  report(state, operation_count * 9, 0);
}

/// As many members as strangers.
void member_look_ups(benchmark::State& state) {
  room_in_use used;
  std::vector<user_id> users;
  users.reserve(2 * members_of_room);
  for (std::size_t i = 0; i < 2 * members_of_room; ++i)
    users.emplace_back(numbered_uuid(i * 7 % (2 * members_of_room)));
  std::ptrdiff_t found = 0;
  for (auto _ : state) {
    found = std::count_if(users.begin(), users.end(), [&](const auto& user) { return used.state().is_member(user); });
    benchmark::DoNotOptimize(found);
  }
  if (found != std::ptrdiff_t{members_of_room}) return state.SkipWithError("the room has other members");
  report(state, users.size(), 0);
}

void walk_of_members(benchmark::State& state) {
  room_in_use used;
  std::size_t seen = 0;
  for (auto _ : state) {
    seen = 0;
    used.state().for_each_member([&](const user_id& user) { seen += user.is_nil() ? 0 : 1; });
    benchmark::DoNotOptimize(seen);
  }
  if (seen != members_of_room) return state.SkipWithError("the walk passed somebody over");
  report(state, members_of_room, 0);
}

BENCHMARK(accept_sends)->Arg(1)->Arg(16)->Arg(128);
BENCHMARK(take_stores_answer)->Arg(1)->Arg(16)->Arg(128);
BENCHMARK(release_events)->Arg(1)->Arg(16)->Arg(128);
BENCHMARK(ring_insert);
BENCHMARK(replay_from_ring)->Arg(1)->Arg(16)->Arg(64);
BENCHMARK(permissions);
BENCHMARK(member_look_ups);
BENCHMARK(walk_of_members);

}  // namespace
}  // namespace parley::bench

BENCHMARK_MAIN();
