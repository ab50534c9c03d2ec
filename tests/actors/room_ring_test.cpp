// The ring of a room's newest events.
#include "actors/room_ring.hpp"

#include <gtest/gtest.h>

#include "fakes.hpp"

namespace parley::testing {
namespace {

class RoomRing : public ::testing::Test {
 protected:
  RoomRing() { make({4, 1'000'000, 1'000'000}, 10); }

  void make(room_ring::limits bounds, sequence last) {
    ring_.reset();
    ring_ = std::make_unique<room_ring>(bounds, last, encoder_, node_total_);
  }
  void add(const durable_event& event) {
    auto bytes = std::make_shared<std::string>("xx");  // as in a batch: not at its beginning
    encoder_.append_event(*bytes, event);
    const auto length = static_cast<std::uint32_t>(bytes->size() - 2);
    ring_->append(event, std::move(bytes), 2, length);
  }
  void say(sequence seq, const std::string& content, std::uint8_t message = 0, std::uint8_t sender = 1) {
    add(posted(room_, seq, content, id_of<message_id>(message), id_of<user_id>(sender)));
  }
  void edit(sequence seq, std::uint8_t message, const std::string& content) {
    add({room_, seq, message_edited{id_of<message_id>(message), id_of<user_id>(1), content, {}}});
  }
  void remove(sequence seq, std::uint8_t message) {
    add({room_, seq, message_deleted{id_of<message_id>(message), id_of<user_id>(1), {}}});
  }
  std::string all_after(sequence after) {
    std::string text;
    const auto extent = ring_->measure(after, 1'000, 1'000'000);
    ring_->copy(text, after, extent.events);
    return text;
  }

  room_id room_ = id_of<room_id>(1);
  line_encoder encoder_;
  gauge node_total_;
  std::unique_ptr<room_ring> ring_;
};

TEST_F(RoomRing, CoversOnlyItsEndWhenEmpty) {
  EXPECT_TRUE(ring_->covers(10));
  EXPECT_FALSE(ring_->covers(9));
  EXPECT_FALSE(ring_->covers(11));
  EXPECT_EQ(ring_->measure(10, 64, 1'000).events, 0U);
}

TEST_F(RoomRing, GivesWhatFollowsAPosition) {
  say(11, "a");
  say(12, "b");
  say(13, "c");
  EXPECT_EQ(all_after(10), "event 11 a\nevent 12 b\nevent 13 c\n");
  EXPECT_EQ(all_after(12), "event 13 c\n");
  EXPECT_EQ(all_after(13), "");
}

TEST_F(RoomRing, ForgetsTheOldestBeyondItsBounds) {
  for (sequence seq = 11; seq <= 16; ++seq) say(seq, "x");
  EXPECT_EQ(ring_->size(), 4U);
  EXPECT_FALSE(ring_->covers(11));
  EXPECT_TRUE(ring_->covers(12));
  EXPECT_EQ(all_after(14), "event 15 x\nevent 16 x\n");

  const auto bytes_of_one = ring_->bytes() / 4;
  make({100, bytes_of_one * 3, 1'000'000}, 0);
  for (sequence seq = 11; seq <= 20; ++seq) say(seq, "x");
  EXPECT_EQ(ring_->size(), 3U);
}

TEST_F(RoomRing, MeasuresPagesByEventsAndBytesButNeverNothing) {
  say(11, "aaaa");
  say(12, "bbbb");
  say(13, "cccc");
  EXPECT_EQ(ring_->measure(10, 2, 1'000).events, 2U);
  const auto two = ring_->measure(10, 2, 1'000).bytes;
  EXPECT_EQ(ring_->measure(10, 64, two).events, 2U);
  EXPECT_EQ(ring_->measure(10, 64, two - 1).events, 1U);
  EXPECT_EQ(ring_->measure(10, 64, 1).events, 1U);
  EXPECT_EQ(ring_->measure(10, 0, 1'000).events, 0U);
}

TEST_F(RoomRing, ReplaysAnEditedMessageAsItNowStandsAndItsEarlierEditsToo) {
  say(11, "first", 7);
  edit(12, 7, "second");
  edit(13, 7, "third");
  EXPECT_EQ(all_after(10), "event 11 third\nedited 12 third\nedited 13 third\n");
}

TEST_F(RoomRing, ReplaysADeletedMessageWithoutContent) {
  say(11, "secret", 7);
  edit(12, 7, "still secret");
  remove(13, 7);
  say(14, "other", 8);
  EXPECT_EQ(all_after(10), "event 11 null\nedited 12 null\ndeleted 13\nevent 14 other\n");
}

TEST_F(RoomRing, LeavesOtherMessagesAlone) {
  say(11, "mine", 7);
  say(12, "yours", 8);
  edit(13, 8, "ours");
  EXPECT_EQ(all_after(10), "event 11 mine\nevent 12 ours\nedited 13 ours\n");
}

TEST_F(RoomRing, CountsOthersMessagesThatAreNotDeletedAsUnread) {
  say(11, "by me", 1, 1);
  say(12, "by you", 2, 2);
  say(13, "by you, gone", 3, 2);
  remove(14, 3);
  EXPECT_EQ(ring_->unread(id_of<user_id>(1), 10), 1);
  EXPECT_EQ(ring_->unread(id_of<user_id>(2), 10), 1);
  EXPECT_EQ(ring_->unread(id_of<user_id>(3), 11), 1);
  EXPECT_EQ(ring_->unread(id_of<user_id>(3), 9), std::nullopt);
}

TEST_F(RoomRing, ADeletedMessageReadFromTheStoreIsNotUnread) {
  auto event = posted(room_, 11, "", id_of<message_id>(1), id_of<user_id>(2));
  std::get<message_posted>(event.body).content.reset();
  add(event);
  EXPECT_EQ(ring_->unread(id_of<user_id>(1), 10), 0);
}

TEST_F(RoomRing, KeepsTheNodesTotalRight) {
  say(11, "a", 1);
  edit(12, 1, "a much longer text than before");
  for (sequence seq = 13; seq <= 20; ++seq) say(seq, "x");
  EXPECT_EQ(node_total_.value(), static_cast<std::int64_t>(ring_->bytes()));
  ring_.reset();
  EXPECT_EQ(node_total_.value(), 0);
}

TEST_F(RoomRing, ShrinksByHalfWhenTheNodeIsOverItsBudget) {
  make({100, 1'000'000, 1'000'000}, 10);
  for (sequence seq = 11; seq <= 18; ++seq) say(seq, "x");
  node_total_.add(2'000'000);  // other rooms
  ring_->shrink_if_over_budget();
  EXPECT_EQ(ring_->size(), 4U);
  EXPECT_EQ(all_after(17), "event 18 x\n");
  node_total_.add(-2'000'000);
  ring_->shrink_if_over_budget();
  EXPECT_EQ(ring_->size(), 4U);
}

}  // namespace
}  // namespace parley::testing
