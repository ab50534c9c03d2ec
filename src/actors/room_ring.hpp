// The newest events of a room in memory, encoded, for replay without the store; messages stand in it as they now are.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>

#include "parley/codec.hpp"
#include "parley/events.hpp"
#include "parley/frame.hpp"
#include "parley/metrics.hpp"

namespace parley {

/// Entries are slices of the batches that went out live, so that an event is encoded once for delivery and replay
/// together and a replay only copies bytes. Beside the bytes an entry keeps of its event only what an edit or a delete
/// of the message needs to encode it anew; the text itself is kept nowhere else. Belongs to one room; no thread safety.
class room_ring {
 public:
  struct limits {
    std::size_t events = 256;
    std::size_t bytes = 256 * 1024;
    std::uint64_t node_bytes = 256ULL * 1024 * 1024;  ///< For all rings that share `node_total`.
  };
  /// The ring begins empty behind `last`. `node_total` and `encoder` outlive it.
  room_ring(limits bounds, sequence last, const frame_encoder& encoder, gauge& node_total);
  ~room_ring();
  room_ring(const room_ring&) = delete;
  room_ring& operator=(const room_ring&) = delete;

  /// `event` has seq last() + 1; its frame is `length` bytes of `bytes` from `offset`. An edit or delete first rewrites
  /// the entries of its message.
  void append(const durable_event& event, shared_bytes bytes, std::uint32_t offset, std::uint32_t length);
  /// Forgets the oldest half when the node's rings are over their budget.
  void shrink_if_over_budget();

  [[nodiscard]] sequence last() const { return last_; }
  /// Everything after `after` is here.
  [[nodiscard]] bool covers(sequence after) const { return after >= floor() && after <= last_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

  struct extent {
    std::uint32_t events = 0;
    std::size_t bytes = 0;
  };
  /// How much of what follows `after` fits: at least one event, if there is one and max_events is not 0.
  [[nodiscard]] extent measure(sequence after, std::uint32_t max_events, std::size_t max_bytes) const;
  void copy(std::string& out, sequence after, std::uint32_t events) const;
  /// Others' messages after `after` that are not deleted; null where the ring does not reach back.
  [[nodiscard]] std::optional<std::int64_t> unread(user_id user, sequence after) const;

 private:
  struct entry {
    shared_bytes bytes;
    std::uint32_t offset = 0, length = 0;
    std::size_t cost = 0;                                                  ///< What it counts for against the bounds.
    std::variant<std::monostate, message_posted, message_edited> message;  ///< Without content.
    bool deleted = false;
  };
  [[nodiscard]] sequence floor() const { return last_ - static_cast<sequence>(entries_.size()); }
  [[nodiscard]] std::size_t index_after(sequence after) const { return static_cast<std::size_t>(after - floor()); }
  void rewrite(message_id message, const std::optional<std::string>& content, bool deleted);
  void encode_again(entry& item, sequence seq, const event_body& body);
  void count(entry& item);
  void forget_oldest();

  limits bounds_;
  sequence last_;
  const frame_encoder& encoder_;
  gauge& node_total_;
  room_id room_;
  std::deque<entry> entries_;
  std::size_t bytes_ = 0;
};

}  // namespace parley
