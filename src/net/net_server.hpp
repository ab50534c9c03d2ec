// The whole of src/net as the composition root sees it: listens, serves, drains, stops.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "parley/client_ports.hpp"
#include "parley/codec.hpp"
#include "parley/config.hpp"
#include "parley/delivery.hpp"
#include "parley/delivery_lease.hpp"
#include "parley/metrics.hpp"

namespace parley {

/// All members may be called from any one thread that is not an I/O thread.
///
/// Order: construct; bind(); give deliveries() to the actors; start(); on the first signal set_unready(), then
/// begin_drain(), then stop() once it is done or at a second signal. The actors behind `broker` must live until stop()
/// has returned, and must be gone before this object is: they call deliveries(), and their late answers find their way
/// through it.
class net_server {
 public:
  /// All four must outlive this object. While the lease does not hold, nothing that the actors deliver leaves but
  /// answers and ends.
  net_server(const config& settings, const frame_encoder& encoder, metrics& counts, const delivery_lease& lease);
  ~net_server();
  net_server(const net_server&) = delete;
  net_server& operator=(const net_server&) = delete;

  [[nodiscard]] delivery& deliveries();

  /// Binds net.listen; who connects before start() is refused. Error: the address is in use or not ours, a TLS file or
  /// an origin cannot be used.
  result<void> bind();
  /// After bind(): the operator's own way in, a file (see listener::open_admin_socket). Who connects before start()
  /// waits. Empty: there is none.
  result<void> open_admin_socket(const std::string& path);
  /// Starts the I/O threads, after bind() if that was not called.
  /// `store_is_ready` is asked by /readyz on I/O threads and must not block; empty counts as ready.
  result<void> start(broker& actors, std::function<bool()> store_is_ready);
  /// Where it listens; useful when the configuration says port 0.
  [[nodiscard]] std::uint16_t port() const;

  /// Reads the TLS files anew; connections from now on use them. On error the old ones stay. Nothing to do without TLS.
  result<void> reload_certificates();

  /// /readyz says no; all else goes on.
  void set_unready();
  /// No more upgrades. WebSockets are told (`drain`), then each in its turn over the duration is no longer read, gets
  /// what it is owed, and is closed with 1012. HTTP goes on, one response a connection, so that /healthz and
  /// /metrics answer to the end. `when_done` is called once, on an I/O thread, when no WebSocket and no REST call is
  /// left. It waits at most 5 s after the last turn for answers that are owed, then for peers to take their last bytes
  /// as long as the duration (at least 250 ms, at most 5 s). A second call gives all that are left their turn at once.
  void begin_drain(std::chrono::milliseconds duration, std::function<void()> when_done);
  /// Closes the listener and every connection, ends the I/O threads. A second call does nothing.
  void stop();

 private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

/// Whether the TLS files and net.allowed_origins can work; opens no socket. A node looks before it touches its store.
result<void> check_net(const config& settings);

}  // namespace parley
