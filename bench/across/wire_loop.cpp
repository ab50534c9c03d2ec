// The loop. It waits in nanoseconds, since schedules have more than one message in a millisecond.
#include "across/wire_loop.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace parley::bench {

wire_loop::wire_loop(std::size_t clients, frame_handler on_frame, end_handler on_end)
    : on_frame_(std::move(on_frame)),
      on_end_(std::move(on_end)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      places_(clients) {}

wire_loop::~wire_loop() { ::close(epoll_); }

void wire_loop::connect(std::size_t client, const support::target& server, const std::string& path,
                        const std::string& token) {
  places_[client] = {std::make_unique<wire>(server, path, token)};
  watch(client);
}

void wire_loop::cut(std::size_t client) {
  if (places_[client].connection) places_[client].connection->reset_when_destroyed();
  places_[client] = {};
}

void wire_loop::send_text(std::size_t client, std::string_view payload) {
  if (!places_[client].connection) return;  // its end was told
  places_[client].connection->send_text(payload);
  watch(client);
}

void wire_loop::watch(std::size_t client) {
  auto& at = places_[client];
  const bool wants_write = at.connection->wants_write();
  if (at.is_watched && at.waits_to_write == wants_write) return;
  epoll_event event{};
  event.events = EPOLLIN | (wants_write ? EPOLLOUT : 0U);
  event.data.u64 = client;
  ::epoll_ctl(epoll_, at.is_watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, at.connection->descriptor(), &event);
  at.is_watched = true;
  at.waits_to_write = wants_write;
}

void wire_loop::advance(std::size_t client) {
  auto* connection = places_[client].connection.get();
  if (connection == nullptr) return;
  if (connection->advance([&](std::string_view frame) { on_frame_(client, frame); })) return watch(client);
  const auto how = connection->end();
  places_[client] = {};
  on_end_(client, how);
}

void wire_loop::step(std::chrono::nanoseconds at_most) {
  const auto wait = std::max<std::int64_t>(at_most.count(), 0);
  const timespec patience{wait / 1'000'000'000, wait % 1'000'000'000};
  std::array<epoll_event, 256> events;
  const int ready = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &patience, nullptr);
  for (int i = 0; i < ready; ++i) advance(events[static_cast<std::size_t>(i)].data.u64);
}

}  // namespace parley::bench
