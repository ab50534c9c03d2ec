// From bus.url to the event streams.
#pragma once

#include <memory>
#include <vector>

#include "parley/config.hpp"
#include "parley/event_stream.hpp"
#include "parley/ids.hpp"

namespace parley {

/// What is wrong with the addresses alone; nothing is connected to.
result<void> check_bus_url(const config& settings);

/// One for each address of bus.url, none for an empty one. Partition p of a room (partition_of) is on number
/// p % addresses. Throws what check_bus_url would refuse.
std::vector<std::unique_ptr<event_stream>> open_event_streams(const config& settings, id_source& ids);

}  // namespace parley
