// HTTP over the admin socket; or a broker of one's own over the store, without any connection.
#include "node_operator.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "actors/broker_runtime.hpp"
#include "net/json_encoder.hpp"
#include "net/operator_calls.hpp"
#include "node_settings.hpp"
#include "parley/metrics.hpp"
#include "store/open_database.hpp"

namespace parley {
namespace {

namespace http = boost::beast::http;
using local_stream = boost::asio::local::stream_protocol;

constexpr const char* first_migration = "0001_initial.sql";
/// A node that is stopped still accepts connections for its admin socket; nobody may wait for it for ever.
constexpr unsigned patience_seconds = 30;

/// Ends the program when a node does not answer.
class deadline {
 public:
  deadline() {
    std::signal(SIGALRM, [](int) {
      static constexpr char text[] = "The node does not answer at its admin socket.\n";
      (void)!::write(STDERR_FILENO, text, sizeof text - 1);
      ::_exit(EXIT_FAILURE);
    });
    ::alarm(patience_seconds);
  }
  ~deadline() { ::alarm(0); }
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;
};

/// Whoever may write to the folder of the socket could stand there in the node's place, and would hear passwords: so in
/// a folder for everybody the node's user must be one's own, or root.
bool is_trusted_node(int socket, const std::string& path) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  if (peer.uid == ::geteuid() || peer.uid == 0) return true;
  struct stat folder {};
  const auto parent = std::filesystem::absolute(path).parent_path();
  return ::stat(parent.c_str(), &folder) == 0 && (folder.st_mode & (S_IWOTH | S_IWGRP)) == 0 &&
         (folder.st_uid == peer.uid || folder.st_uid == 0);
}

http_request make_request(std::string_view method, const std::string& target, const std::string& body) {
  http_request request(http::string_to_verb({method.data(), method.size()}), target, 11);
  request.set(http::field::host, "localhost");
  request.set(http::field::content_type, "application/json");
  request.set(http::field::connection, "close");
  request.body() = body;
  request.prepare_payload();
  return request;
}

class socket_client final : public operator_client {
 public:
  explicit socket_client(std::string path) : path_(std::move(path)) {}

  boost::system::error_code try_connect() {
    boost::system::error_code ec;
    local_stream::socket socket(context_);
    socket.connect(local_stream::endpoint(path_), ec);
    return ec;
  }

  result<operator_reply> request(std::string_view method, const std::string& target, const std::string& body) override {
    const deadline no_longer;
    boost::system::error_code ec;
    local_stream::socket socket(context_);
    socket.connect(local_stream::endpoint(path_), ec);
    if (!ec && !is_trusted_node(socket.native_handle(), path_)) {
      return forbidden(path_ + ": somebody else listens there, in a folder that others may write to.");
    }
    const auto asked = make_request(method, target, body);
    if (!ec) http::write(socket, asked, ec);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> answered;
    if (!ec) http::read(socket, buffer, answered, ec);
    if (ec) return unavailable(path_ + ": " + ec.message() + ".");
    return operator_reply{answered.result_int(), std::move(answered.body())};
  }

 private:
  std::string path_;
  boost::asio::io_context context_;
};

/// Nobody is connected to a tool.
class no_delivery final : public delivery {
 public:
  [[nodiscard]] std::uint32_t shard_count() const override { return 1; }
  void deliver(std::uint32_t, room_delivery) override {}
  void broadcast(std::uint32_t, room_broadcast) override {}
  void attach(connection_ref, attachment) override {}
  void detach(connection_ref, room_id) override {}
  void send(connection_ref, outgoing, std::function<void()> when_drained) override {
    if (when_drained) when_drained();
  }
  void close(connection_ref, close_code) override {}
  void revoke(const revocation&, std::shared_ptr<void>) override {}
  void fail_room(room_id) override {}
};

class store_client final : public operator_client {
 public:
  explicit store_client(const config& settings) : settings_(settings) {
    settings_.store.workers = 1;
    settings_.store.readers = 1;
  }

  result<void> open() {
    auto opened = open_database(settings_, counts_, &identity_);
    if (!opened) return opened.error();
    store_ = std::move(*opened);
    // An empty store becomes one; an older one may still serve nodes that would not know it any more.
    const auto pending = store_->pending_migrations();
    if (!pending) return pending.error();
    if (!pending->empty() && pending->front() != first_migration) {
      return make_error(error_code::conflict, "The store's schema is older than this build: parleyd --migrate-only.");
    }
    if (auto migrated = store_->migrate(); !migrated) return migrated;
    auto made = create_broker({settings_,
                               *store_,
                               nobody_,
                               json_encoder(),
                               counts_,
                               system_clock(),
                               system_ids(),
                               /*files=*/nullptr,
                               {},
                               /*is_node=*/false});
    if (!made) return made.error();
    actors_ = std::move(*made);
    // NOLINTNEXTLINE(modernize-make-unique): an aggregate
    services_.reset(new net_services{settings_, actors_->client_port(), json_encoder(), counts_, {}, {}});
    return {};
  }

  result<operator_reply> request(std::string_view method, const std::string& target, const std::string& body) override {
    auto answered = answer_operator(*services_, make_request(method, target, body));
    return operator_reply{answered.status, std::move(answered.body)};
  }

 private:
  config settings_;
  metrics counts_;
  no_delivery nobody_;
  node_identity identity_{system_ids().next()};
  std::unique_ptr<database> store_;
  std::unique_ptr<broker_runtime> actors_;
  std::unique_ptr<net_services> services_;
};

}  // namespace

result<std::unique_ptr<operator_client>> connect_operator(const config& settings, bool needs_node) {
  const auto path = admin_socket_path(settings);
  if (!path.empty()) {
    auto node = std::make_unique<socket_client>(path);
    const auto ec = node->try_connect();
    if (!ec) return std::unique_ptr<operator_client>(std::move(node));
    if (needs_node) return unavailable("No node answers at its admin socket " + path + ": " + ec.message() + ".");
  } else if (needs_node) {
    return unavailable("This needs a node's admin socket; admin.socket names none.");
  }
  auto store = std::make_unique<store_client>(settings);
  if (auto opened = store->open(); !opened) return opened.error();
  return std::unique_ptr<operator_client>(std::move(store));
}

}  // namespace parley
