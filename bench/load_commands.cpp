// The options of the scenarios on one node.
#include <memory>
#include <string>

#include "command_line.hpp"
#include "load/connect.hpp"
#include "load/fanout.hpp"
#include "load/idle.hpp"
#include "load/latency.hpp"
#include "load/mixed.hpp"
#include "load/overload.hpp"
#include "load/replay.hpp"

namespace parley::bench {
namespace {

const CLI::Range content_bytes(12, 8192);
const CLI::Range most_outstanding(1, 64);

void add_closed(command_line& line, const std::string& description, const fanout_options& defaults) {
  const auto options = std::make_shared<fanout_options>(defaults);
  const auto alone = std::make_shared<bool>(false);
  auto* command = line.add(options->scenario, description, [options, alone, &line] {
    options->server.parleyd = line.parleyd();
    // The naive server takes names where a node wants tokens, and it cannot be where another one runs already.
    if (!*alone && options->server.node_url.empty()) options->naive = line.naive();
    return run_fanout(*options);
  });
  add_shown(command, "--rooms", options->rooms, "Rooms")->check(CLI::Range(1, 100'000));
  add_shown(command, "--members,--receivers", options->receivers, "Receivers of each message")
      ->check(CLI::Range(1, 9'999));
  add_shown(command, "--payload,--size", options->load.size, "Bytes of content")->check(content_bytes);
  add_shown(command, "--outstanding", options->load.outstanding, "Unacknowledged messages of each room")
      ->check(most_outstanding);
  add_shown(command, "--seconds", options->seconds, "Measured time")->check(CLI::PositiveNumber);
  add_shown(command, "--runs", options->runs, "Repetitions, parleyd and naive in turn")->check(CLI::PositiveNumber);
  command->add_flag("--alone", *alone, "Without the naive server");
  line.add_server(command, options->server);
  command_line::add_report(command, options->report);
}

/// What open loops are told.
template <class Options>
void add_open(CLI::App* command, Options& options) {
  add_shown(command, "--seconds", options.seconds, "Measured time")->check(CLI::PositiveNumber);
  add_shown(command, "--warm-up", options.warm_up, "Seconds of the same load before it")->check(CLI::NonNegativeNumber);
  add_shown(command, "--size", options.size, "Bytes of content")->check(content_bytes);
}

/// What the search for the highest rate is told; `level` is read when the command runs.
template <class Options>
void add_find_max(CLI::App* command, Options& options, std::string& level) {
  command->add_flag("--find-max", options.find_max,
                    "Look for the highest rate that keeps --slo, in trials of --seconds, at most 5");
  add_shown(command, "--slo", level, "What must be kept: p50, p99, p999 or max of deliveries, in ms or s");
}

}  // namespace

void add_fanout(command_line& line) {
  add_closed(line, "One sender a room, everybody else in it receives; what a delivery costs, beside the naive server",
             {});
}

void add_rooms(command_line& line) {
  fanout_options defaults;
  defaults.scenario = "rooms";
  defaults.rooms = 200;
  defaults.receivers = 4;
  defaults.load.in_turn = true;
  add_closed(line, "Many small rooms, whose members send in turn; what a delivery costs, beside the naive server",
             defaults);
}

void add_latency(command_line& line) {
  const auto options = std::make_shared<latency_options>();
  const auto level = std::make_shared<std::string>("p99=50ms");
  const auto beside = std::make_shared<bool>(false);
  auto* command = line.add("latency",
                           "An open loop at a fixed rate over many small rooms: latencies count from when a message "
                           "was due; or the highest rate that a level allows",
                           [options, level, beside, &line] {
                             options->server.parleyd = line.parleyd();
                             if (*beside) options->naive = line.naive();
                             options->level = parse_service_level(*level);
                             return run_latency(*options);
                           });
  add_shown(command, "--rooms", options->rooms, "Rooms")->check(CLI::Range(1, 100'000));
  add_shown(command, "--members", options->members, "Members of each, who send in turn")->check(CLI::Range(2, 10'000));
  add_shown(command, "--rate", options->rate, "Messages a second over all rooms; where to begin with --find-max")
      ->check(CLI::PositiveNumber);
  add_open(command, *options);
  add_find_max(command, *options, *level);
  command->add_flag("--beside", *beside,
                    "Beside what it cannot do without: commits meanwhile, where PostgreSQL is started, and behind the "
                    "run a bare echo at the same rate");
  line.add_server(command, options->server);
  command_line::add_report(command, options->report);
}

void add_overload(command_line& line) {
  const auto options = std::make_shared<overload_options>();
  auto* command = line.add("overload",
                           "Twice what the node holds, for a while: does its memory stay, are those that it takes "
                           "answered soon and the others told so, and is everything as before afterwards",
                           [options, &line] {
                             options->server.parleyd = line.parleyd();
                             return run_overload(*options);
                           });
  add_shown(command, "--rooms", options->rooms, "Rooms")->check(CLI::Range(1, 100'000));
  add_shown(command, "--members", options->members, "Members of each, who send in turn")->check(CLI::Range(2, 10'000));
  add_shown(command, "--full", options->full, "Messages a second that it just holds; 0: look for them first")
      ->check(CLI::NonNegativeNumber);
  add_shown(command, "--times", options->times, "So many times as many come")->check(CLI::PositiveNumber);
  add_shown(command, "--seconds", options->seconds, "Of overload")->check(CLI::PositiveNumber);
  add_shown(command, "--size", options->size, "Bytes of content")->check(content_bytes);
  line.add_server(command, options->server);
  command_line::add_report(command, options->report);
}

void add_mixed(command_line& line) {
  const auto options = std::make_shared<mixed_options>();
  const auto level = std::make_shared<std::string>("p99=50ms");
  auto* command = line.add("mixed",
                           "A day in the life: messages, reactions, typing, reading, history and people who come back, "
                           "at a fixed rate, in small rooms mostly; or the highest rate that a level allows",
                           [options, level, &line] {
                             options->server.parleyd = line.parleyd();
                             options->level = parse_service_level(*level);
                             return run_mixed(*options);
                           });
  add_shown(command, "--rooms", options->rooms, "Rooms, four in five of them small")->check(CLI::Range(5, 100'000));
  add_shown(command, "--small", options->small, "Members of a small one")->check(CLI::Range(2, 10'000));
  add_shown(command, "--large", options->large, "Members of a large one")->check(CLI::Range(2, 10'000));
  add_shown(command, "--rate", options->rate, "Operations a second; where to begin with --find-max")
      ->check(CLI::PositiveNumber);
  add_shown(command, "--seed", options->seed, "Chooses who does what");
  add_open(command, *options);
  add_find_max(command, *options, *level);
  line.add_server(command, options->server);
  command_line::add_report(command, options->report);
}

void add_idle(command_line& line) {
  const auto options = std::make_shared<idle_options>();
  auto* command =
      line.add("idle", "Memory and CPU of idle connections, with their sessions, presence and rooms", [options, &line] {
        options->server.parleyd = line.parleyd();
        run_idle(*options);
        return true;
      });
  add_shown(command, "--connections", options->connections, "Connections")->check(CLI::Range(1, 1'000'000));
  add_shown(command, "--users", options->users, "Users they belong to")->check(CLI::Range(1, 1'000'000));
  add_shown(command, "--rooms", options->rooms, "Rooms")->check(CLI::Range(1, 100'000));
  add_shown(command, "--rooms-each", options->rooms_each, "Rooms that a user is in")->check(CLI::Range(1, 1'000));
  add_shown(command, "--seconds", options->seconds, "Of idling")->check(CLI::PositiveNumber);
  line.add_server(command, options->server);
  command_line::add_report(command, options->report);
}

void add_connect(command_line& line) {
  const auto options = std::make_shared<connect_options>();
  const auto alone = std::make_shared<bool>(false);
  auto* command = line.add("connect",
                           "Connections a second, from TCP to the ready frame, beside a server that only accepts and "
                           "upgrades",
                           [options, alone, &line] {
                             options->server.parleyd = line.parleyd();
                             if (!*alone) options->naive = line.naive();
                             return run_connect(*options);
                           });
  add_shown(command, "--connections", options->connections, "Connections")->check(CLI::Range(1, 25'000));
  add_shown(command, "--at-once", options->at_once, "Under way at once")->check(CLI::Range(1, 10'000));
  add_shown(command, "--users", options->users, "Users they belong to")->check(CLI::Range(1, 1'000'000));
  add_shown(command, "--rooms", options->rooms, "Rooms")->check(CLI::Range(1, 100'000));
  add_shown(command, "--rooms-each", options->rooms_each, "Rooms that a user is in")->check(CLI::Range(1, 1'000));
  add_shown(command, "--runs", options->runs, "Repetitions, both servers in turn")->check(CLI::PositiveNumber);
  command->add_flag("--alone", *alone, "Without the server beside it");
  line.add_server(command, options->server);
  command_line::add_report(command, options->report);
}

void add_replay(command_line& line) {
  const auto options = std::make_shared<replay_options>();
  auto* command =
      line.add("replay", "Everybody missed something and comes back at once; what the replay costs", [options, &line] {
        options->server.parleyd = line.parleyd();
        return run_replay(*options);
      });
  add_shown(command, "--clients", options->clients, "Connections that come back")->check(CLI::Range(1, 25'000));
  add_shown(command, "--users", options->users, "Users they belong to, each in one room")
      ->check(CLI::Range(1, 1'000'000));
  add_shown(command, "--rooms", options->rooms, "Rooms")->check(CLI::Range(1, 100'000));
  add_shown(command, "--missed", options->missed, "Events that each missed")->check(CLI::Range(1, 1'000'000));
  add_shown(command, "--size", options->size, "Bytes of content")->check(content_bytes);
  add_shown(command, "--bound", options->bound, "Seconds within which each must have everything")
      ->check(CLI::PositiveNumber);
  command->add_flag("--connected", options->connected, "They are connected before, and only ask for what they missed");
  line.add_server(command, options->server);
  command_line::add_report(command, options->report);
}

}  // namespace parley::bench
