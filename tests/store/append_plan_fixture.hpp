// Facts about a few people and rooms, and what a test expects of a plan made on them.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "command_builder.hpp"
#include "store/append_plan.hpp"

namespace parley::test {

/// A group of ann (its creator) and bob; cid is known but no member, mod is a moderator elsewhere; and a
/// private room of ann and bob.
class append_plan_test : public testing::Test {
 protected:
  append_plan_test() {
    for (const auto& [user, name] : {std::pair{ann, "Ann"}, {bob, "Bob"}, {cid, "Cid"}, {mod, "Mod"}}) {
      facts.accounts[user].display_name = name;
    }
    facts.accounts[mod].user_role = role::moderator;
    facts.rooms[group] = {true, false, ann, 10, 2};
    facts.rooms[pair] = {false, false, ann, 2, 2};
    for (const auto& room : {group, pair}) {
      facts.members.insert({room, ann});
      facts.members.insert({room, bob});
    }
  }

  append_outcome take(append_command command) { return plan.take(commands.emplace_back(std::move(command))); }

  /// The event of a command that must be accepted as new.
  durable_event accept(append_command command) {
    auto outcome = take(std::move(command));
    EXPECT_FALSE(outcome.has_error()) << outcome.error().message;
    if (outcome.has_error() || outcome->events.size() != 1) {
      ADD_FAILURE() << "not exactly one event";
      return {};
    }
    EXPECT_FALSE(outcome->duplicate);
    return outcome->events.front();
  }
  durable_event expect_duplicate(append_command command) {
    const auto writes = plan.writes().size();
    auto outcome = take(std::move(command));
    EXPECT_EQ(plan.writes().size(), writes) << "a duplicate writes nothing";
    if (outcome.has_error() || !outcome->duplicate || outcome->events.size() != 1) {
      ADD_FAILURE() << "no duplicate";
      return {};
    }
    return outcome->events.front();
  }
  void expect_refusal(append_command command, error_code code) {
    const auto room = command.room;
    const auto seq = facts.rooms.contains(room) ? facts.rooms[room].last_seq : 0;
    const auto writes = plan.writes().size();
    const auto outcome = take(std::move(command));
    ASSERT_TRUE(outcome.has_error());
    EXPECT_EQ(outcome.error().code, code) << outcome.error().message;
    EXPECT_FALSE(outcome.error().message.empty());
    EXPECT_EQ(plan.writes().size(), writes) << "a refusal writes nothing";
    if (facts.rooms.contains(room)) {
      EXPECT_EQ(facts.rooms[room].last_seq, seq) << "a refusal takes no seq";
    }
  }
  /// A message that stood in the room before this batch.
  message_id stored_message(room_id room, user_id sender) {
    const auto id = make.make_id<message_id>();
    facts.messages[id] = {room, sender, std::nullopt};
    return id;
  }
  template <class Write>
  [[nodiscard]] std::vector<Write> writes_of() const {
    std::vector<Write> found;
    for (const auto& write : plan.writes()) {
      if (const auto* one = std::get_if<Write>(&write)) found.push_back(*one);
    }
    return found;
  }

  command_builder make;
  user_id ann = make.make_id<user_id>(), bob = make.make_id<user_id>(), cid = make.make_id<user_id>(),
          mod = make.make_id<user_id>();
  room_id group = make.make_id<room_id>(), pair = make.make_id<room_id>();
  append_facts facts;
  limits_config limits;
  append_plan plan{facts, limits};
  std::deque<append_command> commands;
};

inline message_id id_of(const durable_event& event) { return std::get<message_posted>(event.body).message; }

}  // namespace parley::test
