// Starting and stopping a node within the process.
#include "fault/in_process_node.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "parley/credentials.hpp"
#include "parley/log.hpp"
#include "support/temporary_folder.hpp"

namespace parley::support {
namespace {

/// The status line's number; 0 when there is none.
int status_of(const target& server, const std::string& path) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(server.port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string said;
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
    const auto request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    (void)::send(socket, request.data(), request.size(), MSG_NOSIGNAL);
    char part[1'024];
    for (ssize_t count = 0; (count = ::recv(socket, part, sizeof part, 0)) > 0;) {
      said.append(part, static_cast<std::size_t>(count));
    }
  }
  ::close(socket);
  return said.size() > 12 ? std::atoi(said.substr(9, 3).c_str()) : 0;
}

}  // namespace

in_process_node::in_process_node(fault_points faults, const std::string& store_options)
    : folder_(new_temporary_folder("fault")), faults_(std::move(faults)), log_(log_in_sqlite(folder_ + "/parley.db")) {
  settings_.store.url = "sqlite:" + folder_ + "/parley.db" + store_options;
  set_up();
  start();
}

in_process_node::in_process_node(const std::string& postgres_url, const std::function<void(config&)>& change)
    : folder_(new_temporary_folder("fault")), log_(log_in_postgres(postgres_url)) {
  settings_.store.url = postgres_url;
  settings_.store.workers = 2;  // so that transactions of one node cross on any machine
  set_up();
  if (change) change(settings_);
  start();
}

void in_process_node::set_up() {
  settings_.dev = true;
  settings_.net.listen = "127.0.0.1:0";
  settings_.net.threads = 2;
  settings_.limits.send_rate_per_second = 0;
  settings_.limits.frames_per_second = 0;
  settings_.drain.seconds = 0;
  settings_.log.level = "error";
  static const bool once = [this] {
    log::initialise(settings_.log, "test");
    return initialise_crypto().has_value();
  }();
  if (!once) throw std::runtime_error("no crypto");
}

in_process_node::~in_process_node() {
  stop(true);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void in_process_node::start() {
  auto started = node::start(settings_, faults_);
  if (!started) throw std::runtime_error(started.error().message);
  node_ = std::move(*started);
  port_ = node_->port();
  settings_.net.listen = "127.0.0.1:" + std::to_string(port_);
}

void in_process_node::stop(bool quick) {
  if (node_) node_->stop(quick);
  node_.reset();
}

int in_process_node::readiness() const { return status_of(address(), "/readyz"); }

}  // namespace parley::support
