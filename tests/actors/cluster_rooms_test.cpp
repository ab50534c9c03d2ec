// The rooms in use on two nodes: what each writes of its own, and what an operator is told of all.
#include "actors/cluster_rooms.hpp"

#include <gmock/gmock.h>

#include <map>

#include "actors/roster_actor.hpp"
#include "operator_fixture.hpp"

namespace parley::testing {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What several nodes share.
struct memory_board {
  std::map<uuid, node_rooms> parts;
  bool is_up = true;
  int calls = 0;
};
class memory_roster final : public room_roster {
 public:
  explicit memory_roster(memory_board& board) : board_(board) {}
  result<void> write(const uuid& node, std::span<const roster_entry> rooms, std::uint64_t left_out) override {
    ++board_.calls;
    if (!board_.is_up) return unavailable("The board is down.");
    board_.parts[node] = {node, {rooms.begin(), rooms.end()}, left_out, {}};
    node_ = node;
    return {};
  }
  result<void> withdraw() override {
    board_.parts.erase(node_);
    return {};
  }
  result<std::vector<node_rooms>> read() override {
    ++board_.calls;
    if (!board_.is_up) return unavailable("The board is down.");
    std::vector<node_rooms> all;
    for (const auto& [node, part] : board_.parts) all.push_back(part);
    return all;
  }

 private:
  memory_board& board_;
  uuid node_;
};

class ClusterRooms : public operator_fixture {
 protected:
  ClusterRooms() {
    store().rooms[room_].members = store().rooms[other_room_].members = {ann_, bob_};
    store().rooms[room_].events.push_back(posted(room_, 1, "old", id_of<message_id>(1), ann_));
  }
  ~ClusterRooms() override { stop(); }
  void begin() {
    here_.services->roster = spawn_roster_on_scheduler(*here_.system, *here_.services, here_board_);
    there_.services->roster = spawn_roster_on_scheduler(*there_.system, *there_.services, there_board_);
    here_.run();
    there_.run();
  }
  void stop() {
    for (auto* node : {&here_, &there_}) {
      if (!node->services->roster) continue;
      caf::anon_send_exit(node->services->roster, caf::exit_reason::user_shutdown);
      node->run();
      node->services->roster = nullptr;
    }
  }
  void write() {
    here_.advance(seconds(5));
    there_.advance(seconds(5));
  }
  client& live(actor_world& on, user_id user, room_id room) {
    auto& made = on.connect(user);
    on.hold(made, room, true);
    on.run();
    EXPECT_TRUE(made.attached);
    return made;
  }
  awaited<cluster_rooms> ask(actor_world& on, std::size_t limit = 100) {
    awaited<cluster_rooms> asked;
    show_cluster_rooms(*on.services, {{limit}, asked.reply()});
    on.run();
    return asked;
  }
  /// `ROOM CONNECTIONS of LAST SEQ: NODE CONNECTIONS @SEQ, …`
  static std::vector<std::string> story(const cluster_rooms& all) {
    std::vector<std::string> lines;
    for (const auto& room : all.rooms) {
      auto line = std::to_string(room.id.bytes.back()) + " " + std::to_string(room.connections) + " of " +
                  std::to_string(room.last_seq) + ":";
      for (const auto& place : room.nodes) {
        line += " " + place.node + " " + std::to_string(place.connections) + " @" + std::to_string(place.seq);
      }
      lines.push_back(line);
    }
    return lines;
  }

