// parleyd: reads the command line and the configuration, runs a node until a signal ends it.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "node.hpp"
#include "node_settings.hpp"
#include "parley/config.hpp"
#include "parley/credentials.hpp"
#include "parley/log.hpp"
#include "parley/version.hpp"

namespace {

constexpr int exit_usage = 2;
constexpr int exit_failed = 1;
/// How long a stop may take beyond the drain before the watchdog ends the process.
constexpr std::chrono::seconds stop_allowance{20};

struct command_line {
  parley::settings_sources sources;
  bool check_config = false;
  bool print_config = false;
  bool migrate_only = false;
  bool migrate_plan = false;
};

int fail(int code, const std::string& message) {
  std::cerr << "parleyd: " << message << '\n';
  return code;
}

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  return set;
}

/// Whether a blocked signal has come that asks us to stop, before anybody waits for it.
bool is_told_to_stop() {
  sigset_t pending;
  sigemptyset(&pending);
  sigpending(&pending);
  return sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1;
}

/// Ends the process when an orderly stop hangs, so that a supervisor is never left waiting.
void start_watchdog(std::chrono::duration<double> patience) {
  std::thread([patience] {
    std::this_thread::sleep_for(patience);
    parley::log::error("main", "stop_timeout", "the stop took longer than {:.0f} s; ending at once", patience.count());
    std::_Exit(exit_failed);
  }).detach();
}

/// Waits for signals: SIGHUP reads the certificate anew, the first SIGTERM or SIGINT returns.
void wait_for_stop(const sigset_t& signals, parley::node& node) {
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal != SIGHUP) {
      parley::log::info("main", "signal", "{} received, stopping", signal == SIGTERM ? "SIGTERM" : "SIGINT");
      return;
    }
    if (const auto reloaded = node.reload_certificates(); !reloaded)
      parley::log::warn("main", "tls_reload_failed", "{}", reloaded.error().message);
  }
}

/// Each connection is a descriptor; shells often allow only 1,024 until asked for more.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const parley::config& settings) {
  raise_descriptor_limit();
  // Blocked here, so that every thread made later leaves them to sigwait.
  const auto signals = our_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  // Made now, so that the first log-in of an unknown user takes no longer than others.
  const parley::password_cost cost{std::uint64_t{settings.auth.password_memory_kib} * 1024,
                                   settings.auth.password_passes};
  if (const auto ready = parley::prepare_unknown_user_hash(cost); !ready)
    return fail(exit_failed, "auth.password_memory_kib: there is not that much memory to hash a password.");

  auto started = parley::node::start(settings, {}, is_told_to_stop);
  if (!started) return fail(is_told_to_stop() ? EXIT_SUCCESS : exit_failed, started.error().message);
  auto& node = *started.value();

  wait_for_stop(signals, node);
  start_watchdog(std::chrono::duration<double>(settings.drain.seconds + settings.drain.ready_seconds) + stop_allowance);
  std::thread second_signal([&signals, &node] {
    int signal = 0;
    do sigwait(&signals, &signal);
    while (signal == SIGHUP);
    node.hurry();
  });
  second_signal.detach();
  node.stop(false);
  parley::log::info("main", "stopped", "stopped");
  std::fflush(nullptr);
  // The waiting signal thread refers to the node: leave without running destructors under it.
  std::_Exit(EXIT_SUCCESS);
}

}  // namespace

int main(int argc, char** argv) {
  command_line args;
  CLI::App app{"Parley, a message broker for chat: rooms, sessions and presence over WebSocket and REST."};
  app.add_option("--config", args.sources.config_file, "TOML file; see config/parley.toml for every key");
  app.add_option("--set", args.sources.settings, "KEY=VALUE, over the file and the environment; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  app.add_flag("--dev", args.sources.dev, "Development: no token needed, loopback only");
  app.add_flag("--check-config", args.check_config, "Check the configuration and exit");
  app.add_flag("--print-config", args.print_config, "Print the configuration in force and exit");
  app.add_flag("--migrate-only", args.migrate_only, "Bring the store's schema up to date and exit");
  app.add_flag("--migrate-plan", args.migrate_plan, "Print the migrations that a start would apply and exit");
  app.set_version_flag("--version", "parleyd " + std::string(parley::version()));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? EXIT_SUCCESS : exit_usage;
  }

  std::vector<std::string> unknown_variables;
  const auto settings = parley::load_settings(args.sources, unknown_variables);
  if (!settings) return fail(exit_usage, settings.error().message);
  if (args.print_config) {
    std::cout << parley::to_toml(settings.value());
    return EXIT_SUCCESS;
  }
  if (args.check_config) {
    if (const auto sound = parley::check_settings(settings.value()); !sound)
      return fail(exit_usage, sound.error().message);
    std::cout << "The configuration is sound.\n";
    return EXIT_SUCCESS;
  }
  parley::log::initialise(settings.value().log, settings.value().node.name);
  for (const auto& name : unknown_variables)
    parley::log::warn("main", "unknown_variable", "{} names no configuration key and is ignored", name);
  if (const auto ready = parley::initialise_crypto(); !ready) return fail(exit_failed, ready.error().message);
  if (args.migrate_plan) {
    const auto pending = parley::pending_migrations(settings.value());
    if (!pending) return fail(exit_failed, pending.error().message);
    for (const auto& name : pending.value()) std::cout << name << '\n';
    if (pending.value().empty()) std::cout << "The schema is up to date.\n";
    return EXIT_SUCCESS;
  }
  if (args.migrate_only) {
    const auto migrated = parley::migrate_store(settings.value());
    return migrated ? EXIT_SUCCESS : fail(exit_failed, migrated.error().message);
  }
  return run(settings.value());
}
