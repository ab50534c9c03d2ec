// Each peer's maker.
#pragma once

#include "peers/peer.hpp"

namespace parley::bench {

/// By plain calls, or by the ring of that name, see ring_kind.hpp.
peer floor_peer(const peer_programs& programs, const std::string& ring_name = {});
peer nats_peer();
peer jetstream_peer();
peer mosquitto_peer();
peer socketio_peer();
peer ejabberd_peer();
/// With the archive of its rooms on a PostgreSQL that is started with it.
peer ejabberd_archive_peer();
/// On SQLite, which is part of its process.
peer parley_peer(const peer_programs& programs);
/// The same, with net.send = plain.
peer parley_plain_peer(const peer_programs& programs);
/// On a PostgreSQL that is started with it.
peer parley_postgres_peer(const peer_programs& programs);

}  // namespace parley::bench
