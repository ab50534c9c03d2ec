// parley-bench: load for Parley, with honest percentiles and the server's CPU.
#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <thread>

#include "across/across.hpp"
#include "durable_series.hpp"
#include "fanout.hpp"
#include "load/latency.hpp"
#include "storm/storm.hpp"
#include "verify/verify.hpp"

namespace {

using namespace parley::bench;

std::string beside(const char* program, const std::string& name) {
  return (std::filesystem::canonical(program).parent_path() / name).string();
}

/// The ratio is taken pair by pair, since the machine's speed drifts between runs.
void fanout(const fanout_options& options, const std::string& parleyd, const std::string& naive, int runs,
            const std::vector<std::string>& settings) {
  std::vector<double> ratios;
  for (int run = 0; run < runs; ++run) {
    double ours = 0;
    {
      const auto server = server_process::parleyd(parleyd, settings);
      const auto figures = run_fanout(server, options);
      print("parleyd", options, figures);
      ours = figures.cpu_us_per_delivery();
    }
    if (naive.empty()) continue;
    const auto server = server_process::naive(naive);
    const auto figures = run_fanout(server, options);
    print("naive", options, figures);
    ratios.push_back(ours / figures.cpu_us_per_delivery());
  }
  if (ratios.empty()) return;
  std::sort(ratios.begin(), ratios.end());
  fmt::print("CPU per delivery, parleyd / naive: min {:.3f}, median {:.3f}, max {:.3f} over {} pairs\n", ratios.front(),
             ratios[ratios.size() / 2], ratios.back(), ratios.size());
}

/// What an idle connection with its session costs in the process's resident memory.
struct idle_options {
  std::uint32_t connections = 10'000;
  std::uint32_t users = 10'000;
  std::uint32_t rooms = 100;
};
void idle(const idle_options& options, const std::string& parleyd) {
  const auto connections = options.connections;
  const auto server = server_process::parleyd(parleyd, {"net.heartbeat_ms=600000"});
  std::vector<client_socket> clients;
  const auto connect = [&](std::uint32_t number) {
    const auto source = fmt::format("127.0.0.{}", 2 + number / 20'000);
    clients.emplace_back(server.address(),
                         fmt::format("/ws/idle-{}/idle-{}?replay=none", number % options.rooms, number % options.users),
                         source);
  };
  clients.reserve(connections + 200);
  for (std::uint32_t i = 0; i < 200; ++i) connect(i);  // allocators and caches warm up
  std::this_thread::sleep_for(std::chrono::seconds(2));
  const auto before = server.resident_bytes();
  for (std::uint32_t i = 0; i < connections; ++i) {
    connect(200 + i);
    if (i % 500 == 499) std::fprintf(stderr, "\rconnected %u of %u", i + 1, connections);
  }
  std::this_thread::sleep_for(std::chrono::seconds(3));
  const auto after = server.resident_bytes();
  fmt::print("\nidle: {} connections of {} users in {} rooms: {:.2f} KiB resident a connection\n", connections,
             options.users, options.rooms, static_cast<double>(after - before) / 1024.0 / connections);
}

void measure(durable_series_options options, const std::string& parleyd, bool lone, bool compare) {
  options.parleyd = parleyd;
  if (compare)
    measure_all(options);
  else if (lone)
    measure_lone(options);
  else
    measure_durable(options);
}

constexpr int exit_of_a_broken_promise = 1;
constexpr int exit_of_a_broken_environment = 2;

CLI::App* add_verify(CLI::App& app, verify_options& options, std::vector<std::string>& faults) {
  auto* command = app.add_subcommand(
      "verify",
      "Clients on several nodes, faults, and a look at every promise of docs/protocol.md; exit code 0 when all"
      " were kept, 1 when not, 2 when it could not be tried");
  const auto add = [&](const char* name, auto& value, const char* what) {
    return command->add_option(name, value, what)->capture_default_str();
  };
  add("--nodes", options.nodes, "Nodes to start")->check(CLI::Range(1, 20));
  add("--rooms", options.rooms, "Rooms")->check(CLI::Range(1, 10'000));
  add("--clients", options.clients, "Clients; two are one user's devices")->check(CLI::Range(2, 10'000));
  add("--seconds", options.seconds, "How long to send and to break things")->check(CLI::PositiveNumber);
  add("--seed", options.seed, "Chooses who does what to whom; the times are the machine's");
  add("--rate", options.rate, "Operations a second, of all clients together")->check(CLI::PositiveNumber);
  add("--reconnects", options.reconnects, "Connections a second that clients end by themselves")
      ->check(CLI::NonNegativeNumber);
  add("--stay", options.stay, "Share of the clients that come back to their own node only")
      ->check(CLI::Range(0.0, 1.0));
  add("--bound", options.bound, "Seconds after the last fault within which everybody must have everything")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--presence-ttl", options.presence_ttl,
                   "The nodes' presence.ttl_seconds, within which a dead node's users are off [6; 30 with --node]")
      ->check(CLI::Range(3, 3'600));
  command->add_option("--fault", faults, "NAME:every=5s,…; repeatable; see below")->take_all()->allow_extra_args(false);
  command->add_option("--node", options.node_urls, "http://HOST:PORT of a node that runs already; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--postgres", options.postgres_url, "An empty database of a PostgreSQL that runs already");
  command->add_option("--set", options.settings, "KEY=VALUE for parleyd; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--logs", options.logs, "A folder that gets the nodes' logs");
  command->add_flag("--json", options.json, "The report as JSON");
  command->footer(fault_help());
  return command;
}

CLI::App* add_across(CLI::App& app, across_options& options) {
  auto* command = app.add_subcommand(
      "across",
      "The time from a sender at one node to a receiver at another, beside a hop through Redis and a commit; exit code"
      " 0 with figures, 1 when there are none, since messages were lost or refused or the sender fell behind, 2 when it"
      " could not be tried");
  const auto add = [&](const char* name, auto& value, const char* what) {
    return command->add_option(name, value, what)->capture_default_str();
  };
  add("--rooms", options.rooms, "Rooms, each with a sender at the one node and a receiver at the other")
      ->check(CLI::Range(1, 10'000));
  add("--rate", options.rates, "Messages a second over all rooms; several are measured one after the other")
      ->check(CLI::PositiveNumber);
  add("--seconds", options.seconds, "Measured time of each rate")->check(CLI::PositiveNumber);
  add("--warm-up", options.warm_up, "Seconds of the same load before it")->check(CLI::NonNegativeNumber);
  add("--size", options.size, "Bytes of content, and of what the hop and the commit carry")
      ->check(CLI::Range(12, 8192));
  command
      ->add_option("--node", options.node_urls,
                   "http://HOST:PORT of a node that runs already; twice: the senders', the receivers'")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--redis", options.redis_url, "redis://… of that cluster, for the hop; left out without");
  command->add_option("--store", options.store_url, "postgresql://… of that cluster, for the commit; left out without");
  command->add_option("--set", options.settings, "KEY=VALUE for parleyd; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--json", options.json, "The figures as JSON");
  return command;
}

CLI::App* add_storm(CLI::App& app, storm_options& options) {
  auto* command = app.add_subcommand(
      "storm",
      "All clients of two nodes are cut off at once and come back; exit code 0 when each has every message once, 1 when"
      " not, 2 when it could not be tried");
  const auto add = [&](const char* name, auto& value, const char* what) {
    return command->add_option(name, value, what)->capture_default_str();
  };
  add("--clients", options.clients, "Connections that are cut")->check(CLI::PositiveNumber);
  add("--users", options.users, "Users they belong to, each in one room")->check(CLI::PositiveNumber);
  add("--rooms", options.rooms, "Rooms, each with a sender who is not cut")->check(CLI::PositiveNumber);
  add("--rate", options.rate, "Messages a second over all rooms, all the time")->check(CLI::PositiveNumber);
  add("--seconds", options.seconds, "Before the cut, and after the return")->check(CLI::PositiveNumber);
  add("--bound", options.bound, "Seconds within which everybody must be back")->check(CLI::PositiveNumber);
  add("--size", options.size, "Bytes of content")->check(CLI::Range(12, 8192));
  command->add_flag("--drain", options.drain,
                    "Stop one node instead: its clients come to the other when they are told");
  command->add_option("--set", options.settings, "KEY=VALUE for parleyd; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  return command;
}

CLI::App* add_latency(CLI::App& app, latency_options& options, std::string& level) {
  auto* command = app.add_subcommand(
      "latency",
      "An open loop at a fixed rate over many small rooms: latencies count from when a message was due; exit code 0 "
      "when"
      " nothing was lost, repeated, reordered or refused (with --find-max: when some rate was held), 1 when not, 2 when"
      " it could not be tried");
  const auto add = [&](const char* name, auto& value, const char* what) {
    return command->add_option(name, value, what)->capture_default_str();
  };
  add("--rooms", options.rooms, "Rooms")->check(CLI::Range(1, 100'000));
  add("--members", options.members, "Members of each, who send in turn")->check(CLI::Range(2, 10'000));
  add("--rate", options.rate, "Messages a second over all rooms; where to begin with --find-max")
      ->check(CLI::PositiveNumber);
  add("--seconds", options.seconds, "Measured time")->check(CLI::PositiveNumber);
  add("--warm-up", options.warm_up, "Seconds of the same load before it")->check(CLI::NonNegativeNumber);
  add("--size", options.size, "Bytes of content")->check(CLI::Range(12, 8192));
  command->add_flag("--find-max", options.find_max, "Look for the highest rate that keeps --slo, in trials of 5 s");
  add("--slo", level, "What must be kept: p50, p99, p999 or max of deliveries, in ms or s");
  add("--store", options.store, "Of the node that is started here: sqlite, or postgres, which is started too");
  command->add_option("--node", options.node_url, "http://HOST:PORT of a node that runs already");
  command->add_option("--pid", options.process, "Its process, when it is on this machine; else its /metrics are read");
  command->add_option("--set", options.settings, "KEY=VALUE for parleyd; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--json", options.json, "The report as JSON");
  command->add_option("--report", options.report, "A file that gets the report as a page with plots");
  return command;
}

/// For commands whose verdict is apart from whether they could be tried.
template <class Run>
int judged(Run run) {
  try {
    return run() ? EXIT_SUCCESS : exit_of_a_broken_promise;
  } catch (const std::exception& e) {
    std::cerr << "\nparley-bench: " << e.what() << '\n';
    return exit_of_a_broken_environment;
  }
}

int verify(verify_options options, const std::vector<std::string>& faults, const std::string& parleyd) {
  return judged([&] {
    options.parleyd = parleyd;
    for (const auto& text : faults) options.faults.push_back(parse_fault(text));
    return run_verify(options);
  });
}

int across(across_options options, const std::string& parleyd) {
  options.parleyd = parleyd;
  return judged([&] { return run_across(options); });
}

int storm(storm_options options, const std::string& parleyd) {
  options.parleyd = parleyd;
  return judged([&] { return run_storm(options); });
}

int latency(latency_options options, const std::string& level, const std::string& parleyd) {
  options.parleyd = parleyd;
  return judged([&] {
    options.level = parse_service_level(level);
    return run_latency(options);
  });
}

void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Load for Parley. Starts the server itself, with its limits off."};
  app.require_subcommand(0, 1);
  app.footer("Without a command: fanout with its defaults.");
  const char* named = std::getenv("PARLEYD");
  std::string server = named != nullptr ? named : beside("/proc/self/exe", "parleyd");
  std::string naive = beside("/proc/self/exe", "naive-server");
  fanout_options options;
  int runs = 1;
  bool alone = false;
  std::vector<std::string> settings;
  auto* fan = app.add_subcommand("fanout", "One sender a room, everybody in it receives");
  fan->add_option("--rooms", options.rooms, "Rooms")->capture_default_str();
  fan->add_option("--members", options.members, "Receivers in each room")->capture_default_str();
  fan->add_option("--payload", options.payload, "Bytes of content")->capture_default_str();
  fan->add_option("--outstanding", options.outstanding, "Unacknowledged messages of each sender, 1 to 64")
      ->capture_default_str();
  fan->add_option("--seconds", options.seconds, "Measured time")->capture_default_str();
  fan->add_option("--runs", runs, "Repetitions, parleyd and naive in turn")->capture_default_str();
  fan->add_option("--set", settings, "KEY=VALUE for parleyd; repeatable")->take_all()->allow_extra_args(false);
  fan->add_flag("--alone", alone, "Without the naive server");
  idle_options idling;
  auto* rest =
      app.add_subcommand("idle", "Memory of idle connections with all that they bring: sessions, presence, rooms");
  rest->add_option("--connections", idling.connections, "Connections")->capture_default_str();
  rest->add_option("--users", idling.users, "Users they belong to")->capture_default_str()->check(CLI::PositiveNumber);
  rest->add_option("--rooms", idling.rooms, "Rooms they are in, one each")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  durable_series_options durable;
  bool lone = false;
  bool compare = false;
  auto* keep =
      app.add_subcommand("durable", "Keyed sends, acknowledged when they are stored, beside the bare database");
  keep->add_option("--store", durable.store, "postgres (a server of its own, started here) or sqlite")
      ->transform(CLI::CheckedTransformer(std::map<std::string, durable_store>{{"postgres", durable_store::postgres},
                                                                               {"sqlite", durable_store::sqlite}}));
  keep->add_option("--senders", durable.load.senders, "Senders, each a member of one room")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  keep->add_option("--rooms", durable.load.rooms, "Rooms")->capture_default_str()->check(CLI::PositiveNumber);
  keep->add_option("--outstanding", durable.load.outstanding,
                   "Unacknowledged messages of each sender, 1 to 64. One is a person who waits for the ack; the batches"
                   " fill from many senders, and more of each only lengthens the queue in which a message waits")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  keep->add_option("--seconds", durable.load.seconds, "Measured time of each")->capture_default_str();
  keep->add_option("--batches", durable.batches, "Rows in the batches beside it")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  keep->add_option("--runs", durable.runs, "Repetitions, all in turn")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  keep->add_option("--set", durable.settings, "KEY=VALUE for parleyd; repeatable")->take_all()->allow_extra_args(false);
  keep->add_flag("--alone", durable.alone, "Without pgbench and batches beside it");
  keep->add_flag("--lone", lone, "One sender alone in its room, beside bare commits");
  keep->add_flag("--compare", compare, "Everything: both stores, 1,000 senders in 100 rooms, 100 in one, a lone one");
  verify_options verifying;
  std::vector<std::string> faults;
  auto* check = add_verify(app, verifying, faults);
  across_options crossing;
  auto* cross = add_across(app, crossing);
  storm_options storming;
  auto* gale = add_storm(app, storming);
  latency_options opening;
  std::string level = "p99=50ms";
  auto* pace = add_latency(app, opening, level);
  for (auto* command : {fan, rest, keep, check, cross, gale, pace})
    command->add_option("--server", server, "parleyd to start")->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? EXIT_SUCCESS : exit_of_a_broken_environment;
  }
  raise_descriptor_limit();
  if (check->parsed()) return verify(std::move(verifying), faults, server);
  if (cross->parsed()) return across(std::move(crossing), server);
  if (gale->parsed()) return storm(std::move(storming), server);
  if (pace->parsed()) return latency(std::move(opening), level, server);
  try {
    if (rest->parsed())
      idle(idling, server);
    else if (keep->parsed())
      measure(durable, server, lone, compare);
    else
      fanout(options, server, alone ? "" : naive, runs, settings);
  } catch (const std::exception& e) {
    std::cerr << "\nparley-bench: " << e.what() << '\n';
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
