// Follows a client's bytes just far enough to count frames and to see where messages end; pure state, no payload.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace parley {

/// Beast tells of whole messages alone, and of empty fragments never; limits must hold for what comes before that.
/// Whether the frames are sound is Beast's to say: of unsound ones the counts mean nothing, and the connection ends.
class frame_meter {
 public:
  /// Frames that began in these bytes, control frames and fragments too. Where messages may be compressed
  /// (`takes_compressed`), the mark of one that is, the first reserved bit, is taken off, since Beast knows of no
  /// compression here; and a text is made to look like a binary message, so that Beast does not look for UTF-8 in it
  /// and the reader can tell it from a plain one. A mark that stands elsewhere stays, and Beast refuses it.
  std::uint32_t feed(std::span<char> bytes, bool takes_compressed = false);
  /// The number, counted from 1, of the first message that came as a binary one where messages may be
  /// compressed; 0 when none did.
  [[nodiscard]] std::uint32_t first_binary() const { return first_binary_; }
  /// A message has begun and its last byte has not come.
  [[nodiscard]] bool in_message() const { return in_message_; }
  /// Messages that ever began: tells one from the next. May wrap.
  [[nodiscard]] std::uint32_t messages() const { return messages_; }
  /// Control frames that ever began. May wrap.
  [[nodiscard]] std::uint32_t controls() const { return controls_; }
  /// Neither a frame nor a message is incomplete.
  [[nodiscard]] bool is_between() const { return !in_message_ && header_bytes_ == 0 && payload_left_ == 0; }

 private:
  void unmark(char& first_byte);
  void begin_payload();
  void end_frame();
  [[nodiscard]] std::size_t header_size() const;

  std::array<std::uint8_t, 14> header_{};
  std::uint8_t header_bytes_ = 0;  ///< Of the header at hand; 0 between frames and within a payload.
  bool in_message_ = false;
  std::uint64_t payload_left_ = 0;
  std::uint32_t messages_ = 0;
  std::uint32_t controls_ = 0;
  std::uint32_t first_binary_ = 0;
};

}  // namespace parley
