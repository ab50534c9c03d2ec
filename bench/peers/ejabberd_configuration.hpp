// ejabberd.yml for rooms over WebSocket without any brake.
#pragma once

#include <cstdint>
#include <string>

namespace parley::bench {

/// `archive_url` is the database that gets all messages of the rooms, as postgresql://USER@HOST:PORT/NAME; empty: none.
std::string ejabberd_configuration(std::uint16_t port, const std::string& archive_url);

}  // namespace parley::bench
