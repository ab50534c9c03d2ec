// What a turn of connections shows while it lasts, and what it keeps.
#include "load/connect_course.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::bench {
namespace {

using testing::HasSubstr;

constexpr std::int64_t ms = 1'000'000;

class ConnectCourse : public testing::Test {
 protected:
  static connect_course course_of(std::size_t connections) { return {"parleyd", connections, nobody_}; }

 private:
  static inline const server_watch nobody_{std::vector<pid_t>{}};
};

TEST_F(ConnectCourse, TellsHowManyAreReadyAndHowLongTheOthersTake) {
  auto course = course_of(40);
  testing::internal::CaptureStderr();
  course.begin(0);
  for (std::size_t connection = 0; connection < 20; ++connection) {
    course.note_begun(connection, 0);
    course.note_ready(connection, 500 * ms);
  }
  course.note_refused(R"({"type":"error"})");
  course.tick(1'000 * ms);
  const auto line = testing::internal::GetCapturedStderr();
  EXPECT_THAT(line, HasSubstr("parleyd:  1.0 s      20 of 40 ready      20 a second"));
  EXPECT_THAT(line, HasSubstr("refused 1"));
  EXPECT_THAT(line, HasSubstr("1.0 s left"));
}

TEST_F(ConnectCourse, HasPartsOfATenthOfASecondAndALogALineForEachSecond) {
  auto course = course_of(2);
  testing::internal::CaptureStderr();
  course.begin(0);
  for (std::size_t connection = 0; connection < 2; ++connection) {
    course.note_begun(connection, 0);
    course.note_ready(connection, 50 * ms);
    course.tick(static_cast<std::int64_t>(connection + 1) * 100 * ms);
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << "no second is over";
  testing::internal::CaptureStderr();
  course.end(210 * ms);
  const auto last = testing::internal::GetCapturedStderr();
  EXPECT_THAT(last, HasSubstr("2 of 2 ready"));
  EXPECT_THAT(last, HasSubstr(" 0.0 s left"));
  const auto parts = course.take();
  ASSERT_EQ(parts.size(), 2U) << "a rest counts with the part before";
  EXPECT_EQ(parts[0].sent, 1U);
  EXPECT_EQ(parts[0].acknowledged, 1U);
  EXPECT_NEAR(parts[0].p50_ms, 50, 0.5);
}

TEST_F(ConnectCourse, KeepsTheTimesAndTheFirstError) {
  auto course = course_of(2);
  course.begin(0);
  course.note_begun(0, 10 * ms);
  course.note_begun(1, 20 * ms);
  course.note_ready(1, 25 * ms);
  course.note_ready(0, 40 * ms);
  EXPECT_EQ(course.times().count(), 2U);
  EXPECT_EQ(course.times().max_ms(), 30);
  EXPECT_EQ(course.troubles().refused, 0U);
  course.note_refused("one");
  course.note_refused("another");
  EXPECT_EQ(course.troubles().refused, 2U);
  EXPECT_EQ(course.troubles().first_refusal, "one");
}

}  // namespace
}  // namespace parley::bench
