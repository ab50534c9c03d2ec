// See connecting.hpp.
#include "load/connecting.hpp"

#include <chrono>
#include <stdexcept>

#include "across/background.hpp"
#include "report/progress.hpp"

namespace parley::bench {

void connect_all(wire_loop& loop, const connecting& what) {
  constexpr std::int64_t most_ns = 120'000'000'000;
  constexpr std::size_t shown_each = 500;
  const auto until = steady_ns() + most_ns;
  std::size_t begun = 0;
  std::size_t shown = 0;
  for (auto done = what.done(); done < what.clients; done = what.done()) {
    for (; begun < what.clients && begun < done + what.at_once; ++begun) what.begin(begun);
    loop.step(std::chrono::milliseconds(5));
    if (!what.broken().empty()) throw std::runtime_error("a client could not connect: " + what.broken());
    if (steady_ns() > until) throw std::runtime_error("not every client got its ready frame");
    if (what.on_step) {
      what.on_step();
    } else if (done >= shown + shown_each) {
      shown = done;
      show_count("connected", done, what.clients);
    }
  }
  if (!what.on_step) show_count("connected", what.clients, what.clients);
}

void connect_world(wire_loop& loop, const load_world& world, const support::target& node, const std::size_t& ready,
                   const std::string& broken) {
  connect_all(
      loop,
      {.clients = world.clients(),
       .begin = [&](std::size_t client) { loop.connect(client, node, "/ws?replay=none", world.token_of(client)); },
       .done = [&] { return ready; },
       .broken = [&]() -> const std::string& { return broken; }});
}

}  // namespace parley::bench
