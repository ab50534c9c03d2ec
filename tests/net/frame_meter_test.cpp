// Counting frames and following messages by their headers alone, however the bytes are cut.
#include "net/frame_meter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace parley {
namespace {

std::string frame_of(unsigned first_byte, std::size_t size, bool masked = true) {
  std::string frame{static_cast<char>(first_byte)};
  const unsigned mask_bit = masked ? 0x80U : 0;
  if (size < 126) {
    frame.push_back(static_cast<char>(mask_bit | size));
  } else {
    const int length_bytes = size < 65'536 ? 2 : 8;
    frame.push_back(static_cast<char>(mask_bit | (length_bytes == 2 ? 126U : 127U)));
    for (int i = length_bytes - 1; i >= 0; --i) frame.push_back(static_cast<char>(size >> (8 * i) & 0xFFU));
  }
  if (masked) frame.append("mask");
  return frame.append(size, '\xFF');
}

std::uint32_t feed(frame_meter& meter, std::string bytes) { return meter.feed(bytes); }

constexpr unsigned text_whole = 0x81, text_begun = 0x01, continued = 0x00, text_ended = 0x80, ping = 0x89;

TEST(frame_meter, counts_every_frame_of_any_size_and_kind) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65'535U, 65'536U, 70'000U}) {
    frame_meter meter;
    EXPECT_EQ(feed(meter, frame_of(text_whole, size) + frame_of(ping, 5) + frame_of(text_whole, size, false)), 3U)
        << size;
    EXPECT_FALSE(meter.in_message());
    EXPECT_EQ(meter.messages(), 2U);
  }
}

TEST(frame_meter, sees_the_same_in_single_bytes) {
  const auto all =
      frame_of(text_begun, 300) + frame_of(ping, 0) + frame_of(continued, 0) + frame_of(text_ended, 70'000);
  frame_meter meter;
  std::uint32_t frames = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(meter.in_message(), i > 0);
    frames += feed(meter, all.substr(i, 1));
  }
  EXPECT_EQ(frames, 4U);
  EXPECT_EQ(meter.messages(), 1U);
  EXPECT_FALSE(meter.in_message());
}

TEST(frame_meter, a_message_is_open_until_its_final_fragment_is_complete) {
  frame_meter meter;
  feed(meter, frame_of(text_begun, 0));
  EXPECT_TRUE(meter.in_message());
  for (int i = 0; i < 10; ++i) feed(meter, frame_of(continued, 0) + frame_of(ping, 125));
  EXPECT_TRUE(meter.in_message());
  EXPECT_EQ(meter.messages(), 1U);
  feed(meter, frame_of(text_ended, 0));
  EXPECT_FALSE(meter.in_message());
  feed(meter, frame_of(text_whole, 4).substr(0, 1));
  EXPECT_TRUE(meter.in_message());
  EXPECT_EQ(meter.messages(), 2U);
}

TEST(frame_meter, takes_absurd_lengths_as_they_are) {
  frame_meter meter;
  feed(meter, std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10) + "mask" + std::string(100'000, 'x'));
  EXPECT_TRUE(meter.in_message());
}

struct marked_case {
  const char* what;
  unsigned first_byte;
  unsigned seen_by_beast;
};

TEST(frame_meter, takes_the_mark_off_a_compressed_message_and_off_nothing_else) {
  const marked_case cases[] = {
      {"a plain text", 0x81, 0x81},
      {"a compressed text", 0xC1, 0x82},
      {"the first fragment of one", 0x41, 0x02},
      {"a compressed binary message", 0xC2, 0x82},
      {"a plain binary message", 0x82, 0x82},
      {"another reserved bit stays", 0xE1, 0xA2},
      {"a ping", 0xC9, 0xC9},
      {"a continuation of nothing", 0xC0, 0xC0},
      {"an unknown opcode", 0xC3, 0xC3},
  };
  for (const auto& given : cases) {
    for (const bool takes_compressed : {true, false}) {
      std::string bytes = frame_of(given.first_byte, 3);
      const std::string before = bytes;
      frame_meter meter;
      meter.feed(bytes, takes_compressed);
      const unsigned expected = takes_compressed ? given.seen_by_beast : given.first_byte;
      EXPECT_EQ(static_cast<unsigned char>(bytes[0]), expected) << given.what;
      EXPECT_EQ(bytes.substr(1), before.substr(1)) << given.what;
    }
  }
}

TEST(frame_meter, leaves_marks_within_a_message_and_behind_single_bytes_where_they_belong) {
  std::string all = frame_of(0x41, 300) + frame_of(0xC9, 0) + frame_of(0xC0, 2) + frame_of(0xC1, 2);
  const std::size_t ping_at = 308, continued_at = ping_at + 6, next_at = continued_at + 8;
  frame_meter meter;
  for (char& byte : all) meter.feed({&byte, 1}, true);
  const auto byte_at = [&](std::size_t at) { return static_cast<unsigned char>(all[at]); };
  EXPECT_EQ(byte_at(0), 0x02);
  EXPECT_EQ(byte_at(ping_at), 0xC9);
  EXPECT_EQ(byte_at(continued_at), 0xC0);
  EXPECT_EQ(byte_at(next_at), 0x82);
}

TEST(frame_meter, remembers_the_first_message_that_was_binary) {
  frame_meter meter;
  std::string bytes = frame_of(0xC1, 3) + frame_of(text_whole, 3) + frame_of(ping, 0);
  meter.feed(bytes, true);
  EXPECT_EQ(meter.first_binary(), 0U);
  bytes = frame_of(0xC2, 3) + frame_of(0x82, 3);
  meter.feed(bytes, true);
  EXPECT_EQ(meter.first_binary(), 3U);
}

}  // namespace
}  // namespace parley
