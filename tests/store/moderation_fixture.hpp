// A group with its creator, a member, a stranger and a moderator.
#pragma once

#include "database_fixture.hpp"

namespace parley::test {

class moderation_fixture : public database_fixture {
 protected:
  void SetUp() override {
    database_fixture::SetUp();
    fill();
  }
  void fill() {
    ann_ = add_user("ann");
    bob_ = add_user("bob");
    eve_ = add_user("eve");
    mod_ = add_user("mod");
    set_role(mod_, "moderator");
    room_ = add_group("room", ann_, {bob_});
  }
  std::vector<std::string> audited() {
    std::vector<std::string> lines;
    for (const auto& entry : expect_value(reader->audit_trail({})).items) {
      lines.push_back(std::string(to_string(entry.record.action)) + " " + (entry.user ? entry.user->username : "-") +
                      " " + entry.record.detail.value_or("-"));
    }
    return lines;
  }

  user_id ann_, bob_, eve_, mod_;
  room_id room_;
};

}  // namespace parley::test
