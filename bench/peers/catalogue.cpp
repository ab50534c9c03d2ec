// All peers, in a report's order.
#include "peers/catalogue.hpp"

namespace parley::bench {

std::vector<peer> all_peers(const peer_programs& programs) {
  return {floor_peer(programs),
          floor_peer(programs, "uring"),
          floor_peer(programs, "uring-defer"),
          floor_peer(programs, "uring-files"),
          floor_peer(programs, "uring-sqpoll"),
          nats_peer(),
          jetstream_peer(),
          mosquitto_peer(),
          socketio_peer(),
          ejabberd_peer(),
          ejabberd_archive_peer(),
          parley_peer(programs),
          parley_plain_peer(programs),
          parley_postgres_peer(programs)};
}

}  // namespace parley::bench
