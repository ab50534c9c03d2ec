// What a receiver reads of a frame.
#include "across/stamp.hpp"

#include <gtest/gtest.h>

namespace parley::bench::stamp_test {
namespace {

TEST(across_stamp, content_has_the_size_and_gives_its_number_back) {
  const auto content = stamped_content(4711, 128);
  EXPECT_EQ(content.size(), 128U);
  const auto frame = R"({"type":"new_message","data":{"room_id":"r","seq":17,"content":")" + content + R"("}})";
  EXPECT_EQ(stamp_in(frame), 4711U);
  EXPECT_EQ(stamped_content(1, 3).size(), stamp_digits);
}

TEST(across_stamp, finds_no_number_in_frames_without_one) {
  EXPECT_EQ(stamp_in(R"({"type":"new_message","data":{"content":null}})"), std::nullopt);
  EXPECT_EQ(stamp_in(R"({"type":"ready","data":{}})"), std::nullopt);
  EXPECT_EQ(stamp_in(R"({"data":{"content":"hello"}})"), std::nullopt);
  EXPECT_EQ(stamp_in(R"({"data":{"content":")"), std::nullopt);
}

TEST(across_stamp, reads_the_type_at_the_frame_s_beginning_and_as_a_whole) {
  EXPECT_TRUE(is_of_type(R"({"type":"ack","id":"7","data":{}})", "ack"));
  EXPECT_FALSE(is_of_type(R"({"type":"acknowledged","id":"7","data":{}})", "ack"));
  EXPECT_FALSE(is_of_type(R"({"type":"new_message","data":{"content":"\"type\":\"ack\""}})", "ack"));
  EXPECT_FALSE(is_of_type(R"({"type":")", "ack"));
}

TEST(across_stamp, reads_the_id_of_an_ack) {
  EXPECT_EQ(numeric_id_in(R"({"type":"ack","id":"23","data":{"room_id":"r"}})"), 23U);
  EXPECT_EQ(numeric_id_in(R"({"type":"error","id":null,"data":{}})"), std::nullopt);
}

}  // namespace
}  // namespace parley::bench::stamp_test
