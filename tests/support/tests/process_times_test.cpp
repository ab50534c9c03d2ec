// Whose processor time counts.
#include "support/process_times.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

namespace parley::support {
namespace {

TEST(ProcessTimes, CountWhatDescendsFromAProcessToo) {
  const pid_t shell = ::fork();
  if (shell == 0) {
    ::setpgid(0, 0);
    ::execl("/bin/sh", "sh", "-c", "sh -c 'sh -c \"while :; do :; done\"; true'; true", nullptr);
    std::_Exit(127);
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (cpu_seconds_with_children(shell) < 0.2 && std::chrono::steady_clock::now() < deadline) ::usleep(10'000);
  EXPECT_GE(cpu_seconds_with_children(shell), 0.2) << "its grandchild is busy";
  EXPECT_LT(cpu_seconds_of(shell), 0.2) << "it only waits";
  ::kill(-shell, SIGKILL);
  ::waitpid(shell, nullptr, 0);
}

}  // namespace
}  // namespace parley::support
