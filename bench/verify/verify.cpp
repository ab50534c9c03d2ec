// A run from its beginning to its report.
#include "verify/verify.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "scrape.hpp"
#include "support/process_times.hpp"
#include "verify/faults.hpp"
#include "verify/load.hpp"
#include "verify/population.hpp"
#include "verify/report.hpp"
#include "verify/world.hpp"

namespace parley::bench {
namespace {

/// The first reading of a node is a gap too: what came before it is only in the store.
std::optional<std::uint64_t> gaps_heard_by(const std::vector<support::target>& nodes) {
  std::uint64_t sum = 0;
  try {
    for (const auto& node : nodes) {
      const auto heard = static_cast<std::uint64_t>(scrape(node)["parley_stream_gaps_heard_total"]);
      sum += heard - std::min<std::uint64_t>(heard, 1);
    }
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return sum;
}

}  // namespace

bool run_verify(const verify_options& options) {
  validate(options);
  const auto own = options.node_urls.empty() ? std::make_unique<world>(options) : nullptr;
  load_state state(options.seed);
  if (own) {
    state.nodes = own->nodes();
  } else {
    for (const auto& url : options.node_urls) state.nodes.push_back(parse_node(url));
  }
  state.stopping_since.assign(state.nodes.size(), -1);
  auto people = populate(options, state.nodes);
  fault_runner faults(options, own.get());
  load run(options, state, std::move(people), faults);
  run.begin();
  run.run(options.seconds);
  run.settle();
  const auto gaps_heard = gaps_heard_by(state.nodes);
  run.prove_presence(own.get());
  run.judge();
  const run_report report{
      options,   state, run.faults(), run.presence_seconds(), state.now(), support::cpu_seconds_of(::getpid()),
      gaps_heard};
  const auto text = options.report.json ? to_json(report) : to_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  write_page({to_report(report)}, options.report.page);
  return state.found.total() == 0;
}

}  // namespace parley::bench
