// Why somebody counts as online: what the store says, and the devices that the nodes named.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "actors/actor_services.hpp"
#include "parley/client_ports.hpp"
#include "parley/signal_bus.hpp"

namespace parley {

/// What the nodes said of one user's sockets.
struct told_sockets {
  struct place {
    std::string node;  ///< Its name.
    std::vector<open_sockets> log_ins;
  };
  std::vector<place> nodes;
  std::vector<std::string> silent;  ///< The names of those that said nothing.
  /// Nobody but this one was asked, which is none where there is one node, or parleyctl looks into the store by itself.
  std::optional<uuid> only_of{};
};

/// Any thread; answers from a reading thread.
void explain(const actor_services& services, told_sockets told, const call<explain_presence>& ask);

}  // namespace parley
