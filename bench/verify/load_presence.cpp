// Whether presence is true at the end: at every node by REST, and as each connection was told.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>

#include "verify/load.hpp"

namespace parley::bench {
namespace {

constexpr double look_every_seconds = 0.25;
constexpr std::size_t most_differences = 200;

const char* word_for(bool is_on) { return is_on ? "on" : "off"; }

}  // namespace

std::string load::devices_of(int user) const {
  std::vector<int> numbers;
  for (const auto& each : clients_)
    if (each->user() == user) numbers.push_back(each->number());
  return fmt::format("user {} (client {})", user, fmt::join(numbers, ", "));
}

/// What each node tells, of all users.
std::vector<violation> load::differences_at_nodes(const std::string& when, const std::vector<char>& is_there,
                                                  std::size_t most) const {
  std::vector<violation> out;
  const auto asks = std::find_if(clients_.begin(), clients_.end(), [](const auto& each) { return !each->is_away(); });
  for (int node = 0; node < static_cast<int>(state_.nodes.size()) && out.size() < most; ++node) {
    if (node == state_.dead_node) continue;
    const auto add = [&](const std::string& text, const std::string& user_id) {
      out.push_back({broken::untrue, {}, -1, 0, state_.now(), fmt::format("{} node {} {}", when, node, text), user_id});
    };
    try {
      const auto told = read_presence(state_.nodes[static_cast<std::size_t>(node)], (*asks)->token(), people_.user_ids);
      for (std::size_t user = 0; user < people_.user_ids.size() && out.size() < most; ++user) {
        const auto found = told.find(people_.user_ids[user]);
        const bool is_on = is_there[user] != 0;
        if (found != told.end() && found->second == is_on) continue;
        add(fmt::format("tells {} of {}, who is {}", found == told.end() ? "nothing" : word_for(found->second),
                        devices_of(static_cast<int>(user)), word_for(is_on)),
            people_.user_ids[user]);
      }
    } catch (const std::exception& e) {
      add(fmt::format("does not tell who is on: {}", e.what()), {});
    }
  }
  return out;
}

/// Up to so many; the nodes are asked only when the connections agree.
std::vector<violation> load::presence_differences(const std::string& when, std::size_t most) const {
  std::vector<violation> out;
  std::vector<char> is_there(people_.user_ids.size(), 0);
  for (const auto& each : clients_) {
    if (each->is_away()) continue;
    is_there[static_cast<std::size_t>(each->user())] = 1;
    if (!each->is_live())
      out.push_back({broken::unanswered, each->here(), -1, 0, state_.now(),
                     fmt::format("{} client {} is not connected to its rooms", when, each->number())});
  }
  for (const auto& each : clients_) {
    if (each->is_away() || !each->is_live()) continue;
    for (std::size_t user = 0; user < state_.user_ids.size() && out.size() < most; ++user) {
      const bool is_on = is_there[user] != 0;
      const auto number = static_cast<int>(user);
      if (each->presence().agrees(number, is_on)) continue;
      out.push_back({broken::untrue, each->here(), -1, 0, state_.now(),
                     fmt::format("{} client {} was told {} of {}, who is {}", when, each->number(),
                                 each->presence().word_of(number), devices_of(number), word_for(is_on)),
                     state_.user_ids[user]});
    }
  }
  if (out.size() >= most) return out;
  auto at_nodes = differences_at_nodes(when, is_there, most - out.size());
  out.insert(out.end(), at_nodes.begin(), at_nodes.end());
  return out;
}

bool load::await_presence(const std::string& when, double seconds) {
  const auto is_untrue = [&] {
    if (state_.now() < next_look_) return true;
    const bool differs = !presence_differences(when, 1).empty();
    next_look_ = state_.now() + look_every_seconds;
    return differs;
  };
  if (step_while(is_untrue, state_.now() + seconds)) return true;
  const auto wrong = presence_differences(fmt::format("{:.0f} s {}", seconds, when), most_differences);
  for (const auto& each : wrong) state_.found.add(each);
  return wrong.empty();
}

/// About half of the users, at least one, unless there is but one: somebody stays.
std::vector<int> load::choose_who_goes() {
  std::vector<int> users;
  for (std::size_t user = 0; user < people_.user_ids.size(); ++user) users.push_back(static_cast<int>(user));
  std::shuffle(users.begin(), users.end(), state_.random);
  users.resize(users.size() / 2);
  std::sort(users.begin(), users.end());
  return users;
}

/// A node to which somebody is connected who goes, so that nobody but the others can tell that they are off.
int load::choose_who_dies(const std::vector<int>& leaving) {
  std::vector<int> nodes;
  for (const auto& each : clients_) {
    if (std::binary_search(leaving.begin(), leaving.end(), each->user()) && each->is_live())
      nodes.push_back(each->here().node);
  }
  return nodes.empty() ? static_cast<int>(state_.pick(state_.nodes.size())) : nodes[state_.pick(nodes.size())];
}

void load::prove_presence(world* own) {
  bool is_true = await_presence("after the last fault", options_.bound);
  const auto leaving = choose_who_goes();
  const bool kills = own != nullptr && state_.nodes.size() > 1;
  if (kills) state_.dead_node = choose_who_dies(leaving);
  note(fmt::format("users {} go away{}", fmt::join(leaving, ","),
                   kills ? fmt::format(", and node {} is killed", state_.dead_node) : ""));
  // Before they go: it could still say so of those who are connected to it.
  if (kills) own->node(static_cast<std::size_t>(state_.dead_node)).kill();
  const auto began = state_.now();
  for (const auto& each : clients_) {
    if (std::binary_search(leaving.begin(), leaving.end(), each->user())) each->go_away();
  }
  next_look_ = 0;
  is_true = await_presence("after half of the users went", presence_ttl_seconds(options_) + options_.bound) && is_true;
  if (is_true) presence_seconds_ = state_.now() - began;
  if (!kills) return;
  own->node(static_cast<std::size_t>(state_.dead_node)).restart();
  note(fmt::format("node {} is there again", state_.dead_node));
  state_.dead_node = -1;
}

}  // namespace parley::bench
