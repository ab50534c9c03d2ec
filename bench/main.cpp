// parley-bench: load for Parley, with honest percentiles and the server's CPU.
#include "command_line.hpp"

int main(int argc, char** argv) {
  parley::bench::command_line line;
  for (const auto add :
       {parley::bench::add_fanout, parley::bench::add_rooms, parley::bench::add_latency, parley::bench::add_overload,
        parley::bench::add_mixed, parley::bench::add_idle, parley::bench::add_connect, parley::bench::add_replay,
        parley::bench::add_durable, parley::bench::add_peers, parley::bench::add_verify, parley::bench::add_across,
        parley::bench::add_storm})
    add(line);
  return line.run(argc, argv);
}
