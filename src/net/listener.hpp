// The listening sockets: accepts on one thread and hands connections to the shards in turn.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/connection_context.hpp"
#include "net/shard_pool.hpp"

namespace parley {

/// Whether "host:port" names an address; may ask a name server. Error: names the address and the reason.
result<void> check_listen_address(const std::string& address);

/// Lives on the first shard's thread once opened. One acceptor hands on in turn, rather than SO_REUSEPORT for each
/// shard: the load is even, and a second parleyd on the same port is told so.
class listener {
 public:
  /// Called on the connection's own shard, with a fresh socket and its place in net.max_connections.
  using accepted = std::function<void(outbound_layer::tcp_socket, delivery_shard&, connection_place, peer_kind)>;

  listener(shard_pool& shards, const config& settings, metrics& counts, accepted on_accepted);
  ~listener();

  /// Binds every address that "host:port" names; before the threads start. Error: names the address and the reason.
  result<void> open(const std::string& address);
  /// The admin socket: a file that only this user and root may connect to. What an earlier process left is replaced;
  /// the error says that another one listens there. Then as after start().
  result<void> open_admin_socket(const std::string& path);
  /// Takes connections from now on. Error: somebody else on the same address was first.
  result<void> listen();
  /// Of the first address; differs from the configured one only if that is 0.
  [[nodiscard]] std::uint16_t port() const { return port_; }
  void start();
  /// On the first shard's thread.
  void close();

 private:
  struct door;
  struct admin_door;

  result<void> open_one(boost::asio::ip::tcp::endpoint where);
  void accept(door& at);
  void accept_operator();
  void hand_on_operator(boost::asio::local::stream_protocol::socket& fresh);
  void hand_on(outbound_layer::tcp_socket socket, delivery_shard& to);

  shard_pool& shards_;
  const config& settings_;
  metrics& counts_;
  accepted on_accepted_;
  std::vector<std::unique_ptr<door>> doors_;
  std::unique_ptr<admin_door> admin_door_;
  std::size_t next_shard_ = 0;
  std::uint16_t port_ = 0;
  bool closed_ = false;
};

}  // namespace parley
