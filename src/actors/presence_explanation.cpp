// Sockets become devices by what the store knows of their log-ins.
#include "actors/presence_explanation.hpp"

#include <algorithm>
#include <utility>

#include "actors/node_silence.hpp"
#include "actors/read_pool.hpp"

namespace parley {
namespace {

void add_devices(std::vector<connected_device>& devices, const told_sockets::place& place,
                 const std::vector<token_item>& log_ins) {
  for (const auto& open : place.log_ins) {
    auto& device = devices.emplace_back(connected_device{place.node, open.count, {}, {}});
    const auto known =
        std::find_if(log_ins.begin(), log_ins.end(), [&](const token_item& each) { return each.hash == open.token; });
    if (known == log_ins.end()) continue;
    device.user_agent = known->user_agent;
    device.logged_in_at = known->created_at;
  }
}

/// Runs on a reading thread.
result<presence_explanation> explanation_of(database_reader& store, const user_id& user, told_sockets told,
                                            std::chrono::milliseconds lease) {
  const auto found = store.presence({&user, 1});
  if (!found) return found.error();
  if (found->empty()) return not_found("user_id: there is no such user.");
  auto places = store.presence_places(user);
  if (!places) return places.error();
  const auto log_ins = store.tokens_of(user);
  if (!log_ins) return log_ins.error();
  presence_explanation why{found->front(), std::move(*places), log_ins->size(), {}, std::move(told.silent), lease};
  for (const auto& place : told.nodes) add_devices(why.devices, place, *log_ins);
  for (const auto& place : why.places) {
    if (told.only_of && place.is_known && place.node != *told.only_of) why.silent.push_back(place.name);
  }
  return why;
}

}  // namespace

void explain(const actor_services& services, told_sockets told, const call<explain_presence>& ask) {
  services.reads->ask<presence_explanation>(
      [user = ask.request.user, told = std::move(told), lease = longest_silence(services.settings.presence)](
          database_reader& store) { return explanation_of(store, user, told, lease); },
      ask.reply);
}

}  // namespace parley
