// Range headers against a body of ten bytes.
#include "net/byte_range.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

using enum range_answer;

TEST(byte_range, finds_the_part) {
  const auto expect = [](std::string_view header, std::uint64_t first, std::uint64_t length) {
    byte_range found;
    EXPECT_EQ(read_range(header, 10, found), part) << header;
    EXPECT_EQ(found.first, first) << header;
    EXPECT_EQ(found.length, length) << header;
  };
  expect("bytes=0-0", 0, 1);
  expect("bytes=2-5", 2, 4);
  expect("bytes=2-", 2, 8);
  expect("bytes=9-9", 9, 1);
  expect("bytes=5-99", 5, 5);
  expect("bytes=-3", 7, 3);
  expect("bytes=-99", 0, 10);
}

TEST(byte_range, says_what_cannot_be_had) {
  byte_range found;
  for (const auto* header : {"bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99-100"}) {
    EXPECT_EQ(read_range(header, 10, found), unsatisfiable) << header;
  }
  EXPECT_EQ(read_range("bytes=0-", 0, found), unsatisfiable);
  EXPECT_EQ(read_range("bytes=-1", 0, found), unsatisfiable);
}

TEST(byte_range, answers_whole_to_what_it_need_not_understand) {
  byte_range found;
  for (const auto* header : {"", "bytes", "bytes=", "bytes=x-", "bytes=1", "bytes=5-2", "bytes=0-1,3-4", "lines=0-1",
                             "bytes=1-2x", "bytes=99999999999999999999-", "bytes=--1", "bytes= 1-2"}) {
    EXPECT_EQ(read_range(header, 10, found), whole) << header;
  }
}

}  // namespace
}  // namespace parley
