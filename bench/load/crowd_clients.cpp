// See crowd_clients.hpp.
#include "load/crowd_clients.hpp"

#include <algorithm>
#include <utility>

#include "across/background.hpp"
#include "across/stamp.hpp"
#include "load/connecting.hpp"

namespace parley::bench {

crowd_clients::crowd_clients(support::target node, const crowd& people, std::size_t clients, frame_handler on_frame)
    : node_(std::move(node)),
      people_(people),
      on_frame_(std::move(on_frame)),
      loop_(
          clients,
          [this](std::size_t client, std::string_view frame) {
            if (!is_of_type(frame, "ready")) return on_frame_(client, frame);
            ++ready_;
            if (on_ready) on_ready(client);
          },
          [this](std::size_t, const std::string& how) { broken_ = how.empty() ? "without a word" : how; }) {}

void crowd_clients::connect(std::size_t first, std::size_t count, std::size_t at_once) {
  const auto before = ready_;
  connect_all(loop_, {.clients = count,
                      .at_once = at_once,
                      .begin =
                          [&](std::size_t number) {
                            const auto client = first + number;
                            if (on_connect) on_connect(client);
                            loop_.connect(client, node_, "/ws?replay=none",
                                          people_.tokens[client % people_.tokens.size()]);
                          },
                      .done = [&] { return ready_ - before; },
                      .broken = [this]() -> const std::string& { return broken_; },
                      .on_step = on_step});
}

void crowd_clients::cut(std::size_t first, std::size_t count) {
  for (std::size_t client = first; client < first + count; ++client) loop_.cut(client);
}

void crowd_clients::run_for(double seconds) {
  const auto until = steady_ns() + static_cast<std::int64_t>(seconds * 1e9);
  for (auto now = steady_ns(); now < until; now = steady_ns())
    loop_.step(std::chrono::nanoseconds(std::min<std::int64_t>(until - now, 50'000'000)));
}

}  // namespace parley::bench
