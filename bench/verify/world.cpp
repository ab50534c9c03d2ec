// Starting servers and nodes in their order.
#include "verify/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "support/temporary_folder.hpp"

namespace parley::bench {
namespace {

/// The port of a URL whose host is this machine; 0 for another one, to which no proxy leads.
std::uint16_t local_port(const std::string& url) {
  for (const std::string_view host : {"127.0.0.1:", "localhost:"}) {
    const auto at = url.find(host);
    if (at == std::string::npos) continue;
    std::uint16_t port = 0;
    std::from_chars(url.data() + at + host.size(), url.data() + url.size(), port);
    return port;
  }
  return 0;
}

/// Such a setting is for all nodes, so that nobody knows which of them has the socket, if any.
bool sets_admin_socket(const verify_options& options) {
  return std::any_of(options.settings.begin(), options.settings.end(),
                     [](const auto& setting) { return setting.starts_with("admin.socket="); });
}

}  // namespace

world::world(const verify_options& options) {
  folder_ = support::new_temporary_folder("verify");
  logs_ = options.logs.empty() ? folder_ : options.logs;
  std::filesystem::create_directories(logs_);
  if (options.guests > 0 && !sets_admin_socket(options)) admin_socket_ = folder_ + "/admin.sock";
  if (!support::redis_server::is_installed())
    throw std::runtime_error("redis-server is not here; install the package redis-server");
  auto store_url = options.postgres_url;
  if (store_url.empty()) {
    postgres_ = std::make_unique<support::postgres_server>();
    store_url = postgres_->new_database();
  }
  for (int server = 0; server < options.redis; ++server) redis_.push_back(std::make_unique<support::redis_server>());
  for (int number = 0; number < options.nodes; ++number) start_node(options, number, store_url, local_port(store_url));
}

world::~world() {
  nodes_.clear();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void world::start_node(const verify_options& options, int number, const std::string& store_url,
                       std::uint16_t store_port) {
  const auto seed = 2 * (options.seed * static_cast<std::uint64_t>(options.nodes) + static_cast<std::uint64_t>(number));
  auto url = store_url;
  if (store_port != 0) {
    postgres_proxies_.push_back(std::make_unique<support::fault_proxy>(store_port, seed));
    url = postgres_proxies_.back()->url_through(store_url, store_port);
  }
  // What slows the tool down and has no part in the promises is off; all else is as it is for everybody.
  std::vector<std::string> settings{
      "store.url=" + url,
      "bus.url=" + bus_url_of_next_node(seed + 1),
      fmt::format("node.name=node{}", number),
      "limits.send_rate_per_second=0",
      "limits.frames_per_second=0",
      "limits.overload_ms=0",
      "limits.changes_per_second=0",
      "auth.password_memory_kib=64",
      "store.workers=2",  // so that a node's transactions cross on any machine
      "drain.seconds=1",
      fmt::format("presence.ttl_seconds={}", presence_ttl_seconds(options)),
  };
  if (number == 0 && !admin_socket_.empty()) settings.push_back("admin.socket=" + admin_socket_);
  settings.insert(settings.end(), options.settings.begin(), options.settings.end());
  nodes_.push_back(std::make_unique<support::server_process>(
      support::server_process::node(options.parleyd, settings, fmt::format("{}/node{}.log", logs_, number))));
}

std::string world::bus_url_of_next_node(std::uint64_t seed) {
  auto& proxies = redis_proxies_.emplace_back();
  std::string urls;
  for (const auto& server : redis_) {
    proxies.push_back(std::make_unique<support::fault_proxy>(server->port(), seed + (proxies.size() << 32U)));
    urls += (urls.empty() ? "" : ",") + proxies.back()->url_through(server->url(), server->port());
  }
  return urls;
}

std::vector<support::target> world::nodes() const {
  std::vector<support::target> out;
  out.reserve(nodes_.size());
  for (const auto& each : nodes_) out.push_back(each->address());
  return out;
}

support::fault_proxy& world::postgres_proxy(std::size_t node) {
  if (postgres_proxies_.empty()) throw std::runtime_error("PostgreSQL is on another machine: no proxy leads to it");
  return *postgres_proxies_[node];
}

}  // namespace parley::bench
