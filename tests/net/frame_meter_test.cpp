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

constexpr unsigned text_whole = 0x81, text_begun = 0x01, continued = 0x00, text_ended = 0x80, ping = 0x89;

TEST(frame_meter, counts_every_frame_of_any_size_and_kind) {
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65'535U, 65'536U, 70'000U}) {
    frame_meter meter;
    EXPECT_EQ(meter.feed(frame_of(text_whole, size) + frame_of(ping, 5) + frame_of(text_whole, size, false)), 3U)
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
    frames += meter.feed({&all[i], 1});
  }
  EXPECT_EQ(frames, 4U);
  EXPECT_EQ(meter.messages(), 1U);
  EXPECT_FALSE(meter.in_message());
}

TEST(frame_meter, a_message_is_open_until_its_final_fragment_is_complete) {
  frame_meter meter;
  meter.feed(frame_of(text_begun, 0));
  EXPECT_TRUE(meter.in_message());
  for (int i = 0; i < 10; ++i) meter.feed(frame_of(continued, 0) + frame_of(ping, 125));
  EXPECT_TRUE(meter.in_message());
  EXPECT_EQ(meter.messages(), 1U);
  meter.feed(frame_of(text_ended, 0));
  EXPECT_FALSE(meter.in_message());
  meter.feed(frame_of(text_whole, 4).substr(0, 1));
  EXPECT_TRUE(meter.in_message());
  EXPECT_EQ(meter.messages(), 2U);
}

TEST(frame_meter, takes_absurd_lengths_as_they_are) {
  frame_meter meter;
  meter.feed(std::string("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff", 10) + "mask" + std::string(100'000, 'x'));
  EXPECT_TRUE(meter.in_message());
}

}  // namespace
}  // namespace parley
