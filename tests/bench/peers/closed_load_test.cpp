// The load against servers that run: the floor, and those of the distribution that are installed.
#include "peers/closed_load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "peers/options.hpp"

namespace parley::bench {
namespace {

/// Beside the folder of this binary.
std::string floor_program() {
  return (std::filesystem::canonical("/proc/self/exe").parent_path().parent_path() / "floor-server").string();
}

class closed_load_of : public testing::TestWithParam<std::string> {};

TEST_P(closed_load_of, BringsEveryMessageToEveryMemberInOrder) {
  peers_options options;
  options.peers = {GetParam()};
  options.programs.floor = floor_program();
  const char* parleyd = std::getenv("PARLEYD");
  options.programs.parleyd = parleyd != nullptr ? parleyd : "parleyd";
  const auto chosen = chosen_peers(options).front();
  if (const auto reason = chosen.missing()) GTEST_SKIP() << *reason;

  const auto server = chosen.start();
  const peer_work work{"test", {}, 3, 4, 4, 128};
  const load_times times{0.1, 1, 30, 30};
  std::vector<std::string> shown;
  const auto figures = run_closed_load(*server, work, times, [&](const std::string& line) { shown.push_back(line); });

  EXPECT_GT(figures.messages, 0);
  EXPECT_GT(figures.deliveries, figures.messages) << "members other than the sender have something, too";
  EXPECT_GT(figures.delivery.count(), 0);
  EXPECT_EQ(figures.answer.count(), figures.messages);
  EXPECT_EQ(figures.lost, 0);
  EXPECT_EQ(figures.reordered, 0);
  EXPECT_GT(server->cpu().server, 0);
  ASSERT_FALSE(figures.course.empty());
  const auto& second = figures.course.front();
  EXPECT_GT(second.sent, 0);
  EXPECT_GT(second.delivered, 0);
  EXPECT_GT(second.p50_ms, 0);
  EXPECT_EQ(second.amiss, 0);
  EXPECT_TRUE(second.cpu.has_value());
  EXPECT_NE(std::find(shown.begin(), shown.end(), to_text(second, times.warm_up + times.seconds)), shown.end())
      << "each second is shown when it is over";
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const auto& one : all_peers({})) out.push_back(one.name);
  return out;
}

INSTANTIATE_TEST_SUITE_P(peers, closed_load_of, testing::ValuesIn(names()), [](const auto& parameter) {
  std::string name = parameter.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace parley::bench
