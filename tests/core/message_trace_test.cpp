// The ring of the last messages.
#include "parley/message_trace.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

using std::chrono::microseconds;

message_id numbered(std::uint32_t number) {
  message_id made;
  for (std::size_t i = 0; i < 4; ++i) made.bytes.at(15 - i) = static_cast<std::uint8_t>(number >> (8 * i));
  return made;
}

class message_trace_test : public testing::Test {
 protected:
  void store(std::uint32_t number, steady_time accepted) {
    const message_trace::stored message{numbered(number), number, accepted};
    trace_.note_stored(room_, {&message, 1}, 3, accepted + microseconds(40), accepted + microseconds(2'500),
                       timestamp(std::chrono::milliseconds(5'000)));
  }
  message_trace trace_;
  room_id room_{numbered(99)};
  steady_time start_{std::chrono::hours(1)};
};

TEST_F(message_trace_test, tells_each_stage_of_a_message) {
  store(7, start_);
  auto found = trace_.find(numbered(7));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->room, room_);
  EXPECT_EQ(found->seq, 7);
  EXPECT_EQ(found->origin, message_origin::accepted);
  EXPECT_EQ(found->known_at, timestamp(std::chrono::milliseconds(4'998)));
  EXPECT_EQ(found->to_store_us, 40);
  EXPECT_EQ(found->committed_us, 2'500);
  EXPECT_EQ(found->batch_commands, 3U);
  EXPECT_EQ(found->delivered_us, std::nullopt);
  trace_.note_delivered(room_, 5, 4, 2, start_ + microseconds(3'000));
  trace_.note_delivered(room_, 7, 1, 3, start_ + microseconds(3'100));
  found = trace_.find(numbered(7));
  EXPECT_EQ(found->delivered_us, 3'100);
  EXPECT_EQ(found->connections, 5U);
}

TEST_F(message_trace_test, of_other_rooms_and_places_it_tells_nothing) {
  store(7, start_);
  trace_.note_delivered(room_id(numbered(98)), 7, 1, 1, start_);
  trace_.note_delivered(room_, 8, 1, 1, start_);
  EXPECT_EQ(trace_.find(numbered(7))->connections, 0U);
  EXPECT_EQ(trace_.find(numbered(8)), std::nullopt);
}

TEST_F(message_trace_test, tells_how_a_message_of_another_node_came_and_counts_its_delivery_from_there) {
  const message_trace::heard heard{numbered(7), 7};
  trace_.note_heard(room_, {&heard, 1}, message_origin::bus, start_, timestamp(std::chrono::milliseconds(5'000)));
  trace_.note_delivered(room_, 7, 1, 2, start_ + microseconds(150));
  const auto found = trace_.find(numbered(7));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->origin, message_origin::bus);
  EXPECT_EQ(found->known_at, timestamp(std::chrono::milliseconds(5'000)));
  EXPECT_EQ(found->delivered_us, 150);
  EXPECT_EQ(found->connections, 2U);
}

TEST_F(message_trace_test, what_is_heard_again_changes_nothing) {
  store(7, start_);
  const message_trace::heard heard[] = {{numbered(7), 7}, {numbered(8), 8}};
  trace_.note_heard(room_, heard, message_origin::bus, start_ + microseconds(9'000), timestamp{});
  trace_.note_heard(room_, heard, message_origin::store, start_ + microseconds(10'000), timestamp{});
  EXPECT_EQ(trace_.find(numbered(7))->origin, message_origin::accepted);
  EXPECT_EQ(trace_.find(numbered(7))->committed_us, 2'500);
  EXPECT_EQ(trace_.find(numbered(8))->origin, message_origin::bus);
}

TEST_F(message_trace_test, keeps_the_last_ones_and_no_more) {
  const auto count = static_cast<std::uint32_t>(message_trace::capacity);
  for (std::uint32_t number = 1; number <= count + 5; ++number) store(number, start_);
  EXPECT_EQ(trace_.find(numbered(5)), std::nullopt);
  EXPECT_TRUE(trace_.find(numbered(6)));
  EXPECT_TRUE(trace_.find(numbered(count + 5)));
  trace_.note_delivered(room_, 5, 1, 9, start_);  // the place of one that is forgotten
  EXPECT_EQ(trace_.find(numbered(count + 5))->connections, 0U);
}

}  // namespace
}  // namespace parley
