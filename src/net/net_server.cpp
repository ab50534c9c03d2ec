// Puts listener, shards and sessions together.
#include "net/net_server.hpp"

#include <boost/asio/post.hpp>
#include <optional>

#include "net/connection_context.hpp"
#include "net/listener.hpp"
#include "net/origin_policy.hpp"
#include "net/shard_pool.hpp"
#include "net/trusted_proxies.hpp"
#include "parley/log.hpp"

namespace parley {
namespace {

result<void> check_lists(const config& settings) {
  if (auto sound = check_allowed_origins(settings); sound.has_error()) return sound;
  const auto proxies = trusted_proxies::parse(settings.net.trusted_proxies);
  return proxies.has_error() ? result<void>(proxies.error()) : result<void>();
}

}  // namespace

class net_server::implementation {
 public:
  implementation(const config& settings, const frame_encoder& encoder, metrics& counts, const delivery_lease& lease)
      : settings_(settings),
        encoder_(encoder),
        counts_(counts),
        way_(choose_send_way(settings.net.send)),
        shards_(settings, counts, lease, way_.has_error() ? send_way::plain : *way_) {}

  ~implementation() { stop(); }

  delivery& deliveries() { return shards_; }

  result<void> bind() {
    if (way_.has_error()) return way_.error();
    if (auto sound = check_lists(settings_); sound.has_error()) return sound;
    if (auto loaded = reload_certificates(); loaded.has_error()) return loaded;
    listener_.emplace(shards_, settings_, counts_,
                      [this](auto socket, delivery_shard& shard, connection_place place, peer_kind peer) {
                        begin_connection(std::move(socket), shard, std::move(place), peer);
                      });
    return listener_->open(settings_.net.listen);
  }

  result<void> open_admin_socket(const std::string& path) {
    return path.empty() ? result<void>() : listener_->open_admin_socket(path);
  }

  result<void> start(broker& actors, std::function<bool()> store_is_ready) {
    if (!listener_) {
      if (auto bound = bind(); bound.has_error()) return bound;
    }
    auto proxies = trusted_proxies::parse(settings_.net.trusted_proxies);
    if (proxies.has_error()) return proxies.error();
    // NOLINTNEXTLINE(modernize-make-unique): an aggregate
    services_.reset(
        new net_services{settings_, actors, encoder_, counts_, *std::move(proxies), std::move(store_is_ready)});
    if (auto listening = listener_->listen(); listening.has_error()) return listening;
    boost::asio::post(shards_.shard(0).context(), [this] { listener_->start(); });
    shards_.start();
    log::info("net", "listening", "{} with {} I/O threads{}", settings_.net.listen, shards_.shard_count(),
              has_tls() ? ", TLS" : "");
    return {};
  }

  [[nodiscard]] std::uint16_t port() const { return listener_ ? listener_->port() : 0; }

  result<void> reload_certificates() {
    if (!has_tls()) return {};
    auto context = load_tls_context(settings_.net.tls_certificate, settings_.net.tls_key);
    if (context.has_error()) return context.error();
    shards_.on_each([fresh = *context](delivery_shard& shard) { shard.set_tls_context(fresh); });
    log::info("net", "tls_loaded", "new connections get the certificate in {}", settings_.net.tls_certificate);
    return {};
  }

  void set_unready() {
    if (services_) services_->unready = true;
  }

  void begin_drain(std::chrono::milliseconds duration, std::function<void()> when_done) {
    if (services_) {
      services_->unready = true;
      services_->draining = true;
    }
    shards_.begin_drain(duration, std::move(when_done));
  }

  void stop() {
    if (listener_) boost::asio::post(shards_.shard(0).context(), [this] { listener_->close(); });
    shards_.stop();
  }

 private:
  [[nodiscard]] bool has_tls() const { return !settings_.net.tls_certificate.empty(); }

  void begin_connection(outbound_layer::tcp_socket socket, delivery_shard& shard, connection_place place,
                        peer_kind peer) {
    if (shard.is_closed()) return;
    std::unique_ptr<tls_engine> tls;
    if (has_tls() && peer == peer_kind::client) tls = std::make_unique<tls_engine>(shard.tls_context());
    transport_stream stream(
        std::make_shared<outbound_layer>(std::move(socket), shard, std::move(tls), std::move(place)));
    start_http_session(std::move(stream), shard, *services_, peer);
  }

  const config& settings_;
  const frame_encoder& encoder_;
  metrics& counts_;
  std::unique_ptr<net_services> services_;
  const result<send_way> way_;
  shard_pool shards_;
  std::optional<listener> listener_;  // after the shards: its sockets are of their contexts
};

net_server::net_server(const config& settings, const frame_encoder& encoder, metrics& counts,
                       const delivery_lease& lease)
    : implementation_(std::make_unique<implementation>(settings, encoder, counts, lease)) {}
net_server::~net_server() = default;

delivery& net_server::deliveries() { return implementation_->deliveries(); }
result<void> net_server::bind() { return implementation_->bind(); }
result<void> net_server::open_admin_socket(const std::string& path) { return implementation_->open_admin_socket(path); }
result<void> net_server::start(broker& actors, std::function<bool()> store_is_ready) {
  return implementation_->start(actors, std::move(store_is_ready));
}
std::uint16_t net_server::port() const { return implementation_->port(); }
result<void> net_server::reload_certificates() { return implementation_->reload_certificates(); }
void net_server::set_unready() { implementation_->set_unready(); }
void net_server::begin_drain(std::chrono::milliseconds duration, std::function<void()> when_done) {
  implementation_->begin_drain(duration, std::move(when_done));
}
void net_server::stop() { implementation_->stop(); }

result<void> check_net(const config& settings) {
  if (auto sound = check_lists(settings); sound.has_error()) return sound;
  if (auto sound = check_listen_address(settings.net.listen); sound.has_error()) return sound;
  if (settings.net.tls_certificate.empty()) return {};
  const auto context = load_tls_context(settings.net.tls_certificate, settings.net.tls_key);
  return context.has_error() ? result<void>(context.error()) : result<void>();
}

}  // namespace parley
