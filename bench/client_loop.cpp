// Connecting, waiting and reading for all clients.
#include "client_loop.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "report/progress.hpp"

namespace parley::bench {
namespace {

using clock = std::chrono::steady_clock;

}  // namespace

std::int64_t now_ns() { return clock::now().time_since_epoch().count(); }

bool is_type(std::string_view payload, std::string_view type) {
  return payload.substr(0, 40).find(type) != std::string_view::npos;
}

double percentile_ms(std::vector<std::int64_t>& values_ns, double share) {
  if (values_ns.empty()) return 0;
  const auto index = static_cast<std::size_t>(share * static_cast<double>(values_ns.size() - 1));
  std::nth_element(values_ns.begin(), values_ns.begin() + static_cast<std::ptrdiff_t>(index), values_ns.end());
  return static_cast<double>(values_ns[index]) / 1e6;
}

client_loop::client_loop(frame_handler on_frame, read_handler on_read)
    : on_frame_(std::move(on_frame)), on_read_(std::move(on_read)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

client_loop::~client_loop() { ::close(epoll_); }

std::size_t client_loop::connect(const support::target& server, const std::string& path, std::size_t total,
                                 const std::string& subprotocol) {
  const auto number = clients_.size();
  clients_.emplace_back(server, path, std::string(), subprotocol);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = number;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_.back().descriptor(), &event);
  if (clients_.size() % 100 == 0) run_for(0.005);
  if (total > 0 && (clients_.size() % 100 == 0 || clients_.size() == total)) {
    show_count("connected", clients_.size(), total);
  }
  return number;
}

void client_loop::read(std::size_t client) {
  const bool open = clients_[client].read_frames([&](std::string_view payload) { on_frame_(client, payload); });
  if (on_read_) on_read_(client);
  if (!open) throw std::runtime_error("the server closed a connection");
}

void client_loop::run_for(double seconds) {
  const auto end = clock::now() + std::chrono::duration<double>(seconds);
  std::array<epoll_event, 512> events;
  while (clock::now() < end) {
    const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 10);
    for (int i = 0; i < ready; ++i) {
      read(static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.u64));
    }
  }
}

}  // namespace parley::bench
