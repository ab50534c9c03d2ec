// Order and bounds of what waits for one socket.
#include "net/outbox.hpp"

#include <algorithm>
#include <utility>

namespace parley {

namespace {
constexpr std::size_t kept_slots = 4;       // what an idle connection may keep
constexpr std::size_t compact_slots = 256;  // sent slices at the front before the rest moves down
}  // namespace

outbound_slice make_slice(const shared_bytes& frames, std::uint32_t frame_count, slice_kind kind) {
  const auto size = static_cast<std::uint32_t>(frames->size());
  return {std::shared_ptr<const char>(frames, frames->data()), size, frame_count, kind};
}

outbound_slice make_slice(std::string bytes, std::uint32_t frame_count, slice_kind kind) {
  return make_slice(std::make_shared<const std::string>(std::move(bytes)), frame_count, kind);
}

outbound_slice borrow_slice(const char* bytes, std::size_t size) {
  return {std::shared_ptr<const char>(std::shared_ptr<void>(), bytes), static_cast<std::uint32_t>(size), 0,
          slice_kind::raw};
}

std::size_t frame_size_at(std::string_view bytes) {
  if (bytes.size() < 2) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  const std::size_t short_length = byte(1) & 0x7FU;
  if (short_length < 126) return 2 + short_length;
  const std::size_t length_bytes = short_length == 126 ? 2 : 8;
  if (bytes.size() < 2 + length_bytes) return 0;
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length = length << 8U | byte(2 + i);
  return 2 + length_bytes + length;
}

std::uint32_t count_frames(std::string_view bytes) {
  std::uint32_t count = 0;
  while (!bytes.empty()) {
    const std::size_t size = frame_size_at(bytes);
    ++count;
    if (size == 0 || size >= bytes.size()) break;
    bytes.remove_prefix(size);
  }
  return count;
}

std::string close_frame(close_code code) {
  const std::string_view why = reason(code).substr(0, 123);
  const auto number = static_cast<std::uint16_t>(code);
  std::string frame;
  frame.reserve(4 + why.size());
  frame.push_back(static_cast<char>(0x88));
  frame.push_back(static_cast<char>(2 + why.size()));
  frame.push_back(static_cast<char>(number >> 8U));
  frame.push_back(static_cast<char>(number & 0xFFU));
  return frame.append(why);
}

outbox::outcome outbox::judge(const outbound_slice& slice, const outbox_bounds& bounds) const {
  if (sealed_) return outcome::sealed;
  const bool bounded = slice.kind == slice_kind::frames || slice.kind == slice_kind::ephemeral;
  if (bounded && over(bounds)) {
    if (slice.kind == slice_kind::ephemeral) return outcome::dropped;
    if (waiting_bytes_ + slice.size > 2 * bounds.bytes || waiting_frames_ + slice.frame_count > 2 * bounds.frames) {
      return outcome::too_slow;
    }
  }
  return outcome::queued;
}

outbox::outcome outbox::push(outbound_slice slice, const outbox_bounds& bounds) {
  const outcome verdict = judge(slice, bounds);
  if (verdict == outcome::queued) append(std::move(slice));
  return verdict;
}

void outbox::push_last(outbound_slice slice) {
  if (sealed_) return;
  append(std::move(slice));
  sealed_ = true;
}

void outbox::append(outbound_slice&& slice) {
  if (slice.size == 0) return;
  waiting_bytes_ += slice.size;
  waiting_frames_ += slice.frame_count;
  slices_.push_back(std::move(slice));
}

void outbox::drop_unbegun() {
  if (empty() || (sealed_ && head_ + 1 == slices_.size())) return;
  outbound_slice last;
  if (sealed_) last = slices_.back();
  std::string rest;
  if (head_is_rest_) {
    const outbound_slice& head = slices_[head_];
    rest.assign(head.bytes.get() + sent_of_head_, head.size - sent_of_head_);
  } else if (sent_of_head_ > 0) {
    const outbound_slice& head = slices_[head_];
    const std::string_view all(head.bytes.get(), head.size);
    std::size_t end = 0;
    while (end < sent_of_head_) {
      const std::size_t size = frame_size_at(all.substr(end));
      end = size == 0 ? all.size() : std::min(all.size(), end + size);
    }
    rest = all.substr(sent_of_head_, end - sent_of_head_);
  }
  left_ += waiting_bytes_ - rest.size() - last.size;
  let_go_of_slots();
  head_ = sent_of_head_ = waiting_bytes_ = waiting_frames_ = 0;
  head_is_rest_ = !rest.empty();
  if (head_is_rest_) append(make_slice(std::move(rest), 1, slice_kind::frames));
  append(std::move(last));
}

void outbox::clear() {
  left_ += waiting_bytes_;
  let_go_of_slots();
  head_ = sent_of_head_ = waiting_bytes_ = waiting_frames_ = 0;
  head_is_rest_ = false;
  sealed_ = true;
}

std::size_t outbox::gather(std::span<iovec> parts, std::size_t most_bytes) const {
  std::size_t count = 0;
  std::size_t skip = sent_of_head_;
  for (std::size_t i = head_; i < slices_.size() && count < parts.size() && most_bytes > 0; ++i) {
    const outbound_slice& slice = slices_[i];
    const std::size_t size = std::min(slice.size - skip, most_bytes);
    // iovec serves reading too, so it wants a pointer to mutable bytes; nothing is written through it.
    parts[count++] = {const_cast<char*>(slice.bytes.get() + skip), size};  // NOLINT(*-const-cast)
    most_bytes -= size;
    skip = 0;
  }
  return count;
}

std::uint32_t outbox::consume(std::size_t bytes) {
  bytes = std::min(bytes, waiting_bytes_);
  waiting_bytes_ -= bytes;
  left_ += bytes;
  std::uint32_t frames = 0;
  while (bytes > 0) {
    outbound_slice& head = slices_[head_];
    const std::size_t rest = head.size - sent_of_head_;
    if (bytes < rest) {
      sent_of_head_ += bytes;
      break;
    }
    bytes -= rest;
    frames += head.frame_count;
    head.bytes.reset();
    head_is_rest_ = false;
    ++head_;
    sent_of_head_ = 0;
  }
  waiting_frames_ -= frames;
  compact();
  return frames;
}

/// `= {}` would keep them: it assigns an empty list.
void outbox::let_go_of_slots() { slices_ = std::vector<outbound_slice>(); }

void outbox::compact() {
  if (head_ == slices_.size()) {
    if (slices_.capacity() > kept_slots) {
      let_go_of_slots();
    } else {
      slices_.clear();
    }
    head_ = 0;
  } else if (head_ >= compact_slots && head_ * 2 >= slices_.size()) {
    slices_.erase(slices_.begin(), slices_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

}  // namespace parley
