// Binding with clear errors, accepting within net.max_connections.
#include "net/listener.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
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

/// Whatever the file's mode says: this user, or root.
bool may_administer(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

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

/// Unix domain. Its connections go the way of all others: Asio's sockets are typed by their protocol, but what is done
/// with them is the same for every stream.
struct listener::admin_door {
  explicit admin_door(asio::io_context& context) : acceptor(context), pause(context) {}
  asio::basic_socket_acceptor<asio::local::stream_protocol, asio::io_context::executor_type> acceptor;
  asio::steady_timer pause;
  std::string path;
};

listener::listener(shard_pool& shards, const config& settings, metrics& counts, accepted on_accepted)
    : shards_(shards), settings_(settings), counts_(counts), on_accepted_(std::move(on_accepted)) {}

listener::~listener() = default;

namespace {

/// All addresses that it stands for.
result<tcp::resolver::results_type> resolve(asio::io_context& context, const std::string& address) {
  const auto parts = parse_listen_address(address);
  if (parts.has_error()) return parts.error();
  system_error ec;
  auto found = tcp::resolver(context).resolve(parts->host == "*" ? "0.0.0.0" : parts->host, std::to_string(parts->port),
                                              tcp::resolver::passive, ec);
  if (ec) return bad_request("net.listen: " + address + ": " + ec.message());
  return found;
}

}  // namespace

result<void> check_listen_address(const std::string& address) {
  asio::io_context context;
  const auto found = resolve(context, address);
  return found.has_error() ? result<void>(found.error()) : result<void>();
}

result<void> listener::open(const std::string& address) {
  const auto found = resolve(shards_.shard(0).context(), address);
  if (found.has_error()) return found.error();
  result<void> last = bad_request("net.listen: " + address + " names no address.");
  for (const auto& entry : *found) {
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

result<void> listener::open_admin_socket(const std::string& path) {
  const auto fails = [&](const std::string& why) {
    return unavailable("admin.socket: cannot listen on " + path + ": " + why + ".");
  };
  if (path.size() > longest_admin_socket_path) {
    return fails("the path has more than " + std::to_string(longest_admin_socket_path) + " bytes");
  }
  auto made = std::make_unique<admin_door>(shards_.shard(0).context());
  const asio::local::stream_protocol::endpoint where(path);
  system_error ec;
  asio::local::stream_protocol::socket probe(shards_.shard(0).context());
  if (probe.connect(where, ec); !ec) return fails("another process listens there");
  struct stat found {};
  if (::lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode)) return fails("there is a file that is no socket");
    ::unlink(path.c_str());
  }
  made->acceptor.open(where.protocol(), ec);
  if (!ec) made->acceptor.bind(where, ec);
  if (!ec && ::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0) ec.assign(errno, boost::system::system_category());
  if (!ec) made->acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return fails(ec.message());
  made->path = path;
  admin_door_ = std::move(made);
  return {};
}

void listener::start() {
  for (const auto& at : doors_) accept(*at);
  if (admin_door_) accept_operator();
}

void listener::accept_operator() {
  auto& at = *admin_door_;
  at.acceptor.async_accept([this, &at](system_error ec, asio::local::stream_protocol::socket fresh) {
    if (closed_ || ec == asio::error::operation_aborted) return;
    if (ec) {
      log::warn("net", "accept_failed", "admin socket: {}", ec.message());
      at.pause.expires_after(retry_after);
      at.pause.async_wait([this](system_error) {
        if (!closed_) accept_operator();
      });
      return;
    }
    try {
      hand_on_operator(fresh);
    } catch (const std::exception& e) {
      log::warn("net", "accept_failed", "admin socket: {}", e.what());
    }
    accept_operator();
  });
}

/// Not held back by net.max_connections: on a full node an operator is needed most.
void listener::hand_on_operator(asio::local::stream_protocol::socket& fresh) {
  if (!may_administer(fresh.native_handle())) return;
  system_error ec;
  outbound_layer::tcp_socket socket(shards_.shard(0).context());
  socket.assign(tcp::v4(), fresh.release(ec), ec);
  if (ec) return;
  on_accepted_(std::move(socket), shards_.shard(0), connection_place(counts_.connections), peer_kind::machine_operator);
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
               on_accepted_(std::move(accepted), to, std::move(place), peer_kind::client);
             });
}

void listener::close() {
  closed_ = true;
  system_error ignored;
  for (const auto& at : doors_) {
    at->acceptor.close(ignored);
    at->pause.cancel();
  }
  if (admin_door_) {
    admin_door_->acceptor.close(ignored);
    admin_door_->pause.cancel();
    ::unlink(admin_door_->path.c_str());
  }
}

}  // namespace parley
