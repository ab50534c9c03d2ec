// The node's bound on files under way in either direction, since each holds blocks in memory.
#pragma once

#include <memory>

#include "net/connection_context.hpp"

namespace parley {

/// Given back when it goes.
using transfer_place = std::shared_ptr<gauge>;

/// One of files.transfers; null when all are taken.
inline transfer_place take_transfer_place(net_services& services) {
  auto& count = services.counts.file_transfers;
  count.add(1);
  if (count.value() > static_cast<std::int64_t>(services.settings.files.transfers)) {
    count.add(-1);
    return nullptr;
  }
  return {&count, [](gauge* taken) { taken->add(-1); }};
}

inline error too_many_transfers() { return busy("file: too many files at once; try again", 1'000); }

}  // namespace parley
