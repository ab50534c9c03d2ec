// The tool's commands: each is added with its options by its own function, and one of them is run.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace parley::bench {

struct server_options;
struct report_options;

class command_line {
 public:
  command_line();

  /// `run` judges: true is exit code 0, false 1, and an exception, since it could not be tried, 2. It must own what it
  /// needs, but for this object.
  CLI::App* add(const std::string& name, const std::string& description, std::function<bool()> run);
  /// Which server is measured, for scenarios on one node.
  void add_server(CLI::App* command, server_options& options);
  static void add_report(CLI::App* command, report_options& options);
  static void add_settings(CLI::App* command, std::vector<std::string>& settings);

  [[nodiscard]] const std::string& parleyd() const { return parleyd_; }
  [[nodiscard]] const std::string& naive() const { return naive_; }
  [[nodiscard]] const std::string& floor() const { return floor_; }

  /// The exit code.
  int run(int argc, char** argv);

 private:
  CLI::App app_;
  std::string parleyd_, naive_, floor_;  ///< Programs.
  std::function<bool()> chosen_;
};

// What there is; each is where its options are.
void add_fanout(command_line& line);
void add_rooms(command_line& line);
void add_latency(command_line& line);
void add_overload(command_line& line);
void add_mixed(command_line& line);
void add_idle(command_line& line);
void add_connect(command_line& line);
void add_replay(command_line& line);
void add_durable(command_line& line);
void add_peers(command_line& line);
void add_verify(command_line& line);
void add_across(command_line& line);
void add_storm(command_line& line);

/// An option that shows its default.
template <class T>
CLI::Option* add_shown(CLI::App* command, const std::string& name, T& value, const std::string& what) {
  return command->add_option(name, value, what)->capture_default_str();
}

}  // namespace parley::bench
