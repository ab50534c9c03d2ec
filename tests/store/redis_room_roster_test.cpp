// The rooms in use on a real Redis: what nodes write, what is left when they do not, and a Redis that forgets or is
// gone.
#include "store/redis_room_roster.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include "database_fixture.hpp"
#include "redis_fixture.hpp"

namespace parley::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class redis_room_roster_test : public redis_fixture {
 protected:
  std::unique_ptr<room_roster> roster() { return open_redis_room_roster(options_for(server->url()).redis); }
  static void write(room_roster& to, const uuid& node, const std::vector<roster_entry>& rooms,
                    std::uint64_t left_out = 0) {
    const auto written = to.write(node, rooms, left_out);
    ASSERT_TRUE(written) << written.error().message;
  }
  /// `NODE: ROOM CONNECTIONS SEQ, …`, each by the last digit of its id.
  static std::vector<std::string> seen_by(room_roster& reader) {
    auto found = reader.read();
    EXPECT_TRUE(found);
    std::vector<std::string> lines;
    for (auto& node : found.value()) {
      std::sort(node.rooms.begin(), node.rooms.end(), [](const auto& a, const auto& b) { return a.room < b.room; });
      std::string line = last_of(node.node) + ":";
      for (const auto& each : node.rooms) {
        line +=
            " " + last_of(each.room) + " " + std::to_string(each.connections) + " " + std::to_string(each.seq) + ",";
      }
      if (node.left_out > 0) line += " and " + std::to_string(node.left_out);
      lines.push_back(line);
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  static std::string last_of(const uuid& id) { return std::to_string(id.bytes[5]); }

  const uuid one = numbered_uuid(1), two = numbered_uuid(2);
  const room_id red{numbered_uuid(3)}, blue{numbered_uuid(4)};
};

TEST_F(redis_room_roster_test, what_each_node_wrote_last_is_read_by_all) {
  const auto here = roster();
  const auto there = roster();
  EXPECT_THAT(seen_by(*here), IsEmpty());
  write(*here, one, {{red, 2, 10}, {blue, 0, 5}});
  write(*there, two, {{red, 1, 9}}, 7);
  EXPECT_THAT(seen_by(*there), ElementsAre("1: 3 2 10, 4 0 5,", "2: 3 1 9, and 7"));
  write(*here, one, {{red, 3, 12}});
  EXPECT_THAT(seen_by(*there), ElementsAre("1: 3 3 12,", "2: 3 1 9, and 7"));
  write(*here, one, {});
  EXPECT_THAT(seen_by(*here), ElementsAre("1:", "2: 3 1 9, and 7")) << "a node without rooms is there all the same";
}

TEST_F(redis_room_roster_test, nothing_is_written_that_has_not_changed) {
  const auto here = roster();
  write(*here, one, {{red, 2, 10}, {blue, 0, 5}});
  server->run({"HSET", roster_key_of(one), to_string(red), "9 9"});
  write(*here, one, {{red, 2, 10}, {blue, 1, 5}});
  EXPECT_THAT(seen_by(*here), ElementsAre("1: 3 9 9, 4 1 5,"));
}

TEST_F(redis_room_roster_test, a_part_that_is_not_written_any_more_goes_away) {
  const auto here = roster();
  write(*here, one, {{red, 2, 10}});
  const auto left = std::stol(server->run({"PTTL", roster_key_of(one)}));
  EXPECT_GT(left, roster_lifetime.count() - 5'000);
  EXPECT_LE(left, roster_lifetime.count());
  server->run({"PEXPIRE", roster_key_of(one), "0"});
  EXPECT_THAT(seen_by(*here), IsEmpty());
  write(*here, one, {{red, 2, 10}});
  EXPECT_THAT(seen_by(*here), ElementsAre("1: 3 2 10,")) << "and is whole again with the next write";
}

TEST_F(redis_room_roster_test, tells_how_old_a_part_is) {
  const auto here = roster();
  write(*here, one, {});
  server->run({"PEXPIRE", roster_key_of(one), "15000"});
  const auto age = here->read().value().front().age;
  EXPECT_GE(age, std::chrono::milliseconds(5'000));
  EXPECT_LT(age, std::chrono::milliseconds(10'000));
}

TEST_F(redis_room_roster_test, who_stops_or_takes_another_identity_leaves_nothing_behind) {
  const auto here = roster();
  write(*here, one, {{red, 2, 10}});
  write(*here, two, {{red, 2, 10}});
  EXPECT_THAT(seen_by(*here), ElementsAre("2: 3 2 10,"));
  ASSERT_TRUE(here->withdraw());
  EXPECT_EQ(server->run({"DBSIZE"}), "0");
}

TEST_F(redis_room_roster_test, more_rooms_than_one_command_takes) {
  const auto here = roster();
  std::vector<roster_entry> rooms;
  for (std::uint32_t i = 0; i < 1'700; ++i) rooms.push_back({room_id(numbered_uuid(1'000 + i)), i, 1});
  write(*here, one, rooms);
  EXPECT_EQ(here->read().value().front().rooms.size(), 1'700U);
  rooms.resize(3);
  write(*here, one, rooms);
  EXPECT_EQ(here->read().value().front().rooms.size(), 3U);
}

TEST_F(redis_room_roster_test, a_redis_that_forgets_or_dies_is_told_everything_anew) {
  const auto here = roster();
  write(*here, one, {{red, 2, 10}});
  server->run({"FLUSHALL"});
  write(*here, one, {{red, 2, 10}});
  EXPECT_THAT(seen_by(*here), ElementsAre("1: 3 2 10,"));
  server->kill();
  EXPECT_EQ(here->write(one, {}, 0).error().code, error_code::unavailable);
  EXPECT_EQ(here->read().error().code, error_code::unavailable);
  server->start();
  write(*here, one, {{red, 2, 10}, {blue, 1, 1}});
  EXPECT_THAT(seen_by(*here), ElementsAre("1: 3 2 10, 4 1 1,"));
}

TEST_F(redis_room_roster_test, what_is_not_understood_is_passed_over) {
  const auto here = roster();
  write(*here, one, {{red, 2, 10}});
  server->run({"HSET", roster_key_of(one), to_string(blue), "many", "no room", "1 1", "more", "x"});
  server->run({"ZADD", roster_key, "1", "no node"});
  EXPECT_THAT(seen_by(*here), ElementsAre("1: 3 2 10,"));
}

}  // namespace
}  // namespace parley::test
