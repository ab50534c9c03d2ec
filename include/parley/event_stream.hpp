// The bus's port: where a node mirrors its rooms' events for other nodes. In-process, nobody listens but the node
// itself.
#pragma once

#include <span>

#include "parley/error.hpp"
#include "parley/events.hpp"

namespace parley {

/// The store is the truth; a stream only makes it quick to reach other nodes. Blocks; belongs to one stream actor.
class event_stream {
 public:
  virtual ~event_stream() = default;
  virtual result<void> publish(std::span<const durable_event> events) = 0;
};

}  // namespace parley
