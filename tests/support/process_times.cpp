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
#include <unordered_map>
#include <vector>

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
  std::unordered_multimap<pid_t, pid_t> children;
  std::unordered_map<pid_t, double> ticks_of;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const auto name = entry.path().filename().string();
    if (!is_number(name)) continue;
    const auto stat = read_stat(name);
    const auto number = static_cast<pid_t>(std::stol(name));
    children.emplace(stat.parent, number);
    ticks_of[number] = stat.own_ticks + stat.ended_children_ticks;
  }
  double ticks = 0;
  std::vector<pid_t> family{process};
  while (!family.empty()) {
    const auto member = family.back();
    family.pop_back();
    ticks += ticks_of[member];
    const auto [first, last] = children.equal_range(member);
    for (auto child = first; child != last; ++child) family.push_back(child->second);
  }
  return seconds_of(ticks);
}

}  // namespace parley::support
