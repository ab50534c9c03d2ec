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
#include "verify/accounts.hpp"
#include "verify/faults.hpp"
#include "verify/guest.hpp"
#include "verify/load.hpp"
#include "verify/population.hpp"
#include "verify/report.hpp"
#include "verify/world.hpp"

namespace parley::bench {
namespace {

/// Of each node since its start; nothing when one does not answer.
std::optional<std::vector<std::uint64_t>> gaps_heard_by(const std::vector<support::target>& nodes) {
  std::vector<std::uint64_t> heard;
  try {
    for (const auto& node : nodes)
      heard.push_back(static_cast<std::uint64_t>(scrape(node)["parley_stream_gaps_heard_total"]));
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return heard;
}

/// Nodes that were restarted meanwhile begin anew, with a gap: what came before they first read is only in the store.
std::optional<std::uint64_t> gaps_heard_since(const std::optional<std::vector<std::uint64_t>>& before,
                                              const std::optional<std::vector<std::uint64_t>>& after) {
  if (!before || !after) return std::nullopt;
  std::uint64_t sum = 0;
  for (std::size_t node = 0; node < after->size(); ++node)
    sum += (*after)[node] - std::min((*after)[node], std::max<std::uint64_t>((*before)[node], 1));
  return sum;
}

/// All of them at once, since each may have to wait for something; the clients go on meanwhile.
guest_report end_visits(const std::vector<std::unique_ptr<guest>>& guests, double bound, load& run) {
  for (const auto& each : guests) each->finish(bound);
  run.go_on_while(
      [&] { return std::any_of(guests.begin(), guests.end(), [](const auto& g) { return !g->is_done(); }); });
  guest_report out;
  for (const auto& each : guests) out.add(each->report());
  return out;
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
  // Nodes that somebody else started have nobody whom this tool may appoint.
  if (own && !own->admin_socket().empty()) state.moderator = log_in_moderator(own->admin_socket(), state.nodes.front());
  std::vector<std::unique_ptr<guest>> guests;
  guests.reserve(static_cast<std::size_t>(options.guests));
  for (int number = 0; number < options.guests; ++number)
    guests.push_back(std::make_unique<guest>(state, options.clients + number, options.seed));
  fault_runner faults(options, own.get());
  load run(options, state, std::move(people), faults);
  run.begin();
  const auto gaps_before = gaps_heard_by(state.nodes);
  for (const auto& each : guests) each->start();
  run.run(options.seconds);
  run.settle();
  const auto visits = end_visits(guests, options.bound, run);
  for (const auto& each : visits.found) state.found.add(each);
  for (const auto& each : visits.lines) state.log.insert(each);
  const auto gaps_heard = gaps_heard_since(gaps_before, gaps_heard_by(state.nodes));
  run.prove_presence(own.get());
  run.judge();
  const run_report report{
      options,   state, run.faults(), visits, run.presence_seconds(), state.now(), support::cpu_seconds_of(::getpid()),
      gaps_heard};
  const auto text = options.report.json ? to_json(report) : to_text(report);
  std::fwrite(text.data(), 1, text.size(), stdout);
  write_page({to_report(report)}, options.report.page);
  return state.found.total() == 0;
}

}  // namespace parley::bench
