// Reads /proc/PID/stat; its fields are those of proc(5).
#include "support/process_times.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace parley::support {
namespace {

struct process_stat {
  pid_t parent = 0;
  double own_ticks = 0;
  double ended_children_ticks = 0;
};

/// Zeros for a process that is gone.
process_stat read_stat(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  process_stat out;
  const auto name_end = text.rfind(')');  // the name may hold anything
  if (name_end == std::string::npos) return out;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  fields >> skipped >> out.parent;
  for (int i = 0; i < 9; ++i) fields >> skipped;
  double user = 0, system = 0, children_user = 0, children_system = 0;
  fields >> user >> system >> children_user >> children_system;
  out.own_ticks = user + system;
  out.ended_children_ticks = children_user + children_system;
  return out;
}

double seconds_of(double ticks) { return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)); }

bool is_number(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

double cpu_seconds_of(pid_t process) { return seconds_of(read_stat(std::to_string(process)).own_ticks); }

double cpu_seconds_with_children(pid_t process) {
  const auto parent = read_stat(std::to_string(process));
  double ticks = parent.own_ticks + parent.ended_children_ticks;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (!is_number(name)) continue;
    const auto child = read_stat(name);
    if (child.parent == process) ticks += child.own_ticks + child.ended_children_ticks;
  }
  return seconds_of(ticks);
}

}  // namespace parley::support
