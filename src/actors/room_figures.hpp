// What a room shows of itself to whoever counts, without being asked: figures, by which nobody decides anything.
#pragma once

#include <atomic>
#include <cstdint>

#include "parley/ids.hpp"

namespace parley {

/// Written by the room, read by the directory. Relaxed, as metrics: they order nothing.
struct room_figures {
  std::atomic<std::uint32_t> connections{0};  ///< Attached to it on this node.
  std::atomic<sequence> seq{0};               ///< Up to there it has told them.
};

}  // namespace parley
