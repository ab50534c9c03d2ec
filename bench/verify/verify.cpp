// A run from its beginning to its report.
#include "verify/verify.hpp"

#include <unistd.h>

#include <cstdio>
#include <memory>

#include "support/process_times.hpp"
#include "verify/faults.hpp"
#include "verify/load.hpp"
#include "verify/population.hpp"
#include "verify/report.hpp"
#include "verify/world.hpp"

namespace parley::bench {

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
  run.prove_presence(own.get());
  run.judge();
  const run_report report{
      options, state, run.faults(), run.presence_seconds(), state.now(), support::cpu_seconds_of(::getpid())};
  const auto text = options.report.json ? to_json(report) : to_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  write_page({to_report(report)}, options.report.page);
  return state.found.total() == 0;
}

}  // namespace parley::bench
