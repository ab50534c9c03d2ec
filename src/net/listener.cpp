// Binding with clear errors, accepting within net.max_connections.
#include "net/listener.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <exception>

#include "parley/log.hpp"

namespace parley {

namespace asio = boost::asio;
using system_error = boost::system::error_code;
using asio::ip::tcp;

namespace {

/// How open_one says that this machine lacks the address: another that the name stands for may do.
constexpr auto address_missing = parley::error_code::not_found;
constexpr auto retry_after = std::chrono::milliseconds(100);  // out of file descriptors, mostly

error cannot_listen(const tcp::endpoint& where, const system_error& why) {
  return unavailable("Cannot listen on " + where.address().to_string() + " port " + std::to_string(where.port()) +
                     ": " + why.message() + ".");
}

}  // namespace

struct listener::door {
  explicit door(asio::io_context& context) : acceptor(context), pause(context) {}
  asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> acceptor;
  asio::steady_timer pause;
};

listener::listener(shard_pool& shards, const config& settings, metrics& counts, accepted on_accepted)
    : shards_(shards), settings_(settings), counts_(counts), on_accepted_(std::move(on_accepted)) {}

listener::~listener() = default;

result<void> listener::open(const std::string& address) {
  const auto parts = parse_listen_address(address);
  if (parts.has_error()) return parts.error();
  system_error ec;
  tcp::resolver resolver(shards_.shard(0).context());
  const auto found = resolver.resolve(parts->host == "*" ? "0.0.0.0" : parts->host, std::to_string(parts->port),
                                      tcp::resolver::passive, ec);
  if (ec) return bad_request("net.listen: " + address + ": " + ec.message());
  result<void> last = bad_request("net.listen: " + address + " names no address.");
  for (const auto& entry : found) {
    tcp::endpoint where = entry.endpoint();
    if (where.port() == 0) where.port(port_);  // the same for "localhost" in both families
    last = open_one(where);
    // Of "localhost" one family may be missing; a port in use is an error even if the other family's is free.
    if (last.has_error() && last.error().code == address_missing) continue;
    if (last.has_error()) return last;
  }
  return doors_.empty() ? last : result<void>();
}

result<void> listener::open_one(tcp::endpoint where) {
  auto made = std::make_unique<door>(shards_.shard(0).context());
  system_error ec;
  made->acceptor.open(where.protocol(), ec);
  if (!ec) made->acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  // "[::]" takes IPv4 too. Any other address is one of several that a name may stand for, each with a door of its own.
  const bool both_families = where.address().is_unspecified();
  if (!ec && where.address().is_v6()) made->acceptor.set_option(asio::ip::v6_only(!both_families), ec);
  if (!ec) made->acceptor.bind(where, ec);
  if (ec) {
    auto fault = cannot_listen(where, ec);
    const bool missing =
        ec == asio::error::address_family_not_supported || ec == boost::system::errc::address_not_available;
    if (missing) fault.code = address_missing;
    return fault;
  }
  if (port_ == 0) port_ = made->acceptor.local_endpoint(ec).port();
  doors_.push_back(std::move(made));
  return {};
}

result<void> listener::listen() {
  for (const auto& at : doors_) {
    system_error ec;
    at->acceptor.listen(asio::socket_base::max_listen_connections, ec);
    system_error ignored;
    if (ec) return cannot_listen(at->acceptor.local_endpoint(ignored), ec);
  }
  return {};
}

void listener::start() {
  for (const auto& at : doors_) accept(*at);
}

void listener::accept(door& at) {
  delivery_shard& to = shards_.shard(next_shard_);
  next_shard_ = (next_shard_ + 1) % shards_.shard_count();
  at.acceptor.async_accept(to.context(), [this, &at, &to](system_error ec, outbound_layer::tcp_socket socket) {
    if (closed_ || ec == asio::error::operation_aborted) return;
    if (ec) {
      log::warn("net", "accept_failed", "{}", ec.message());
      at.pause.expires_after(retry_after);
      at.pause.async_wait([this, &at](system_error) {
        if (!closed_) accept(at);
      });
      return;
    }
    try {
      hand_on(std::move(socket), to);
    } catch (const std::exception& e) {
      log::warn("net", "accept_failed", "{}", e.what());  // this connection's end, not the door's
    }
    accept(at);
  });
}

void listener::hand_on(outbound_layer::tcp_socket socket, delivery_shard& to) {
  if (counts_.connections.value() >= static_cast<std::int64_t>(settings_.net.max_connections)) {
    counts_.connections_refused_total.add();
    return;  // closes it
  }
  // Counted here, by the one thread that compares: the shard may begin with the connection much later.
  asio::post(to.context(),
             [this, &to, accepted = std::move(socket), place = connection_place(counts_.connections)]() mutable {
               on_accepted_(std::move(accepted), to, std::move(place));
             });
}

void listener::close() {
  closed_ = true;
  system_error ignored;
  for (const auto& at : doors_) {
    at->acceptor.close(ignored);
    at->pause.cancel();
  }
}

}  // namespace parley
