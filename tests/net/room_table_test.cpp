// Attachments: both ends of the links stay right however rooms and connections come and go.
#include "net/room_table.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace parley {
namespace {

room_id room_number(std::uint8_t number) {
  uuid value;
  value.bytes[15] = number;
  return room_id(value);
}
user_id user_number(std::uint8_t number) {
  uuid value;
  value.bytes[15] = number;
  return user_id(value);
}

TEST(room_table, keeps_who_is_attached_where) {
  room_table table;
  attachable one, two;
  table.attach(one, room_number(1), user_number(1), 5);
  table.attach(two, room_number(1), user_number(2), 7);
  const attached_room* room = table.find(room_number(1));
  ASSERT_NE(room, nullptr);
  ASSERT_EQ(room->members.size(), 2U);
  EXPECT_EQ(room->members[0].position, 5);
  EXPECT_EQ(room->members[1].user, user_number(2));
  table.detach(one, room_number(1));
  ASSERT_EQ(room->members.size(), 1U);
  EXPECT_EQ(room->members[0].connection, &two);
  table.detach(two, room_number(1));
  EXPECT_EQ(table.find(room_number(1)), nullptr);
}

TEST(room_table, moves_an_attachment_that_is_made_again) {
  room_table table;
  attachable one;
  table.attach(one, room_number(1), user_number(1), 5);
  table.attach(one, room_number(1), user_number(1), 3);
  ASSERT_EQ(table.find(room_number(1))->members.size(), 1U);
  EXPECT_EQ(table.find(room_number(1))->members[0].position, 3);
  table.detach_all(one);
  EXPECT_EQ(table.room_count(), 0U);
}

TEST(room_table, tells_where_everybody_stood_when_a_room_goes) {
  room_table table;
  attachable one, two;
  table.attach(one, room_number(1), user_number(1), 5);
  table.attach(one, room_number(2), user_number(1), 6);
  table.attach(two, room_number(1), user_number(2), 7);
  std::map<attachable*, sequence> stood;
  for (const auto& [connection, position] : table.remove(room_number(1))) stood[connection] = position;
  EXPECT_EQ(stood, (std::map<attachable*, sequence>{{&one, 5}, {&two, 7}}));
  EXPECT_EQ(table.find(room_number(1)), nullptr);
  EXPECT_EQ(one.places.size(), 1U);
  EXPECT_TRUE(two.places.empty());
  EXPECT_TRUE(table.remove(room_number(9)).empty());
}

TEST(room_table, agrees_with_a_plain_set_after_any_sequence_of_changes) {
  std::mt19937 random(20261122);
  room_table table;
  std::vector<attachable> connections(12);
  std::map<std::uint8_t, std::set<std::size_t>> model;
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t who = random() % connections.size();
    const auto where = static_cast<std::uint8_t>(random() % 6);
    switch (random() % 8) {
      case 0:
        table.detach_all(connections[who]);
        for (auto& [number, members] : model) members.erase(who);
        break;
      case 1:
      case 2:
      case 3:
        table.detach(connections[who], room_number(where));
        model[where].erase(who);
        break;
      default:
        table.attach(connections[who], room_number(where), user_number(static_cast<std::uint8_t>(who)), step);
        model[where].insert(who);
    }
    for (const auto& [number, members] : model) {
      const attached_room* room = table.find(room_number(number));
      ASSERT_EQ(room == nullptr ? 0U : room->members.size(), members.size());
      if (room == nullptr) continue;
      for (std::uint32_t i = 0; i < room->members.size(); ++i) {
        const room_attachment& member = room->members[i];
        ASSERT_TRUE(members.contains(static_cast<std::size_t>(member.connection - connections.data())));
        ASSERT_EQ(member.connection->places[member.slot].room, room);
        ASSERT_EQ(member.connection->places[member.slot].index, i);
      }
    }
  }
}

}  // namespace
}  // namespace parley
