// All peers, in a report's order.
#include "peers/catalogue.hpp"

namespace parley::bench {

std::vector<peer> all_peers(const peer_programs& programs) {
  return {floor_peer(programs),    nats_peer(),           jetstream_peer(),
          mosquitto_peer(),        socketio_peer(),       ejabberd_peer(),
          ejabberd_archive_peer(), parley_peer(programs), parley_postgres_peer(programs)};
}

}  // namespace parley::bench
