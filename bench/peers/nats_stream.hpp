// Making the stream that keeps what goes to the rooms.
#pragma once

#include "support/client_socket.hpp"

namespace parley::bench {

/// On disk, of all subjects `room.>`. Throws std::runtime_error when the server refuses or does not answer.
void create_nats_stream(const support::target& server);

}  // namespace parley::bench
