// The one answer to a client's frame, as a small value that any thread may complete.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/actor_services.hpp"

namespace parley {

/// Refers to the node's delivery and encoder, which outlive every actor.
struct frame_reply {
  const actor_services* services = nullptr;
  connection_ref connection;
  std::optional<std::string> frame_id;
  bool wanted = false;  ///< The frame waits for an answer, whose sending gives its credit back.

  void ack(const ack_data& data) const {
    if (!wanted) return;
    std::string bytes;
    services->encoder.append_ack(bytes, frame_id, data);
    send(std::move(bytes));
  }
  /// An error is told even when no answer was asked for; its id is null then.
  void fail(const error& why) const {
    std::string bytes;
    services->encoder.append_error(bytes, frame_id, why);
    send(std::move(bytes));
  }

 private:
  void send(std::string bytes) const {
    services->out.send(connection, {std::make_shared<const std::string>(std::move(bytes)), 1, wanted ? 1U : 0U});
  }
};

}  // namespace parley
