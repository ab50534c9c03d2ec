// What waits to leave for one socket: slices of shared bytes in order, with bounds; no I/O in it.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/error.hpp"
#include "parley/frame.hpp"

namespace parley {

enum class slice_kind : std::uint8_t {
  frames,     ///< Events, answers, pages: never dropped; past twice the bound the connection is too slow.
  ephemeral,  ///< Dropped above the bound.
  control,    ///< Ping and pong: whole frames outside the bound.
  raw,        ///< HTTP: any bytes, outside the bound; its writer waits until they have left.
};

/// A stretch of bytes that many sockets may share. For kinds other than raw: one or more complete WebSocket frames.
struct outbound_slice {
  std::shared_ptr<const char> bytes;  ///< Points at the first byte; owns the buffer around it, or nothing for raw.
  std::uint32_t size = 0;
  std::uint32_t frame_count = 1;
  slice_kind kind = slice_kind::frames;
};

outbound_slice make_slice(const shared_bytes& frames, std::uint32_t frame_count, slice_kind kind);
/// Takes the bytes over.
outbound_slice make_slice(std::string bytes, std::uint32_t frame_count, slice_kind kind);
/// Does not own: the caller keeps the bytes until they have left or the outbox was cleared.
outbound_slice borrow_slice(const char* bytes, std::size_t size);

/// The whole length of the server frame that begins there; 0 when not even its header is complete.
std::size_t frame_size_at(std::string_view bytes);
/// Frames that stand back to back.
std::uint32_t count_frames(std::string_view bytes);
/// A complete close frame with the code and its sentence.
std::string close_frame(close_code code);

struct outbox_bounds {
  std::size_t bytes = 1024 * 1024;
  std::size_t frames = 1'000;
};

/// Not thread-safe; belongs to its connection's I/O thread. Empty, it owns no memory beyond a few slots.
class outbox {
 public:
  enum class outcome : std::uint8_t { queued, dropped, too_slow, sealed };

  /// What push() would answer. A push that finds at most the bound waiting is always taken, however large, so that one
  /// great batch does not cost a healthy client its connection.
  [[nodiscard]] outcome judge(const outbound_slice& slice, const outbox_bounds& bounds) const;
  /// Anything but `queued` leaves the outbox as it was.
  outcome push(outbound_slice slice, const outbox_bounds& bounds);
  /// The last bytes: after these every push answers `sealed`.
  void push_last(outbound_slice slice);
  /// Drops every frame that has not begun, but for the last one once it is sealed; what is left of one begun is copied,
  /// so that no shared buffer is held.
  void drop_unbegun();
  /// Drops everything and seals.
  void clear();

  /// Fills at most parts.size() entries and at most `most_bytes`, from the first unsent byte on; returns how many
  /// entries.
  std::size_t gather(std::span<iovec> parts, std::size_t most_bytes = SIZE_MAX) const;
  /// That many bytes have left, in order. Returns how many frames are thereby complete.
  std::uint32_t consume(std::size_t bytes);

  [[nodiscard]] bool empty() const { return waiting_bytes_ == 0; }
  [[nodiscard]] bool is_sealed() const { return sealed_; }
  [[nodiscard]] std::size_t waiting_bytes() const { return waiting_bytes_; }
  [[nodiscard]] std::size_t waiting_frames() const { return waiting_frames_; }
  [[nodiscard]] bool over(const outbox_bounds& bounds) const {
    return waiting_bytes_ > bounds.bytes || waiting_frames_ > bounds.frames;
  }
  [[nodiscard]] bool under_quarter(const outbox_bounds& bounds) const {
    return waiting_bytes_ * 4 < bounds.bytes && waiting_frames_ * 4 < bounds.frames;
  }
  /// Bytes that ever entered and ever left (dropped ones count as left): a writer's bytes are gone when left() has
  /// reached what entered() was after its push.
  [[nodiscard]] std::uint64_t entered() const { return left_ + waiting_bytes_; }
  [[nodiscard]] std::uint64_t left() const { return left_; }
  /// What its memory has room for, in slices.
  [[nodiscard]] std::size_t slots() const { return slices_.capacity(); }

 private:
  void append(outbound_slice&& slice);
  void let_go_of_slots();
  void compact();

  std::vector<outbound_slice> slices_;
  std::size_t head_ = 0;          ///< First slice that waits.
  std::size_t sent_of_head_ = 0;  ///< Its bytes that have left.
  std::size_t waiting_bytes_ = 0;
  std::size_t waiting_frames_ = 0;
  std::uint64_t left_ = 0;
  bool sealed_ = false;
  bool head_is_rest_ = false;  ///< It is what was left of a frame begun when the others were dropped.
};

}  // namespace parley
