// The command line, and the works and peers that it names.
#include "peers/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "peers/content.hpp"

namespace parley::bench {
namespace {

template <class Thing>
std::string names_of(const std::vector<Thing>& things) {
  std::string names;
  for (const auto& thing : things) names += (names.empty() ? "" : ", ") + thing.name;
  return names;
}

template <class Thing>
Thing find_named(const std::vector<Thing>& things, const std::string& name, const char* option) {
  const auto found = std::find_if(things.begin(), things.end(), [&](const auto& thing) { return thing.name == name; });
  if (found == things.end())
    throw std::invalid_argument(fmt::format("{} {}: not one of {}", option, name, names_of(things)));
  return *found;
}

}  // namespace

void add_peers_options(CLI::App* command, peers_options& options) {
  const auto add = [&](const char* name, auto& value, const char* what) {
    return command->add_option(name, value, what)->capture_default_str();
  };
  add("--work", options.works, "fanout1, fanout16, small, or custom (see --rooms); by commas [the first three]")
      ->delimiter(',');
  add("--peers", options.peers,
      ("By commas, of " + names_of(all_peers({})) + " [all but the floor's uring-defer, -files and -sqpoll]").c_str())
      ->delimiter(',');
  add("--runs", options.runs, "Turns; in each, everything is measured once")->check(CLI::Range(1, 1000));
  add("--seconds", options.times.seconds, "Measured time of each")->check(CLI::PositiveNumber);
  add("--warm-up", options.times.warm_up, "Seconds of the same load before it")->check(CLI::NonNegativeNumber);
  add("--rooms", options.custom.rooms, "Of --work custom")->check(CLI::Range(1, 10'000));
  add("--members", options.custom.members, "Of each of its rooms, the sender among them")->check(CLI::Range(2, 20'000));
  add("--outstanding", options.custom.outstanding, "Its senders' messages that wait for an answer")
      ->check(CLI::Range(1, 64));
  add("--size", options.custom.size, "Bytes of its content")->check(CLI::Range(static_cast<int>(least_content), 8192));
  command->add_option("--set", options.programs.settings, "KEY=VALUE for parleyd; repeatable")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--json", options.json, "The report as JSON");
  command->add_option("--report", options.report, "A file that gets the report as a page with plots");
}

std::vector<peer_work> known_works() {
  return {{"fanout1", "1 room of 1,000 members, 1 message outstanding", 1, 1000, 1},
          {"fanout16", "1 room of 1,000 members, 16 messages outstanding", 1, 1000, 16},
          {"small", "200 rooms of 5 members, 1 message outstanding in each", 200, 5, 1}};
}

std::vector<peer_work> chosen_works(const peers_options& options) {
  auto known = known_works();
  if (options.works.empty()) return known;
  known.push_back(options.custom);
  auto& custom = known.back();
  custom.title = fmt::format("{} rooms of {} members, {} messages outstanding in each", custom.rooms, custom.members,
                             custom.outstanding);
  std::vector<peer_work> chosen;
  chosen.reserve(options.works.size());
  for (const auto& name : options.works) chosen.push_back(find_named(known, name, "--work"));
  return chosen;
}

std::vector<peer> chosen_peers(const peers_options& options) {
  auto all = all_peers(options.programs);
  if (options.peers.empty()) {
    all.erase(std::remove_if(all.begin(), all.end(), [](const peer& one) { return one.is_only_by_name; }), all.end());
    return all;
  }
  std::vector<peer> chosen;
  chosen.reserve(options.peers.size());
  for (const auto& name : options.peers) chosen.push_back(find_named(all, name, "--peers"));
  return chosen;
}

}  // namespace parley::bench
