// Runs seeds: simulation COUNT [FIRST] demands that every promise is kept; simulation --find COUNT that one is broken.
#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "simulation/simulation.hpp"

namespace {

using parley::simulation::report;
using parley::simulation::simulate;

/// For a build with a mistake in it, to see whether the simulation finds that, and by which seed.
int find(std::uint64_t count) {
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const auto run = simulate(seed);
    if (run.fault.empty()) continue;
    fmt::print("found by seed {}: {}\n", seed, run.fault);
    return 0;
  }
  fmt::print("not found by {} seeds\n", count);
  return 1;
}

int check(std::uint64_t count, std::uint64_t first) {
  report sum;
  std::uint64_t broken = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const auto run = simulate(seed);
    sum.acknowledged += run.acknowledged;
    sum.commits += run.commits;
    sum.errors += run.errors;
    sum.kills += run.kills;
    sum.reconnects += run.reconnects;
    sum.heard += run.heard;
    sum.behind += run.behind;
    sum.declared_off += run.declared_off;
    if (run.fault.empty()) continue;
    fmt::print("seed {}: {}\n", seed, run.fault);
    if (++broken == 20) break;
  }
  if (simulate(first).trace != simulate(first).trace) {
    fmt::print("seed {} does not repeat\n", first);
    ++broken;
  }
  fmt::print(
      "{} seeds: {} broke a promise; {} messages acknowledged, {} commits, {} errors told, {} nodes killed, {}"
      " connections, {} batches heard from other nodes, {} rooms found behind by sweeps, {} users declared off\n",
      count, broken, sum.acknowledged, sum.commits, sum.errors, sum.kills, sum.reconnects, sum.heard, sum.behind,
      sum.declared_off);
  return broken == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 2 && words[0] == "--find") return find(std::stoull(words[1]));
  if (words.empty() || words.size() > 2) {
    fmt::print(stderr, "simulation COUNT [FIRST] | simulation --find COUNT\n");
    return 2;
  }
  return check(std::stoull(words[0]), words.size() == 2 ? std::stoull(words[1]) : 1);
}
