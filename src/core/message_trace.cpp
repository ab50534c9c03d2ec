// A ring of the last messages, found by id and by place.
#include "parley/message_trace.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <mutex>
#include <vector>

namespace parley {
namespace {

struct place {
  room_id room;
  sequence seq = 0;
  friend bool operator==(const place&, const place&) = default;
};
struct hash_place {
  std::size_t operator()(const place& of) const noexcept {
    return std::hash<room_id>{}(of.room) ^ (static_cast<std::size_t>(of.seq) * 0x9E3779B97F4A7C15ULL);
  }
};
struct slot {
  traced_message what;
  steady_time accepted{};
};

std::int64_t microseconds(steady_time::duration time) {
  return std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

}  // namespace

struct message_trace::ring {
  mutable std::mutex mutex;
  std::vector<slot> slots;  ///< Grows to `capacity` with the first messages.
  std::size_t next = 0;
  boost::unordered_flat_map<uuid, std::size_t, std::hash<uuid>> by_id;
  boost::unordered_flat_map<place, std::size_t, hash_place> by_place;

  /// A slot for a new message; the oldest one's when there are enough.
  std::size_t take_slot() {
    if (slots.size() < capacity) {
      slots.emplace_back();
      return slots.size() - 1;
    }
    const auto index = next;
    next = (next + 1) % capacity;
    by_id.erase(slots[index].what.message);
    by_place.erase({slots[index].what.room, slots[index].what.seq});
    return index;
  }
  void put(const traced_message& message, steady_time since) {
    const auto index = take_slot();
    by_id.insert_or_assign(message.message, index);
    by_place.insert_or_assign({message.room, message.seq}, index);
    slots[index] = {message, since};
  }
};

message_trace::message_trace() : ring_(std::make_unique<ring>()) {}
message_trace::~message_trace() = default;

void message_trace::note_stored(room_id room, std::span<const stored> messages, std::uint32_t batch_commands,
                                steady_time to_store, steady_time committed, timestamp now) {
  const std::lock_guard lock(ring_->mutex);
  for (const auto& message : messages) {
    const auto age = committed - message.accepted;
    ring_->put({message.message, room, message.seq, message_origin::accepted,
                now - std::chrono::duration_cast<std::chrono::milliseconds>(age),
                microseconds(to_store - message.accepted), microseconds(age), std::nullopt, batch_commands, 0},
               message.accepted);
  }
}

void message_trace::note_heard(room_id room, std::span<const heard> messages, message_origin from, steady_time when,
                               timestamp now) {
  const std::lock_guard lock(ring_->mutex);
  for (const auto& message : messages) {
    if (ring_->by_id.contains(message.message)) continue;
    ring_->put({message.message, room, message.seq, from, now, 0, 0, std::nullopt, 0, 0}, when);
  }
}

void message_trace::note_delivered(room_id room, sequence first, std::size_t count, std::uint32_t connections,
                                   steady_time when) {
  const std::lock_guard lock(ring_->mutex);
  for (std::size_t i = 0; i < count; ++i) {
    const auto found = ring_->by_place.find({room, first + static_cast<sequence>(i)});
    if (found == ring_->by_place.end()) continue;
    auto& [what, accepted] = ring_->slots[found->second];
    what.delivered_us = microseconds(when - accepted);
    what.connections += connections;
  }
}

std::optional<traced_message> message_trace::find(message_id message) const {
  const std::lock_guard lock(ring_->mutex);
  const auto found = ring_->by_id.find(message);
  return found == ring_->by_id.end() ? std::nullopt : std::optional(ring_->slots[found->second].what);
}

}  // namespace parley