  memory_board board_;
  memory_roster here_board_{board_}, there_board_{board_};
  user_id ann_ = id_of<user_id>(1), bob_ = id_of<user_id>(2);
};

TEST_F(ClusterRooms, ARoomIsShownWithAllNodesOnWhichItIsInUse) {
  begin();
  live(here_, ann_, room_);
  live(here_, ann_, other_room_);
  live(there_, bob_, room_);
  live(there_, bob_, room_);
  write();
  const auto asked = ask(here_);
  ASSERT_TRUE(asked.ok());
  EXPECT_THAT(story(asked.value()), ElementsAre("1 3 of 1: here 1 @1 there 2 @1", "2 1 of 0: here 1 @0"));
  EXPECT_EQ(asked.value().rooms.front().name, "room");
  EXPECT_EQ(asked.value().total, 2U);
  EXPECT_THAT(asked.value().silent, IsEmpty());
}

TEST_F(ClusterRooms, FiguresFollowWhatHappensInTheRoom) {
  begin();
  auto& ann = live(here_, ann_, room_);
  here_.post_by_rest(room_, ann_, "x", send_message{"two", {}, {}, {}});
  here_.run();
  write();
  EXPECT_THAT(story(ask(there_).value()), ElementsAre("1 1 of 2: here 1 @2"));
  here_.disconnect(ann);
  here_.run();
  EXPECT_THAT(story(ask(here_).value()), ElementsAre("1 0 of 2: here 0 @2")) << "one's own rooms are as they are now";
  EXPECT_THAT(story(ask(there_).value()), ElementsAre("1 1 of 2: here 1 @2")) << "the others' as they last wrote";
  write();
  EXPECT_THAT(story(ask(there_).value()), ElementsAre("1 0 of 2: here 0 @2"));
}

TEST_F(ClusterRooms, NothingIsWrittenBetweenTheTimes) {
  begin();
  auto& ann = live(here_, ann_, room_);
  const auto before = board_.calls;
  for (int i = 0; i < 50; ++i) here_.say(ann, std::to_string(i), "word");
  here_.run();
  EXPECT_EQ(board_.calls, before);
  here_.advance(seconds(5));
  EXPECT_EQ(board_.calls, before + 1);
}

TEST_F(ClusterRooms, NoMoreAreShownThanAsked) {
  begin();
  live(here_, ann_, room_);
  live(there_, ann_, other_room_);
  live(there_, bob_, other_room_);
  write();
  const auto asked = ask(here_, 1);
  EXPECT_THAT(story(asked.value()), ElementsAre("2 2 of 0: there 2 @0")) << "the busiest";
  EXPECT_EQ(asked.value().total, 2U);
}

TEST_F(ClusterRooms, ANodeThatIsThereAndTellsNothingIsNamed) {
  here_.services->roster = spawn_roster_on_scheduler(*here_.system, *here_.services, here_board_);
  here_.run();
  EXPECT_THAT(ask(here_).value().silent, ElementsAre("there"));
  store().nodes_seen[1].age = seconds(2);
  EXPECT_THAT(ask(here_).value().silent, IsEmpty()) << "one that is gone has no rooms";
}

TEST_F(ClusterRooms, WhileTheBoardIsDownNothingIsClaimedAndItIsAskedOnce) {
  begin();
  board_.is_up = false;
  EXPECT_EQ(ask(here_).code(), "unavailable");
  const auto calls = board_.calls;
  EXPECT_EQ(ask(here_).code(), "unavailable");
  EXPECT_EQ(board_.calls, calls) << "nobody waits for it again at once";
  EXPECT_EQ(here_.counts.roster_failures_total.value(), 1U);
  board_.is_up = true;
  here_.advance(seconds(1));
  EXPECT_EQ(ask(here_).code(), "none");
}

TEST_F(ClusterRooms, ANodeThatStopsTakesItsRoomsAlong) {
  begin();
  EXPECT_EQ(board_.parts.size(), 2U);
  stop();
  EXPECT_THAT(board_.parts, IsEmpty());
}

TEST_F(ClusterRooms, ANodeThatIsAloneShowsItsOwn) {
  live(here_, ann_, room_);
  const auto asked = ask(here_);
  EXPECT_THAT(story(asked.value()), ElementsAre("1 1 of 1: here 1 @1"));
  EXPECT_THAT(asked.value().silent, IsEmpty());
}

TEST_F(ClusterRooms, WithVeryManyRoomsThoseWithConnectionsAreListed) {
  begin();
  std::vector<roster_entry> rooms;
  for (std::uint32_t i = 0; i < most_roster_rooms + 3; ++i) {
    room_id id;
    for (unsigned n = 0; n < 4; ++n) id.bytes[15 - n] = static_cast<std::uint8_t>(i >> (8 * n));
    rooms.push_back({id, i < 3 ? 0U : 1U, 0});
  }
  caf::anon_send(here_.services->roster, rooms_counted{rooms});
  here_.run();
  const auto& part = board_.parts.at(here_identity_.get());
  EXPECT_EQ(part.left_out, 3U);
  ASSERT_EQ(part.rooms.size(), most_roster_rooms);
  for (const auto& each : part.rooms) EXPECT_EQ(each.connections, 1U);
}

}  // namespace
}  // namespace parley::testing
