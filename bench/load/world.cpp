// See world.hpp.
#include "load/world.hpp"

#include <fmt/format.h>

#include "report/progress.hpp"
#include "verify/accounts.hpp"

namespace parley::bench {
namespace {

void show(const char* what, std::size_t done, std::size_t of) {
  constexpr std::size_t step = 20;
  if (done % step == 0 || done == of) show_count(what, done, of);
}

}  // namespace

load_world make_load_world(const support::target& node, const std::vector<std::size_t>& sizes) {
  load_world world;
  world.rooms.reserve(sizes.size());
  const auto run = run_name();
  std::size_t members = 0;
  for (const auto size : sizes) members += size;
  world.room_of.reserve(members);
  for (std::size_t number = 0; number < sizes.size(); ++number) {
    load_world::room room;
    room.first = world.room_of.size();
    std::vector<std::string> ids;
    for (std::size_t member = 0; member < sizes[number]; ++member) {
      const auto who = register_account(node, fmt::format("l{}-{}-{}", run, number, member));
      room.tokens.push_back(log_in(node, who));
      if (member > 0) ids.push_back(who.id);
      world.room_of.push_back(number);
      show("users", world.room_of.size(), members);
    }
    room.id = make_room(node, room.tokens.front(), fmt::format("load {}", number), ids);
    world.rooms.push_back(std::move(room));
  }
  return world;
}

load_world make_naive_world(const std::vector<std::size_t>& sizes) {
  load_world world;
  for (std::size_t number = 0; number < sizes.size(); ++number) {
    const auto name = fmt::format("{}", number);
    world.rooms.push_back({name, std::vector<std::string>(sizes[number], name), world.room_of.size()});
    world.room_of.insert(world.room_of.end(), sizes[number], number);
  }
  return world;
}

crowd make_crowd(const support::target& node, std::size_t users, std::size_t rooms, std::size_t rooms_each) {
  crowd out;
  out.rooms_each = rooms_each;
  out.tokens.reserve(users);
  const auto run = run_name();
  std::vector<std::vector<std::string>> members(rooms);
  for (std::size_t user = 0; user < users; ++user) {
    const auto who = register_account(node, fmt::format("c{}-{}", run, user));
    out.tokens.push_back(log_in(node, who));
    for (std::size_t which = 0; which < rooms_each; ++which) members[(user + which) % rooms].push_back(who.id);
    show("users", user + 1, users);
  }
  const auto maker = log_in(node, register_account(node, fmt::format("c{}-maker", run)));
  for (std::size_t room = 0; room < rooms; ++room)
    out.room_ids.push_back(make_room(node, maker, fmt::format("crowd {}", room), members[room]));
  return out;
}

}  // namespace parley::bench
