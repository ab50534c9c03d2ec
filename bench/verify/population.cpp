// Accounts with two devices each, each device with a log-in of its own, and who is in which room.
#include "verify/population.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>
#include <random>

#include "verify/accounts.hpp"

namespace parley::bench {
namespace {

constexpr int devices_of_a_user = 2;
constexpr int page = 200;
constexpr std::ptrdiff_t presence_page = 100;  ///< As many ids fit into an address.
constexpr int presence_patience_ms = 3'000;    ///< It is asked again and again, and meanwhile nobody reads.

}  // namespace

population populate(const verify_options& options, const std::vector<support::target>& nodes) {
  population out;
  std::mt19937_64 random(options.seed);
  const auto name = run_name();
  const int users = (options.clients + devices_of_a_user - 1) / devices_of_a_user;
  const auto node_of = [&](int number) { return static_cast<int>(static_cast<std::size_t>(number) % nodes.size()); };
  std::vector<account> accounts;
  accounts.reserve(static_cast<std::size_t>(users));
  for (int user = 0; user < users; ++user) {
    accounts.push_back(
        register_account(nodes[static_cast<std::size_t>(node_of(user))], fmt::format("v{}-{}", name, user)));
    out.user_ids.push_back(accounts.back().id);
  }
  for (int number = 0; number < options.clients; ++number) {
    const int device = number / users;
    const int node = node_of(number % users + device);  // a user's two devices are at two nodes
    const bool stays = std::bernoulli_distribution(options.stay)(random);
    const int user = number % users;
    const auto token = log_in(nodes[static_cast<std::size_t>(node)], accounts[static_cast<std::size_t>(user)]);
    out.clients.push_back({number, user, node, stays, token, {}});
    const int other = device == 0 ? number + users : number - users;
    out.sibling.push_back(other < options.clients ? other : -1);
  }
  for (int room = 0; room < options.rooms; ++room) {
    std::vector<std::string> members;
    for (int user = 0; user < users; ++user) {
      // Every other room has everybody, so that nobody is left without one.
      const bool is_member = room % 2 == 0 || user == room % users || std::bernoulli_distribution(0.5)(random);
      if (!is_member) continue;
      members.push_back(accounts[static_cast<std::size_t>(user)].id);
      for (int number = user; number < options.clients; number += users)
        out.clients[static_cast<std::size_t>(number)].rooms.push_back(room);
    }
    const auto creator = static_cast<std::size_t>(room % users);
    out.room_ids.push_back(make_room(nodes[static_cast<std::size_t>(node_of(room))], out.clients[creator].token,
                                     fmt::format("verify {}", room), members));
  }
  return out;
}

room_log read_log(const support::target& node, const std::string& token, const std::string& room_id) {
  room_log log;
  for (;;) {
    const auto after = log.empty() ? 0 : log.back().seq;
    const auto answer = call_json(
        node, {"GET", fmt::format("/api/v1/rooms/{}/events?after_seq={}&limit={}", room_id, after, page), token, {}});
    const auto& items = answer.at("items").as_array();
    if (items.empty()) return log;
    for (const auto& item : items)
      log.push_back({item.as_object().at("data").as_object().at("seq").as_int64(), item.as_object()});
  }
}

std::map<std::string, bool> read_presence(const support::target& node, const std::string& token,
                                          const std::vector<std::string>& user_ids) {
  std::map<std::string, bool> out;
  for (auto from = user_ids.begin(); from != user_ids.end();) {
    const auto to = from + std::min<std::ptrdiff_t>(presence_page, user_ids.end() - from);
    const auto path = fmt::format("/api/v1/presence?user_ids={}", fmt::join(from, to, ","));
    const auto answer = call_json(node, {"GET", path, token, {}, presence_patience_ms});
    for (const auto& item : answer.at("items").as_array()) {
      const auto& told = item.as_object();
      out[std::string(told.at("user_id").as_string())] = told.at("is_online").as_bool();
    }
    from = to;
  }
  return out;
}

std::int64_t read_end(const support::target& node, const std::string& token, const std::string& room_id) {
  return call_json(node, {"GET", "/api/v1/rooms/" + room_id, token, {}}).at("last_seq").as_int64();
}

}  // namespace parley::bench
