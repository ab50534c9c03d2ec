// What `parley-bench verify` is told: the world, the load, and the faults.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "report/options.hpp"
#include "support/client_socket.hpp"

namespace parley::bench {

enum class fault_kind {
  kill_node,
  stop_node,
  restart_node,
  kill_redis,
  flush_redis,
  pause_redis,
  cut_redis,
  partition_redis,
  restart_postgres,
  cut_postgres,
  partition_postgres,
  kill_all,
  command,
};

/// One kind of fault, again and again.
struct fault_spec {
  fault_kind kind = fault_kind::kill_node;
  std::string name;                        ///< As it is written on the command line.
  std::chrono::milliseconds every{5'000};  ///< From one to the next, on average.
  std::chrono::milliseconds lasts{0};      ///< `for=` or `down=`: until it is healed.
  /// kill-node: so long before its death the node loses Redis, so that what it stores meanwhile it tells nobody.
  std::chrono::milliseconds untold{0};
  std::string run;   ///< command: what a shell runs when it begins,
  std::string undo;  ///< and when it ends.
};

struct verify_options {
  int nodes = 3;
  int redis = 1;  ///< Servers that share the streams.
  int rooms = 8;
  int clients = 24;  ///< Devices; each user has two.
  int guests = 2;    ///< Users besides, who are logged out, removed or suspended again and again.
  double seconds = 20;
  std::uint64_t seed = 1;
  double rate = 200;      ///< Sends, edits, deletions and reactions a second, of all clients together.
  double reconnects = 1;  ///< Connections a second that a client ends by itself, of all clients together.
  double stay = 0.3;      ///< Share of the clients that come back to their own node only.
  double bound = 10;      ///< Seconds after the last fault within which everybody must have everything.
  int presence_ttl = 0;   ///< Seconds within which a dead node's users are off; 0: see presence_ttl_seconds().
  std::vector<fault_spec> faults;
  std::vector<std::string> node_urls;  ///< A cluster that somebody else started; then there is no world of our own.
  std::string postgres_url;            ///< A server that somebody else started.
  std::string parleyd;                 ///< The program.
  std::vector<std::string> settings;   ///< KEY=VALUE for parleyd.
  std::string logs;                    ///< A folder for the nodes' logs; empty: they go with the run.
  report_options report;
};

/// "kill-node:every=3s,down=2s". Throws std::invalid_argument that says what is wrong.
fault_spec parse_fault(const std::string& text);
/// All kinds with a word about each, for --help.
std::string fault_help();
/// "http://host:port", the host resolved. Throws std::invalid_argument.
support::target parse_node(const std::string& url);
/// What the nodes have as presence.ttl_seconds: of nodes that are started here what `settings` say, or else
/// presence_ttl, or 6, so that a run ends soon; of others presence_ttl, or the default of 30.
int presence_ttl_seconds(const verify_options& options);
/// What does not fit together. Throws std::invalid_argument.
void validate(const verify_options& options);

}  // namespace parley::bench
