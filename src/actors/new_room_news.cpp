// The first events of a room pass through no room actor: here is who tells of them.
#include "actors/new_room_news.hpp"

#include <utility>

#include "actors/stream_writer_actor.hpp"

namespace parley {

void tell_of_new_room(const actor_services& services, room_id room, std::span<const user_id> members) {
  stream_batch news{room, {}};
  for (const auto& member : members) {
    caf::anon_send(services.directory, membership_changed{room, member, std::nullopt});
    const auto seq = static_cast<sequence>(news.events.size()) + 1;
    news.events.push_back({room, seq, member_joined{member, members.front(), join_reason::created}});
  }
  if (services.bus == nullptr || members.empty()) return;
  services.bus->mirror(std::make_shared<const stream_batch>(std::move(news)));
}

}  // namespace parley
