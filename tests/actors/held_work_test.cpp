// What is held back while somebody else has its rooms locked, and where it goes then.
#include "actors/held_work.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "actor_world.hpp"

namespace parley::testing {
namespace {

using std::chrono::milliseconds;

class HeldWork : public ::testing::Test {
 protected:
  numbered<append_to_log> command_of(std::uint8_t room, std::uint64_t number) {
    append_to_log message;
    message.commands.resize(1);
    message.commands[0].room = id_of<room_id>(room);
    return {number, std::move(message)};
  }
  numbered<write_records> job_of(std::uint8_t key, std::uint64_t number) {
    write_records message{write_job([](record_writer&) -> result<void> { return {}; }), {}};
    message.job.key = id_of<uuid>(key);
    return {number, std::move(message)};
  }
  /// Rooms of commands and keys of jobs, in the order of their numbers.
  std::string order() const {
    std::map<std::uint64_t, std::string> all;
    for (const auto& each : appends_) all[each.number] = "c" + std::to_string(key_of(each.message).bytes[15]);
    for (const auto& each : jobs_) all[each.number] = "j" + std::to_string(key_of(each.message).bytes[15]);
    std::string text;
    for (const auto& [number, what] : all) text += what + " ";
    return text;
  }
  template <class Message>
  static bool is_sorted(const std::deque<numbered<Message>>& queue) {
    return std::is_sorted(queue.begin(), queue.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  }

  held_work held_;
  std::deque<numbered<append_to_log>> appends_;
  std::deque<numbered<write_records>> jobs_;
  std::uint64_t next_ = 100;
  steady_time later_{milliseconds(5'000)};
};

TEST_F(HeldWork, TakesWhatCameBehindAndLeavesTheRest) {
  EXPECT_FALSE(held_.concerns(command_of(1, 1).message));
  held_.add(command_of(1, 1), later_);
  EXPECT_TRUE(held_.concerns(command_of(1, 2).message));
  EXPECT_TRUE(held_.concerns(job_of(1, 2).message));
  EXPECT_FALSE(held_.concerns(command_of(2, 2).message));
  appends_.push_back(command_of(2, 2));
  appends_.push_back(command_of(1, 3));
  jobs_.push_back(job_of(1, 4));
  jobs_.push_back(job_of(2, 5));
  held_.take_from(appends_, later_);
  held_.take_from(jobs_, later_);
  EXPECT_EQ(order(), "c2 j2 ");
  EXPECT_EQ(held_.count(), 2);
}

TEST_F(HeldWork, GoesBehindAllOthersInTheOrderInWhichItCame) {
  held_.add(command_of(3, 9), later_);  // found to be busy later, but sent before
  held_.add(command_of(1, 1), later_);
  held_.add(job_of(1, 8), later_);
  held_.add(command_of(1, 4), later_);
  held_.add(job_of(1, 2), later_);
  appends_.push_back(command_of(2, 50));
  held_.put_back(appends_, jobs_, next_);
  EXPECT_EQ(order(), "c2 c1 j1 c1 j1 c3 ");
  EXPECT_TRUE(is_sorted(appends_) && is_sorted(jobs_));
  EXPECT_TRUE(held_.is_empty());
  EXPECT_EQ(held_.count(), 0);
  EXPECT_EQ(next_, 105U);
}

TEST_F(HeldWork, IsGivenUpAtTheTimeOfTheFirstWait) {
  held_.add(command_of(1, 1), later_);
  held_.put_back(appends_, jobs_, next_);
  ASSERT_EQ(appends_.size(), 1U);
  EXPECT_EQ(appends_[0].until, later_);
  held_.add(std::move(appends_[0]), later_ + milliseconds(1'000));
  appends_.clear();
  held_.put_back(appends_, jobs_, next_);
  EXPECT_EQ(appends_[0].until, later_);
}

}  // namespace
}  // namespace parley::testing
