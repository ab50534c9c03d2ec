// Choosing and judging.
#include "command_line.hpp"

#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "load/options.hpp"

namespace parley::bench {
namespace {

constexpr int exit_of_a_broken_promise = 1;
constexpr int exit_of_a_broken_environment = 2;

std::string beside_this_program(const std::string& name) {
  return (std::filesystem::canonical("/proc/self/exe").parent_path() / name).string();
}

/// A load has a descriptor for each client.
void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

command_line::command_line()
    : app_("Load for Parley. Starts the server itself, with its limits off."),
      naive_(beside_this_program("naive-server")),
      floor_(beside_this_program("floor-server")) {
  const char* named = std::getenv("PARLEYD");
  parleyd_ = named != nullptr ? named : beside_this_program("parleyd");
  app_.require_subcommand(1);
  app_.footer(
      "Exit code 0: nothing was lost, repeated, out of order or refused, and what was asked for was kept; 1: not so;\n"
      "2: it could not be tried.");
}

CLI::App* command_line::add(const std::string& name, const std::string& description, std::function<bool()> run) {
  auto* command = app_.add_subcommand(name, description);
  command->add_option("--server", parleyd_, "parleyd to start")->capture_default_str();
  command->callback([this, run = std::move(run)] { chosen_ = run; });
  return command;
}

void command_line::add_settings(CLI::App* command, std::vector<std::string>& settings) {
  command->add_option("--set", settings, "KEY=VALUE for parleyd; repeatable")->take_all()->allow_extra_args(false);
}

void command_line::add_server(CLI::App* command, server_options& options) {
  add_shown(command, "--store", options.store,
            "Of the node that is started here: sqlite, or postgres, which is started too");
  command->add_option("--node", options.node_url, "http://HOST:PORT of a node that runs already");
  command->add_option("--pid", options.process, "Its process, when it is on this machine; else its /metrics are read");
  command->add_flag("--pin", options.pin, "The node and its database on the first core and this tool on the second");
  add_settings(command, options.settings);
}

void command_line::add_report(CLI::App* command, report_options& options) {
  command->add_flag("--json", options.json, "The report as JSON");
  command->add_option("--report", options.page, "A file that gets the report as a page with plots");
}

int command_line::run(int argc, char** argv) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app_.exit(e) == 0 ? EXIT_SUCCESS : exit_of_a_broken_environment;
  }
  raise_descriptor_limit();
  try {
    return chosen_() ? EXIT_SUCCESS : exit_of_a_broken_promise;
  } catch (const std::exception& e) {
    std::cerr << "\nparley-bench: " << e.what() << '\n';
    return exit_of_a_broken_environment;
  }
}

}  // namespace parley::bench
