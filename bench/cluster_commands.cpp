// The options of the scenarios on several nodes.
#include <memory>

#include "across/across.hpp"
#include "command_line.hpp"
#include "storm/storm.hpp"
#include "verify/verify.hpp"

namespace parley::bench {

void add_verify(command_line& line) {
  const auto options = std::make_shared<verify_options>();
  const auto faults = std::make_shared<std::vector<std::string>>();
  auto* command =
      line.add("verify", "Clients on several nodes, faults, and a look at every promise of docs/protocol.md",
               [options, faults, &line] {
                 auto what = *options;
                 what.parleyd = line.parleyd();
                 for (const auto& text : *faults) what.faults.push_back(parse_fault(text));
                 return run_verify(what);
               });
  add_shown(command, "--nodes", options->nodes, "Nodes to start")->check(CLI::Range(1, 20));
  add_shown(command, "--redis", options->redis,
            "Redis servers to start, which share the streams; a fault of Redis befalls one of them")
      ->check(CLI::Range(1, 8));
  add_shown(command, "--rooms", options->rooms, "Rooms")->check(CLI::Range(1, 10'000));
  add_shown(command, "--clients", options->clients, "Clients; two are one user's devices")
      ->check(CLI::Range(2, 10'000));
  add_shown(command, "--guests", options->guests,
            "Users besides, who are logged out, removed or suspended again and again")
      ->check(CLI::Range(0, 100));
  add_shown(command, "--seconds", options->seconds, "How long to send and to break things")->check(CLI::PositiveNumber);
  add_shown(command, "--seed", options->seed, "Chooses who does what to whom; the times are the machine's");
  add_shown(command, "--rate", options->rate, "Operations a second, of all clients together")
      ->check(CLI::PositiveNumber);
  add_shown(command, "--reconnects", options->reconnects, "Connections a second that clients end by themselves")
      ->check(CLI::NonNegativeNumber);
  add_shown(command, "--stay", options->stay, "Share of the clients that come back to their own node only")
      ->check(CLI::Range(0.0, 1.0));
  add_shown(command, "--bound", options->bound,
            "Seconds after the last fault within which everybody must have everything")
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--presence-ttl", options->presence_ttl,
                   "The nodes' presence.ttl_seconds, within which a dead node's users are off [6; 30 with --node]")
      ->check(CLI::Range(3, 3'600));
  command->add_option("--fault", *faults, "NAME:every=5s,…; repeatable; see below")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--node", options->node_urls, "http://HOST:PORT of a node that runs already; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--postgres", options->postgres_url, "An empty database of a PostgreSQL that runs already");
  command_line::add_settings(command, options->settings);
  command->add_option("--logs", options->logs, "A folder that gets the nodes' logs");
  command_line::add_report(command, options->report);
  command->footer(fault_help());
}

void add_across(command_line& line) {
  const auto options = std::make_shared<across_options>();
  auto* command =
      line.add("across",
               "The time from a sender at one node to a receiver at another, beside a hop through Redis and "
               "a commit; there are no figures when messages were lost or refused or the sender fell behind",
               [options, &line] {
                 options->parleyd = line.parleyd();
                 return run_across(*options);
               });
  add_shown(command, "--rooms", options->rooms, "Rooms, each with a sender at the one node and a receiver at the other")
      ->check(CLI::Range(1, 10'000));
  add_shown(command, "--rate", options->rates,
            "Messages a second over all rooms; several are measured one after the other")
      ->check(CLI::PositiveNumber);
  add_shown(command, "--seconds", options->seconds, "Measured time of each rate")->check(CLI::PositiveNumber);
  add_shown(command, "--warm-up", options->warm_up, "Seconds of the same load before it")
      ->check(CLI::NonNegativeNumber);
  add_shown(command, "--size", options->size, "Bytes of content, and of what the hop and the commit carry")
      ->check(CLI::Range(12, 8192));
  command
      ->add_option("--node", options->node_urls,
                   "http://HOST:PORT of a node that runs already; twice: the senders', the receivers'")
      ->take_all()
      ->allow_extra_args(false);
  command->add_option("--redis", options->redis_url, "redis://… of that cluster, for the hop; left out without");
  command->add_option("--store", options->store_url,
                      "postgresql://… of that cluster, for the commit; left out without");
  command_line::add_settings(command, options->settings);
  command_line::add_report(command, options->report);
}

void add_storm(command_line& line) {
  const auto options = std::make_shared<storm_options>();
  auto* command =
      line.add("storm", "All clients of two nodes are cut off at once and come back; each must have every message once",
               [options, &line] {
                 options->parleyd = line.parleyd();
                 return run_storm(*options);
               });
  add_shown(command, "--clients", options->clients, "Connections that are cut")->check(CLI::PositiveNumber);
  add_shown(command, "--users", options->users, "Users they belong to, each in one room")->check(CLI::PositiveNumber);
  add_shown(command, "--rooms", options->rooms, "Rooms, each with a sender who is not cut")->check(CLI::PositiveNumber);
  add_shown(command, "--rate", options->rate, "Messages a second over all rooms, all the time")
      ->check(CLI::PositiveNumber);
  add_shown(command, "--seconds", options->seconds, "Before the cut, and after the return")->check(CLI::PositiveNumber);
  add_shown(command, "--bound", options->bound, "Seconds within which everybody must be back")
      ->check(CLI::PositiveNumber);
  add_shown(command, "--size", options->size, "Bytes of content")->check(CLI::Range(12, 8192));
  command->add_flag("--unread", options->unread,
                    "They come back with ?replay=unread, from where they have read, and do not resume");
  command->add_flag("--drain", options->drain,
                    "Stop one node instead: its clients come to the other when they are told");
  command_line::add_settings(command, options->settings);
  command_line::add_report(command, options->report);
}

}  // namespace parley::bench
