// A room actor together with its store, shards and sessions, and two members.
#pragma once

#include <gtest/gtest.h>

#include "actor_world.hpp"

namespace parley::testing {

using kind = catch_up_step::kind;
using lines = std::vector<std::string>;

class room_fixture : public ::testing::Test {
 protected:
  room_fixture() {
    auto& record = world_.store.rooms[room_];
    record.members = {alice_, bob_};
    world_.settings.room.idle_seconds = 60;
  }
  void fill_log(sequence count) {
    auto& record = world_.store.rooms[room_];
    for (sequence seq = 1; seq <= count; ++seq) {
      record.events.push_back(posted(room_, seq, "old", id_of<message_id>(static_cast<std::uint8_t>(seq)), bob_));
    }
  }
  client& live(user_id user, std::uint32_t shard = 0) {
    auto& made = world_.connect(user, shard);
    made.after = static_cast<sequence>(world_.store.rooms[room_].events.size());
    world_.hold(made, room_, true);
    world_.run();
    EXPECT_TRUE(made.attached);
    world_.out.connections[made.connection].lines.clear();
    return made;
  }
  [[nodiscard]] std::int64_t active_rooms() const { return world_.counts.rooms_active.value(); }

  actor_world world_;
  room_id room_ = id_of<room_id>(1);
  user_id alice_ = id_of<user_id>(1), bob_ = id_of<user_id>(2), carol_ = id_of<user_id>(3);
};

}  // namespace parley::testing
