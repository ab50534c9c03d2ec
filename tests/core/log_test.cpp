// Log lines: one event is one line, whatever its text holds.
#include "parley/log.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

std::string logged(const std::string& format, const std::string& message) {
  testing::internal::CaptureStderr();
  log::initialise({"info", format}, "a node");
  log::info("test", "said", "{}", message);
  log::close();
  return testing::internal::GetCapturedStderr();
}

TEST(log_lines, text_cannot_forge_lines_or_steer_a_terminal) {
  const auto line = logged("text", "one\ntwo\r\x1b[2J\x7f\xC2\x9b é");
  EXPECT_NE(line.find("test said: one\\u000atwo\\u000d\\u001b[2J\\u007f\\u009b é\n"), std::string::npos) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

TEST(log_lines, json_escapes_them_too) {
  const auto line = logged("json", "one\ntwo \"three\"");
  EXPECT_NE(line.find(R"("message":"one\ntwo \"three\"")"), std::string::npos) << line;
  EXPECT_EQ(line.find('\n'), line.size() - 1);
}

}  // namespace
}  // namespace parley
