// From bus.url to the event streams, and to the signals beside them.
#pragma once

#include <memory>
#include <vector>

#include "parley/config.hpp"
#include "parley/event_stream.hpp"
#include "parley/ids.hpp"
#include "parley/room_roster.hpp"
#include "parley/session_cache.hpp"
#include "parley/signal_bus.hpp"

namespace parley {

/// What is wrong with the addresses alone; nothing is connected to.
result<void> check_bus_url(const config& settings);

/// One for each address of bus.url, none for an empty one. Partition p of a room (partition_of) is on number
/// p % addresses. Throws what check_bus_url would refuse.
std::vector<std::unique_ptr<event_stream>> open_event_streams(const config& settings, id_source& ids);
/// As many, in the same order; a subject's partition is that of a room with its id.
std::vector<std::unique_ptr<signal_bus>> open_signal_buses(const config& settings, id_source& ids);
/// On the first address of bus.url; null for an empty one.
std::unique_ptr<room_roster> open_room_roster(const config& settings);
/// As many, in the same order; none when bus.session_seconds is 0.
std::vector<std::unique_ptr<session_cache>> open_session_caches(const config& settings);

}  // namespace parley
